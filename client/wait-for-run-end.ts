import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import { makeEvaluationWorkflowId } from '../contracts/ids.ts';
import { isFinal } from '../contracts/status.ts';
import type { RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import type { Session } from './host.ts';
import { reconcileRun } from './reconcile-run.ts';

/** Between two looks while Temporal cannot be reached: its server may be on its way back. */
const RETRY_MS = 500;

/**
 * Waits until the store has a final status of the run: the store, not Temporal, is the record.
 *
 * @throws the reason of `session.closing` when the session closes before.
 */
export async function waitForRunEnd(session: Session, store: Store, runId: string): Promise<RunRecord> {
  const { client, closing } = session;
  const handle = client.workflow.getHandle(makeEvaluationWorkflowId({ storeId: session.storeId, runId }));
  for (;;) {
    const isClosed = await client.connection
      .withAbortSignal(closing, () => handle.result())
      .then(
        () => true,
        (error: unknown) => error instanceof WorkflowFailedError || error instanceof WorkflowNotFoundError,
      );
    closing.throwIfAborted();
    const run = await store.runs.getRun(runId);
    if (isFinal(run.status)) return run;
    if (isClosed) {
      // Terminated, deleted, or ended by a limit: no workflow code ran that could have recorded it.
      const state = await session.describe(runId);
      if (state.state !== 'open') await reconcileRun(store, runId, state.state === 'closed' && state.failed);
    } else {
      await sleep(RETRY_MS, undefined, { signal: closing });
    }
  }
}
