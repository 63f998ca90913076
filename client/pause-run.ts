import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { makeEvaluationWorkflowId } from '../contracts/ids.ts';
import { isFinal } from '../contracts/status.ts';
import { pauseUpdateName, unpauseUpdateName } from '../contracts/workflow-inputs.ts';
import type { RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import { askTemporal } from './ask-temporal.ts';
import type { Host } from './host.ts';

/**
 * Pauses an open run, or lets it go on, by an update of its workflow; one that is in that state already stays as it is.
 * A run whose workflow Temporal does not know, for it has not begun or was lost, begins as its store says.
 *
 * @throws {EvaluationError} `usage` where the run has ended.
 */
export async function setPaused(
  host: Pick<Host, 'openSession'>,
  store: Store,
  run: RunRecord,
  isPaused: boolean,
): Promise<void> {
  const { runId } = run;
  if (isFinal(run.status)) throw makeEndedError(run);
  if ((run.pausedAt !== null) === isPaused) return;
  const session = await host.openSession();
  const workflowId = makeEvaluationWorkflowId({ storeId: session.storeId, runId });
  try {
    const handle = session.client.workflow.getHandle(workflowId);
    await askTemporal(() => handle.executeUpdate(isPaused ? pauseUpdateName : unpauseUpdateName));
  } catch (error) {
    const isUnknown = error instanceof WorkflowNotFoundError;
    if (!isUnknown && !wasRefused(error)) throw error;
    const present = await store.runs.getRun(runId);
    if (isFinal(present.status)) throw makeEndedError(present);
    if (isUnknown) await store.runs.recordPaused(runId, isPaused ? new Date().toISOString() : null);
    // Refused, since somebody else was quicker; or the run is ending, and whoever asks again hears so.
  }
}

function wasRefused(error: unknown): boolean {
  return error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure;
}

function makeEndedError({ runId, status }: RunRecord): EvaluationError {
  return new EvaluationError('usage', `Run ${runId} has ended: ${status}.`, {
    hint: 'Only an open run can be paused or unpaused; `stet list` shows which are open.',
  });
}
