import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { isNotFound } from './is-not-found.ts';

export const closeReasons = ['completed', 'failed', 'cancelled', 'terminated', 'limit', 'timed-out'] as const;
/** `limit`: terminated by the server itself for a bound of its own, such as the length of a history. */
export type CloseReason = (typeof closeReasons)[number];

/** What Temporal says of a workflow; `unknown` where its database does not hold it (any longer). */
export type WorkflowStatus =
  | { readonly state: 'open' }
  | { readonly state: 'closed'; readonly reason: CloseReason }
  | { readonly state: 'unknown' };

const onlyTheCloseEvent = 2;
const serverIdentity = 'history-service';

/**
 * What Temporal says of the newest execution of a workflow id: what the store's record of a run is reconciled with.
 * A workflow that went on as new is open.
 */
export async function describeWorkflowStatus(client: Client, workflowId: string): Promise<WorkflowStatus> {
  try {
    const { status, runId } = await client.workflow.getHandle(workflowId).describe();
    switch (status.name) {
      case 'COMPLETED':
        return { state: 'closed', reason: 'completed' };
      case 'FAILED':
        return { state: 'closed', reason: 'failed' };
      case 'CANCELLED':
        return { state: 'closed', reason: 'cancelled' };
      case 'TIMED_OUT':
        return { state: 'closed', reason: 'timed-out' };
      case 'TERMINATED':
        return { state: 'closed', reason: await findTerminator(client, workflowId, runId) };
      case 'RUNNING':
      case 'PAUSED':
      case 'CONTINUED_AS_NEW':
      case 'UNSPECIFIED':
      case 'UNKNOWN':
        return { state: 'open' };
    }
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || isNotFound(error)) return { state: 'unknown' };
    throw error;
  }
}

async function findTerminator(client: Client, workflowId: string, runId: string): Promise<'terminated' | 'limit'> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    historyEventFilterType: onlyTheCloseEvent,
  });
  const closing = history?.events?.at(-1)?.workflowExecutionTerminatedEventAttributes;
  return closing?.identity === serverIdentity ? 'limit' : 'terminated';
}
