import type { CommandContext } from './command-context.ts';
import type { DefineCommand } from './commands.ts';
import { exitCodes } from './exit-codes.ts';
import { renderExamples } from './options/examples.ts';
import { addRunFileOptions, type RunFileFlags, toPlanOptions } from './options/run-file-options.ts';
import { addStoreOptions, type StoreFlags } from './options/store-options.ts';
import { formatCount, formatPlural } from './output/format.ts';
import { writeJson } from './output/json.ts';
import { makeHumanOutput } from './output/output.ts';
import { renderWarnings } from './output/plan-table.ts';
import { reportOpenRuns } from './report-open-runs.ts';
import { withStore } from './with-store.ts';

interface ValidateFlags extends RunFileFlags, StoreFlags {}

export const defineValidateCommand: DefineCommand = (command, perform) => {
  addStoreOptions(addRunFileOptions(command))
    .addHelpText(
      'after',
      renderExamples([
        'stet validate -f examples/quickstart/run.yaml',
        'stet validate -f run.yaml --env staging.env --json',
      ]),
    )
    .action((flags: ValidateFlags) => perform((context) => validate(context, flags)));
};

/** A file that can be planned is valid: planning reads and checks everything that it refers to. */
async function validate(context: CommandContext, flags: ValidateFlags): Promise<number> {
  const planOptions = toPlanOptions(flags, context.environment);
  const plan = await withStore(context, flags, async (stet) => {
    const planned = await stet.plan(flags.file, planOptions);
    await reportOpenRuns(context, stet, flags);
    return planned;
  });
  const warnings = [...plan.warnings, ...plan.tasks.flatMap((task) => task.warnings)];
  if (flags.json === true) {
    writeJson(context.stdout, {
      valid: true,
      evaluation: plan.evaluation,
      tasks: plan.tasks.map(({ key, task_key, samples, trials }) => ({ key, task_key, samples, trials })),
      warnings,
    });
    return exitCodes.done;
  }
  const output = makeHumanOutput(context, flags);
  const samples = plan.tasks.reduce((sum, task) => sum + task.samples.total, 0);
  const content =
    plan.tasks.length === 0
      ? 'it has no task to run'
      : `evaluation ${plan.evaluation}, ${formatPlural(plan.tasks.length, 'task')}, ${formatCount(samples)} samples`;
  output.write(`${renderWarnings(warnings, output)}${flags.file} is ${output.style.good('valid')}: ${content}.\n`);
  return exitCodes.done;
}
