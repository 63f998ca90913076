import { WorkflowNotFoundError } from '@temporalio/client';
import { askTemporal } from './ask-temporal.ts';
import type { Session } from './host.ts';

/** Asks a workflow to cancel; one that has ended meanwhile needs no asking. */
export async function requestCancel({ client }: Pick<Session, 'client'>, workflowId: string): Promise<void> {
  try {
    await askTemporal(() => client.workflow.getHandle(workflowId).cancel());
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
