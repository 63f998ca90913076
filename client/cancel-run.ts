import { makeEvaluationWorkflowId } from '../contracts/ids.ts';
import type { RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import type { Host } from './host.ts';
import { reconcileRun } from './reconcile-run.ts';
import { requestCancel } from './request-cancel.ts';
import { waitForRunEnd } from './wait-for-run-end.ts';

/** Cancels a run from elsewhere: spends nothing, since only its owner polls its work queue. */
export async function cancelRun(host: Host, store: Store, run: RunRecord): Promise<void> {
  const session = await host.openSession();
  const state = await session.describe(run.runId);
  if (state.state !== 'open') {
    await reconcileRun(store, run.runId, state.state === 'closed' && state.failed);
    return;
  }
  await requestCancel(session, makeEvaluationWorkflowId({ storeId: session.storeId, runId: run.runId }));
  await session.recover(run.runId); // segments started on dead workers cannot hear of the cancel
  await waitForRunEnd(session, store, run.runId);
}
