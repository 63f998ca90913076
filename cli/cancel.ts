import { isFinal } from '../contracts/status.ts';
import type { CommandContext } from './command-context.ts';
import type { DefineCommand } from './commands.ts';
import { exitCodes } from './exit-codes.ts';
import { renderExamples } from './options/examples.ts';
import { addStoreOptions, type StoreFlags } from './options/store-options.ts';
import { shortenId } from './output/format.ts';
import { writeJson } from './output/json.ts';
import { makeCommandLines } from './output/next-steps.ts';
import { makeHumanOutput } from './output/output.ts';
import { reportOpenRuns } from './report-open-runs.ts';
import { withStore } from './with-store.ts';

export const defineCancelCommand: DefineCommand = (command, perform) => {
  addStoreOptions(command)
    .argument('<run>', 'id, unique beginning of an id, label, "latest" or "latest~1"')
    .addHelpText('after', renderExamples(['stet cancel latest', 'stet cancel nightly --json']))
    .action((run: string, flags: StoreFlags) => perform((context) => cancelRun(context, flags, run)));
};

async function cancelRun(context: CommandContext, flags: StoreFlags, reference: string): Promise<number> {
  return withStore(context, flags, async (stet) => {
    const before = await stet.show(reference);
    const run = isFinal(before.status) ? before : await stet.cancel(before.run);
    if (flags.json === true) writeJson(context.stdout, run);
    const output = makeHumanOutput(context, flags);
    const id = shortenId(run.run);
    const goOn = `Go on: ${makeCommandLines(context.environment, flags)('resume', id)}`;
    if (isFinal(before.status)) output.write(`Run ${id} had ended before: ${run.status}.\n`);
    else if (run.status === 'cancelled') output.write(`Run ${id} is cancelled; finished answers are kept. ${goOn}\n`);
    else output.write(`Run ${id} ended before the cancel took effect: ${run.status}.\n`);
    await reportOpenRuns(context, stet, flags, { except: run.run });
    return exitCodes.done;
  });
}
