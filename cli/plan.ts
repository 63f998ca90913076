import type { CommandContext } from './command-context.ts';
import type { DefineCommand } from './commands.ts';
import { exitCodes } from './exit-codes.ts';
import { renderExamples } from './options/examples.ts';
import { addRunFileOptions, type RunFileFlags, toPlanOptions } from './options/run-file-options.ts';
import { addStoreOptions, type StoreFlags } from './options/store-options.ts';
import { writeJson } from './output/json.ts';
import { makeHumanOutput } from './output/output.ts';
import { renderPlanTable } from './output/plan-table.ts';
import { reportOpenRuns } from './report-open-runs.ts';
import { withStore } from './with-store.ts';

interface PlanFlags extends RunFileFlags, StoreFlags {
  readonly exitCode?: boolean;
}

export const definePlanCommand: DefineCommand = (command, perform) => {
  addStoreOptions(addRunFileOptions(command))
    .option('--exit-code', 'exit with 4 when work would run')
    .addHelpText(
      'after',
      renderExamples([
        'stet plan -f examples/quickstart/run.yaml',
        'stet plan -f run.yaml --set run_config.seed=7 --exit-code',
      ]),
    )
    .action((flags: PlanFlags) => perform((context) => showPlan(context, flags)));
};

async function showPlan(context: CommandContext, flags: PlanFlags): Promise<number> {
  const planOptions = toPlanOptions(flags, context.environment);
  return withStore(context, flags, async (stet) => {
    const plan = await stet.plan(flags.file, planOptions);
    const output = makeHumanOutput(context, flags);
    if (flags.json === true) writeJson(context.stdout, plan);
    else output.write(renderPlanTable(plan, output, context.now(), { isBrief: false }));
    await reportOpenRuns(context, stet, flags);
    const wouldWork = plan.tasks.some((task) => task.reuse !== 'full');
    return flags.exitCode === true && wouldWork ? exitCodes.workToDo : exitCodes.done;
  });
}
