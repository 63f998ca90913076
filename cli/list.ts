import type { CommandContext } from './command-context.ts';
import type { DefineCommand } from './commands.ts';
import { exitCodes } from './exit-codes.ts';
import { renderExamples } from './options/examples.ts';
import { parsePositiveInteger } from './options/parse-positive-integer.ts';
import { addStoreOptions, type StoreFlags } from './options/store-options.ts';
import { writeJson } from './output/json.ts';
import { makeCommandLines } from './output/next-steps.ts';
import { makeHumanOutput } from './output/output.ts';
import { renderRunList } from './output/run-list.ts';
import { reportOpenRuns } from './report-open-runs.ts';
import { withStore } from './with-store.ts';

interface ListFlags extends StoreFlags {
  readonly limit: number;
}

export const defineListCommand: DefineCommand = (command, perform) => {
  addStoreOptions(command)
    .option('--limit <number>', 'at most this many runs', parsePositiveInteger, 20)
    .addHelpText('after', renderExamples(['stet list', 'stet list --limit 100 --json']))
    .action((flags: ListFlags) => perform((context) => listRuns(context, flags)));
};

async function listRuns(context: CommandContext, flags: ListFlags): Promise<number> {
  return withStore(context, flags, async (stet) => {
    const runs = await stet.list({ limit: flags.limit });
    const output = makeHumanOutput(context, flags);
    const commandLine = makeCommandLines(context.environment, flags);
    if (flags.json === true) writeJson(context.stdout, { runs });
    else if (runs.length === 0)
      output.write(`No runs in this store yet. Begin with: ${commandLine('run', '-f', 'FILE')}\n`);
    else output.write(renderRunList(runs, output, context.now()));
    await reportOpenRuns(context, stet, flags);
    return exitCodes.done;
  });
}
