import type { RunDocument } from '../client/run-document.ts';
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

const runArgument = 'id, unique beginning of an id, label, "latest" or "latest~1"';

export const definePauseCommand: DefineCommand = (command, perform) => {
  addStoreOptions(command)
    .argument('<run>', runArgument)
    .addHelpText('after', renderExamples(['stet pause latest', 'stet pause nightly --json']))
    .action((run: string, flags: StoreFlags) => perform((context) => changePause(context, flags, run, 'pause')));
};

export const defineUnpauseCommand: DefineCommand = (command, perform) => {
  addStoreOptions(command)
    .argument('<run>', runArgument)
    .addHelpText('after', renderExamples(['stet unpause latest', 'stet unpause nightly --json']))
    .action((run: string, flags: StoreFlags) => perform((context) => changePause(context, flags, run, 'unpause')));
};

async function changePause(
  context: CommandContext,
  flags: StoreFlags,
  reference: string,
  change: 'pause' | 'unpause',
): Promise<number> {
  return withStore(context, flags, async (stet) => {
    const before = await stet.show(reference);
    const run = await stet[change](before.run);
    if (flags.json === true) writeJson(context.stdout, run);
    const output = makeHumanOutput(context, flags);
    const id = shortenId(run.run);
    if (isPaused(before) === isPaused(run)) {
      output.write(`Run ${id} ${isPaused(run) ? 'is paused already' : 'is not paused'}.\n`);
    } else if (isPaused(run)) {
      const goOn = makeCommandLines(context.environment, flags)('unpause', id);
      output.write(`Run ${id} is paused: nothing new is sent, queries in flight may finish. Go on: ${goOn}\n`);
    } else {
      output.write(`Run ${id} goes on.\n`);
    }
    await reportOpenRuns(context, stet, flags, { except: run.run });
    return exitCodes.done;
  });
}

function isPaused({ paused_at: pausedAt = null }: RunDocument): boolean {
  return pausedAt !== null;
}
