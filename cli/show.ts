import { closest } from 'fastest-levenshtein';
import type { RunDocument, TaskDocument } from '../client/run-document.ts';
import type { SampleDocument, Stet } from '../client/stet.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { CommandContext } from './command-context.ts';
import type { DefineCommand } from './commands.ts';
import { exitCodes } from './exit-codes.ts';
import { renderExamples } from './options/examples.ts';
import { addStoreOptions, type StoreFlags } from './options/store-options.ts';
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
import { withStore } from './with-store.ts';

export const defineShowCommand: DefineCommand = (command, perform) => {
  addStoreOptions(command)
    .argument('<run>', 'id, unique beginning of an id, label, "latest" or "latest~1"')
    .argument('[task]', 'key of a task specification')
    .argument('[sample]', 'id of a sample')
    .addHelpText('after', renderExamples(['stet show latest', 'stet show latest answers hours-07']))
    .action((run: string, task: string | undefined, sample: string | undefined, flags: StoreFlags) =>
      perform((context) => withStore(context, flags, (stet) => show(context, flags, { stet, run, task, sample }))),
    );
};

interface Request {
  readonly stet: Stet;
  readonly run: string;
  readonly task: string | undefined;
  readonly sample: string | undefined;
}

async function show(context: CommandContext, flags: StoreFlags, request: Request): Promise<number> {
  const { stet } = request;
  const run = await stet.show(request.run);
  const output = makeHumanOutput(context, flags);
  if (request.task === undefined) {
    if (flags.json === true) writeJson(context.stdout, run);
    else {
      output.write(`${renderRunHeading(run, output.style, context.now())}\n`);
      output.write(renderResultTable(run, output, context.now()));
      output.write(renderNextSteps(run, makeCommandLines(context.environment, flags)));
    }
  } else {
    const task = findTask(run, request.task);
    if (request.sample === undefined) await showTask(context, flags, { stet, run, task, output });
    else await showSample(context, flags, { stet, run, task, sampleId: request.sample, output });
  }
  await reportOpenRuns(context, stet, flags);
  return exitCodes.done;
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
