import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { WorkflowState } from '../../client/host.ts';
import { findClosedStatus } from '../../workers/find-closed-status.ts';
import { isNotFound } from './is-not-found.ts';

/**
 * What Temporal says of the newest execution of a workflow id: what the store's record of a run is reconciled with. A
 * workflow that went on as new is open.
 */
export async function describeWorkflowStatus(client: Client, workflowId: string): Promise<WorkflowState> {
  try {
    const { status, startTime, runId: executionId } = await client.workflow.getHandle(workflowId).describe();
    switch (status.name) {
      case 'COMPLETED':
        return { state: 'closed', executionId, startedAt: startTime.toISOString(), status: 'completed', error: null };
      case 'FAILED':
      case 'CANCELLED':
      case 'TIMED_OUT':
      case 'TERMINATED':
        return {
          state: 'closed',
          executionId,
          startedAt: startTime.toISOString(),
          ...(await findClosedStatus(client, workflowId)),
        };
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
