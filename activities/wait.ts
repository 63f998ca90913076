import { setMaxListeners } from 'node:events';
import { Context } from '@temporalio/activity';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { WaitActivities } from '../contracts/activities.ts';
import type { RunLog } from '../storage/run-log.ts';
import { makeInterruption } from './interruption.ts';

/** Waits inside one heartbeating activity: a timer with a status activity would cost 11 events a cycle. */
export function createWaitActivities({
  runs,
  client,
}: {
  readonly runs: RunLog;
  readonly client: Client;
}): Pick<WaitActivities, 'waitWhileWorkflowOpen'> {
  return {
    async waitWhileWorkflowOpen({ workflowId, taskResultId }) {
      const context = Context.current();
      const { cancellationSignal } = context;
      setMaxListeners(0, cancellationSignal); // each long poll of the wait adds a listener
      const handle = client.workflow.getHandle(workflowId);
      const holderRunId = await findHolderRun(client, workflowId);
      // This may run in the process of any command of the store, so it only says who waits for whom; the owner acts. The
      // note goes when the task result works or ends. Taken away here it could be that of the next attempt, in another
      // process, and the owner would never learn that what it waits for is nobody's.
      await runs.recordWait(taskResultId, holderRunId ?? null);
      // Every outcome but a cancel of the wait means the same: look again.
      await client.connection.withAbortSignal(cancellationSignal, () => handle.result()).catch(() => undefined);
      if (cancellationSignal.aborted) throw makeInterruption(context);
    },
  };
}

/** The run whose evaluation started the holder: the last part of its parent's id. */
async function findHolderRun(client: Client, workflowId: string): Promise<string | undefined> {
  try {
    const { raw } = await client.workflow.getHandle(workflowId).describe();
    return raw.workflowExecutionInfo?.parentExecution?.workflowId?.split('/').at(-1);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
