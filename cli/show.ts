import { closest } from 'fastest-levenshtein';
import type { RunDocument, TaskDocument } from '../client/run-document.ts';
import type { SampleDocument, Stet } from '../client/stet.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { CommandContext } from './command-context.ts';
import type { DefineCommand } from './commands.ts';
import { exitCodes } from './exit-codes.ts';
import { renderExamples } from './options/examples.ts';
import { parseCount } from './options/parse-duration.ts';
import { parsePositiveInteger } from './options/parse-positive-integer.ts';
import { addReportOptions, hasReports, type ReportFlags } from './options/report-options.ts';
import { addStoreOptions, type StoreFlags } from './options/store-options.ts';
import { addWhereOption } from './options/where-option.ts';
import { shortenId } from './output/format.ts';
import { writeJson } from './output/json.ts';
import { makeCommandLines } from './output/next-steps.ts';
import { renderNextSteps } from './output/next-steps-of-run.ts';
import { type HumanOutput, makeHumanOutput } from './output/output.ts';
import { renderResultTable } from './output/result-table.ts';
import { renderRunHeading } from './output/run-heading.ts';
import { renderSampleView } from './output/sample-view.ts';
import { hasError, isNotable, renderSampleList, renderTaskView } from './output/task-view.ts';
import { reportOpenRuns } from './report-open-runs.ts';
import { prepareReports } from './reports/prepare-reports.ts';
import { type PageFlags, showSamples } from './show-samples.ts';
import { withStore } from './with-store.ts';

interface ShowFlags extends StoreFlags, PageFlags, ReportFlags {
  readonly samples?: boolean;
}

export const defineShowCommand: DefineCommand = (command, perform) => {
  addReportOptions(addStoreOptions(addWhereOption(command)))
    .argument('<run>', 'id, unique beginning of an id, label, "latest" or "latest~1"')
    .argument('[task]', 'key of a task specification')
    .argument('[sample]', 'id of a sample')
    .option('--samples', 'list the samples of the task from the first, in pages')
    .option('--limit <number>', 'samples on a page (default: 20)', parsePositiveInteger)
    .option('--skip <number>', 'leave out so many that would be listed', parseCount)
    .addHelpText(
      'after',
      renderExamples([
        'stet show latest',
        'stet show latest answers hours-07',
        'stet show latest --junit junit.xml --csv metrics.csv',
        `stet show latest answers --where "not scores.includes.is_correct and sample.topic == 'prices'"`,
      ]),
    )
    .action((run: string, task: string | undefined, sample: string | undefined, flags: ShowFlags) =>
      perform((context) => withStore(context, flags, (stet) => show(context, flags, { stet, run, task, sample }))),
    );
};

interface Request {
  readonly stet: Stet;
  readonly run: string;
  readonly task: string | undefined;
  readonly sample: string | undefined;
}

async function show(context: CommandContext, flags: ShowFlags, request: Request): Promise<number> {
  const { stet } = request;
  checkPaging(flags, request);
  const reports = await prepareReports(context, flags);
  const run = await stet.show(request.run);
  const output = makeHumanOutput(context, flags);
  if (request.task === undefined) {
    if (flags.json === true) writeJson(context.stdout, run);
    else {
      output.write(`${renderRunHeading(run, output.style, context.now())}\n`);
      output.write(renderResultTable(run, output, context.now()));
      output.write(renderNextSteps(run, makeCommandLines(context.environment, flags), output.style));
    }
  } else {
    const task = findTask(run, request.task);
    if (isPaging(flags)) await showSamples(context, flags, { stet, run, task, output });
    else if (request.sample === undefined) await showTask(context, flags, { stet, run, task, output });
    else await showSample(context, flags, { stet, run, task, sampleId: request.sample, output });
  }
  const isReported = await reports.write(stet, run);
  await reportOpenRuns(context, stet, flags);
  return isReported ? exitCodes.done : exitCodes.failed;
}

function isPaging({ samples, where, limit, skip }: ShowFlags): boolean {
  return samples === true || where !== undefined || limit !== undefined || skip !== undefined;
}

