import { isFinal } from '../contracts/status.ts';
import type { Store } from '../storage/store.ts';

/**
 * Records the end of a run whose workflow ended without saying so: terminated or deleted means `cancelled`, ended by a
 * limit of Temporal `failed` (design 3.2). Changes nothing where the end is recorded.
 */
export async function reconcileRun(store: Store, runId: string, failed: boolean): Promise<void> {
  const run = await store.runs.getRun(runId);
  if (isFinal(run.status)) return;
  await store.runs.recordRunEnd(runId, { failed });
}
