import { type Client, isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client';
import type { FinalStatus } from '../contracts/status.ts';
import type { RecordedError } from '../storage/result-index.ts';

/** Who closes a workflow that reached a limit of its history; anybody else who terminates is a person. */
const HISTORY_SERVICE = 'history-service';
const GRPC_NOT_FOUND = 5;

/**
 * What the closing of a workflow that recorded nothing means: terminated or deleted is `cancelled`, ended by a limit or
 * a time-out of Temporal `failed` (design 3.2).
 *
 * @param executionId - Which execution under that id; without it the newest.
 */
export async function findClosedStatus(
  client: Client,
  workflowId: string,
  executionId?: string,
): Promise<{ readonly status: Exclude<FinalStatus, 'completed'>; readonly error: RecordedError | null }> {
  const close = await findCloseEvent(client, workflowId, executionId);
  if (close === undefined) return { status: 'cancelled', error: null };
  const terminated = close.workflowExecutionTerminatedEventAttributes;
  if (terminated !== null && terminated !== undefined) {
    if (terminated.identity !== HISTORY_SERVICE) return { status: 'cancelled', error: null };
    return {
      status: 'failed',
      error: { code: 'temporal-failed', message: terminated.reason ?? 'A limit of Temporal was reached.' },
    };
  }
  if (close.workflowExecutionCanceledEventAttributes) return { status: 'cancelled', error: null };
  const reason = close.workflowExecutionFailedEventAttributes?.failure?.message ?? 'The workflow timed out.';
  return { status: 'failed', error: { code: 'temporal-failed', message: reason.slice(0, 500) } };
}

async function findCloseEvent(client: Client, workflowId: string, executionId: string | undefined) {
  try {
    for (let runId = executionId; ; ) {
      const { history } = await client.workflowService.getWorkflowExecutionHistory({
        namespace: client.options.namespace,
        execution: { workflowId, ...(runId === undefined ? {} : { runId }) },
        historyEventFilterType: 2, // close event only
      });
      const last = history?.events?.at(-1);
      // A parent knows its child by the first execution of the chain.
      const next = last?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
      if (!next) return last;
      runId = next;
    }
  } catch (error) {
    // A deleted workflow. Thrown on, this would be retried for ever and its parent would hang.
    if (error instanceof WorkflowNotFoundError) return undefined;
    if (isGrpcServiceError(error) && Number(error.code) === GRPC_NOT_FOUND) return undefined;
    throw error;
  }
}
