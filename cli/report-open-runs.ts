import type { Stet } from '../client/stet.ts';
import type { CommandContext } from './command-context.ts';
import type { StoreFlags } from './options/store-options.ts';
import { makeCommandLines } from './output/next-steps.ts';
import { makeNoticeOutput } from './output/output.ts';
import { renderOpenRuns } from './output/run-list.ts';

/** Says on standard error which runs were interrupted, with the lines that go on with them or end them. */
export async function reportOpenRuns(
  context: CommandContext,
  stet: Stet,
  flags: StoreFlags,
  options: { readonly except?: string } = {},
): Promise<void> {
  const runs = (await stet.list({ limit: 200, onlyOpen: true })).filter((run) => run.run !== options.except);
  context.stderr.write(renderOpenRuns(runs, makeNoticeOutput(context), makeCommandLines(context.environment, flags)));
}
