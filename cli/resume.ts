import type { ResumeOptions, Stet } from '../client/stet.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { CommandContext } from './command-context.ts';
import type { DefineCommand } from './commands.ts';
import { beginRun } from './follow-run.ts';
import { renderExamples } from './options/examples.ts';
import { addReportOptions, type ReportFlags } from './options/report-options.ts';
import { addOverrideOptions, type RunFileFlags, toLimitOptions, toPlanOptions } from './options/run-file-options.ts';
import { addStoreOptions, addUiOption, type StoreFlags } from './options/store-options.ts';
import { shortenId } from './output/format.ts';
import { writeJson } from './output/json.ts';
import { makeHumanOutput } from './output/output.ts';
import { prepareReports } from './reports/prepare-reports.ts';

interface ResumeFlags extends Partial<RunFileFlags>, StoreFlags, ReportFlags {
  readonly errors?: boolean;
}

export const defineResumeCommand: DefineCommand = (command, perform) => {
  const withFile = command
    .argument('<run>', 'id, unique beginning of an id, label, "latest" or "latest~1"')
    .option('--errors', 'try the failed samples of a completed run again; what is good stands')
    .option(
      '-f, --file <file>',
      'run file in place of the stored plan, with the same solver part: mends a broken scorer',
    );
  addReportOptions(addUiOption(addStoreOptions(addOverrideOptions(withFile))))
    .addHelpText(
      'after',
      renderExamples([
        'stet resume latest',
        'stet resume latest -f run.yaml',
        'stet resume --errors nightly --json',
        'stet resume latest --max-cost 10',
      ]),
    )
    .action((run: string, flags: ResumeFlags) => perform((context) => resumeEvaluation(context, flags, run)));
};

async function resumeEvaluation(context: CommandContext, flags: ResumeFlags, reference: string): Promise<number> {
  const options = toResumeOptions(context, flags);
  return beginRun(context, flags, async (stet, signal) => {
    if (flags.errors === true && (await hasNothingToMend(context, flags, { stet, reference }))) return undefined;
    return await stet.resume(reference, { ...options, arguments: context.commandLine, signal });
  });
}

/** @throws {EvaluationError} `usage` for options that do not go together. */
function toResumeOptions(context: CommandContext, flags: ResumeFlags): ResumeOptions {
  const { file, errors } = flags;
  if (file !== undefined && errors === true) {
    throw new EvaluationError(
      'usage',
      '--errors and -f do not go together: failed samples are tried again as they were.',
    );
  }
  if (file !== undefined) return { source: file, ...toPlanOptions(flags, context.environment) };
  const limits = toLimitOptions(flags);
  const given = Object.keys(toPlanOptions(flags, {})).filter((name) => !(name in limits));
  if (given.length > 0) {
    throw new EvaluationError('usage', 'Options that change a run file need one: the stored plan is taken as it is.', {
      hint: 'Name the file with -f.',
    });
  }
  return { ...limits, ...(errors === undefined ? {} : { errors }) };
}

async function hasNothingToMend(
  context: CommandContext,
  flags: ResumeFlags,
  { stet, reference }: { readonly stet: Stet; readonly reference: string },
): Promise<boolean> {
  const run = await stet.show(reference);
  if (run.status !== 'completed' || run.tasks.some((task) => task.samples.errors > 0)) return false;
  if (flags.json === true) writeJson(context.stdout, run);
  await (await prepareReports(context, flags)).write(stet, run);
  makeHumanOutput(context, flags).write(
    `Run ${shortenId(run.run)} has no failed samples; there is nothing to try again.\n`,
  );
  return true;
}
