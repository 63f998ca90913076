import type { PlanOptions, Stet } from '../client/stet.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { CommandContext } from './command-context.ts';
import type { DefineCommand } from './commands.ts';
import { beginRun, stayWithRun } from './follow-run.ts';
import { leaveRun } from './leave-run.ts';
import { type AlertFlags, addAlertOptions, toAlertOptions } from './options/alert-options.ts';
import { renderExamples } from './options/examples.ts';
import { addReportOptions, checkNoReports, type ReportFlags } from './options/report-options.ts';
import { addResumeChoiceOptions, decideAboutResumable, type ResumeFlags } from './options/resume-choice.ts';
import { addRunFileOptions, type RunFileFlags, toPlanOptions } from './options/run-file-options.ts';
import { addStoreOptions, addUiOption, type StoreFlags } from './options/store-options.ts';
import { makeHumanOutput } from './output/output.ts';
import { renderPlanTable } from './output/plan-table.ts';

interface RunFlags extends RunFileFlags, StoreFlags, ResumeFlags, AlertFlags, ReportFlags {
  readonly label?: string;
  readonly frozen?: boolean;
  readonly detach?: boolean;
}

export const defineRunCommand: DefineCommand = (command, perform) => {
  addReportOptions(addUiOption(addStoreOptions(addAlertOptions(addResumeChoiceOptions(addRunFileOptions(command))))))
    .option('--label <text>', 'a name for the run; "show" and the others accept it')
    .option('--frozen', 'exit with 3 in place of sending any query')
    .option('--detach', 'leave the run to "stet up" or to workers, and return at once')
    .addHelpText(
      'after',
      renderExamples([
        'stet run -f examples/quickstart/run.yaml',
        'stet run -f run.yaml --only curt --num-samples 20 --label trial',
        'stet run -f run.yaml --set config.model=large --json > result.json',
        'stet run -f run.yaml --junit junit.xml --markdown comment.md',
      ]),
    )
    .action((flags: RunFlags) => perform((context) => runEvaluation(context, flags)));
};

async function runEvaluation(context: CommandContext, flags: RunFlags): Promise<number> {
  const planOptions = toPlanOptions(flags, context.environment);
  const decide = decideAboutResumable(context, flags);
  if (flags.detach === true) checkNoReports(flags);
  const stay = flags.detach === true ? leaveRun : stayWithRun;
  return beginRun(
    context,
    flags,
    async (stet, signal) => {
      let hasFound = false;
      try {
        const handle = await stet.run(flags.file, {
          ...planOptions,
          ...toAlertOptions(flags),
          ...(flags.label === undefined ? {} : { label: flags.label }),
          ...(flags.frozen === undefined ? {} : { frozen: flags.frozen }),
          ...(flags.detach === undefined ? {} : { detach: flags.detach }),
          arguments: context.commandLine,
          resume(found) {
            hasFound = true;
            return decide(found, signal);
          },
          signal,
        });
        if (flags.resume === true && !hasFound && !handle.attached) {
          context.stderr.write(
            'No failed or cancelled run of this plan has anything to resume; a new one is started.\n',
          );
        }
        return handle;
      } catch (error) {
        if (error instanceof EvaluationError && error.code === 'frozen') {
          await showPlan(context, flags, { stet, planOptions });
        }
        throw error;
      }
    },
    stay,
  );
}

/** A closed gate says what it kept from running. */
async function showPlan(
  context: CommandContext,
  flags: RunFlags,
  planning: { readonly stet: Stet; readonly planOptions: PlanOptions },
): Promise<void> {
  const output = makeHumanOutput(context, flags);
  const plan = await planning.stet.plan(flags.file, planning.planOptions);
  output.write(renderPlanTable(plan, output, context.now()));
}
