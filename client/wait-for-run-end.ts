import { setTimeout as sleep } from 'node:timers/promises';
import { isGrpcServiceError, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import { makeEvaluationWorkflowId } from '../contracts/ids.ts';
import { isFinal } from '../contracts/status.ts';
import type { RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import { isTemporalAway } from './ask-temporal.ts';
import type { Session } from './host.ts';
import { isOfThisAttempt, reconcileRun } from './reconcile-run.ts';

/** Between two looks while Temporal cannot be reached: its server may be on its way back. */
const RETRY_MS = 500;

/**
 * Waits until the store has a final status of the run: the store, not Temporal, is the record.
 *
 * @param on.endedElsewhere - Called when the workflow turns out to be terminated, deleted, or ended by a limit.
 * @param on.lost - Starts the workflow again when it was lost with Temporal's database; without it the run is cancelled.
 * @throws the reason of `session.closing` when the session closes before.
 */
export async function waitForRunEnd(
  session: Session,
  store: Store,
  runId: string,
  on: { readonly endedElsewhere?: () => void; readonly lost?: () => Promise<void> } = {},
): Promise<RunRecord> {
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
    try {
      if (isClosed) {
        await settle(run);
        continue;
      }
    } catch (error) {
      if (!isGrpcServiceError(error) && !isTemporalAway(error)) throw error;
    }
    // Its own error would only say that it was aborted.
    await sleep(RETRY_MS, undefined, { signal: closing }).catch(() => closing.throwIfAborted());
  }

  /** No workflow code ran that could have recorded the end: it was terminated, deleted, ended by a limit, or is lost. */
  async function settle(run: RunRecord): Promise<void> {
    const state = await session.describe(runId);
    if (state.state === 'open') return; // reset: there is another execution
    if (on.lost !== undefined && !isOfThisAttempt(run, state, session)) {
      await on.lost();
      return;
    }
    on.endedElsewhere?.();
    await reconcileRun(session, store, run, state);
  }
}