function checkPaging(flags: ShowFlags, { run, task, sample }: Request): void {
  if (hasReports(flags) && task !== undefined) {
    throw new EvaluationError('usage', '--junit, --csv and --markdown are about a run as a whole.', {
      hint: `Write ${JSON.stringify(`stet show ${run}`)} without a task.`,
    });
  }
  if (!isPaging(flags) || (task !== undefined && sample === undefined)) return;
  throw new EvaluationError('usage', '--samples, --where, --limit and --skip are about the samples of one task.', {
    hint: `Write ${JSON.stringify(`stet show ${run} ${task ?? 'TASK'} --samples`)}.`,
  });
}

async function showTask(
  context: CommandContext,
  flags: StoreFlags,
  found: { readonly stet: Stet; readonly run: RunDocument; readonly task: TaskDocument; readonly output: HumanOutput },
): Promise<void> {
  const { stet, run, task, output } = found;
  if (flags.json === true) {
    writeJson(context.stdout, { run: run.run, ...task });
    return;
  }
  output.write(renderTaskView(run, task, output, context.now()));
  const { title, samples } = await findSamplesToShow(stet, run, task);
  const [first] = samples;
  if (first === undefined) return;
  output.write(`\n${title}\n${renderSampleList(samples, output)}`);
  const commandLine = makeCommandLines(context.environment, flags);
  output.write(`One of them in full: ${commandLine('show', shortenId(run.run), task.key, first.sample_id)}\n`);
  if (samples.length < samplesShown) return;
  const more = task.samples.errors > 0 ? ['--where', 'errors'] : ['--samples'];
  output.write(`More samples: ${commandLine('show', shortenId(run.run), task.key, ...more)}\n`);
}

async function showSample(
  context: CommandContext,
  flags: StoreFlags,
  found: {
    readonly stet: Stet;
    readonly run: RunDocument;
    readonly task: TaskDocument;
    readonly sampleId: string;
    readonly output: HumanOutput;
  },
): Promise<void> {
  const { stet, run, task, sampleId, output } = found;
  for await (const sample of stet.samples(run.run, { task: task.key, sample: sampleId })) {
    if (flags.json === true) writeJson(context.stdout, { run: run.run, ...sample });
    else output.write(renderSampleView(run, sample, output));
    return;
  }
  throw new EvaluationError(
    'usage',
    `Task ${task.key} of run ${shortenId(run.run)} has no sample ${JSON.stringify(sampleId)}.`,
    {
      hint: `"show ${shortenId(run.run)} ${task.key}" lists some that it has.`,
    },
  );
}

const samplesShown = 20;

/** The samples worth a look: those with errors, else those that some scorer calls wrong, else the first. */
async function findSamplesToShow(
  stet: Stet,
  run: RunDocument,
  task: TaskDocument,
): Promise<{ readonly title: string; readonly samples: readonly SampleDocument[] }> {
  const wanted = task.samples.errors > 0 ? hasError : isNotable;
  const found: SampleDocument[] = [];
  const first: SampleDocument[] = [];
  const expected = task.samples.errors > 0 ? Math.min(task.samples.errors, samplesShown) : samplesShown;
  for await (const sample of stet.samples(run.run, { task: task.key })) {
    if (first.length < samplesShown) first.push(sample);
    if (wanted(sample)) found.push(sample);
    if (found.length === expected) break;
  }
  if (found.length === 0) return { title: 'First samples', samples: first };
  return { title: task.samples.errors > 0 ? 'Samples with errors' : 'Samples scored false', samples: found };
}

function findTask(run: RunDocument, key: string): TaskDocument {
  const task = run.tasks.find((candidate) => candidate.key === key);
  if (task !== undefined) return task;
  const keys = run.tasks.map((candidate) => candidate.key);
  throw new EvaluationError('usage', `Run ${shortenId(run.run)} has no task ${JSON.stringify(key)}.`, {
    hint: keys.length === 0 ? 'It has no tasks.' : `Did you mean ${JSON.stringify(closest(key, keys))}?`,
  });
}
