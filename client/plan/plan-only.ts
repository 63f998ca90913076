import type { ResolvedRun } from '../../planning/run-file/index.ts';
import { openScratchStore } from '../../storage/overlay/open-scratch-store.ts';
import { makePlanDocument } from '../make-plan-document.ts';
import type { RunContext } from '../run-context.ts';
import type { PlanDocument } from '../run-document.ts';
import type { PlanOptions } from '../stet.ts';

/** What a run would do now. Nothing is sent, no server is started, and nothing is written to the store. */
export async function planOnly(
  context: RunContext,
  resolved: ResolvedRun,
  options: PlanOptions,
): Promise<PlanDocument> {
  const { host } = context;
  const store = await host.openStore({ create: false });
  const isAlive = host.isProcessAlive.bind(host);
  if (store === undefined || resolved.reuse.answers === 'off') {
    const built = await context.build(resolved, store, { ...options, dry: true });
    return makePlanDocument(built, store, Date.now(), { isAlive });
  }
  // Which single answers stand is found out sample by sample, from rows that are stored.
  await using scratch = await openScratchStore(store);
  const built = await context.build(resolved, scratch.store, { ...options, dry: false });
  // Awaited here: the scratch store goes with this block.
  return await makePlanDocument(built, scratch.store, Date.now(), { isAlive, countsAnswers: true });
}
