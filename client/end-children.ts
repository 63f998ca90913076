import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { makeEvaluationWorkflowId, makeTaskResultWorkflowId } from '../contracts/ids.ts';
import { isFinal } from '../contracts/status.ts';
import type { RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import type { Session } from './host.ts';
import { requestCancel } from './request-cancel.ts';

/** Between two looks whether a worker died that a child still waits for. */
const RECOVER_INTERVAL_MS = 1_000;
const LOOK_UPS_AT_ONCE = 20;

/**
 * Cancels what a run's evaluation left behind when it was terminated or deleted, and waits until that has ended: queries
 * stop, and nothing of this attempt writes any more when the next one begins. Temporal asks the children itself, but later.
 *
 * @param parentExecution - Temporal's id of that evaluation's execution, so that children of a later attempt are left alone;
 *   unknown where it was deleted.
 * @throws the reason of `session.closing` when the session closes before.
 */
export async function endChildren(
  session: Session,
  store: Store,
  run: RunRecord,
  parentExecution: string | undefined,
): Promise<void> {
  const { client, storeId } = session;
  const parent = { workflowId: makeEvaluationWorkflowId({ storeId, runId: run.runId }), execution: parentExecution };
  const waiting = await listChildIds(session, store, run.runId);
  const end = async (workflowId: string): Promise<void> => {
    let open = await findOpenChild(client, workflowId, parent);
    if (open !== undefined) await requestCancel(session, workflowId);
    while (open !== undefined) {
      await session.recover(run.runId, [workflowId]); // what a dead worker holds cannot hear of the cancel
      await waitForEnd(session, workflowId, open);
      open = await findOpenChild(client, workflowId, parent);
    }
  };
  while (waiting.length > 0) await Promise.all(waiting.splice(0, LOOK_UPS_AT_ONCE).map(end));
}

/** From what the store knows: Temporal's lists lag behind, and the parent may be deleted. */
async function listChildIds({ storeId }: Session, store: Store, runId: string): Promise<string[]> {
  const tasks = (await store.results.listTaskResults(runId)).filter(({ status }) => !isFinal(status));
  const ids = tasks.flatMap((task) =>
    (['none', 'partial'] as const).map((verdict) => makeTaskResultWorkflowId({ storeId, verdict, ...task })),
  );
  return [...new Set(ids)];
}

/** Temporal's id of the execution, where it is open and this run's: the workflow id is a lock that others take, too. */
async function findOpenChild(
  client: Client,
  workflowId: string,
  parent: { readonly workflowId: string; readonly execution: string | undefined },
): Promise<string | undefined> {
  try {
    const { status, runId, raw } = await client.workflow.getHandle(workflowId).describe();
    const isOpen = status.name === 'RUNNING' || status.name === 'PAUSED';
    const found = raw.workflowExecutionInfo?.parentExecution;
    const isOurs = found?.workflowId === parent.workflowId && [found.runId, undefined].includes(parent.execution);
    return isOpen && isOurs ? runId : undefined;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

async function waitForEnd({ client, closing }: Session, workflowId: string, execution: string): Promise<void> {
  const signal = AbortSignal.any([closing, AbortSignal.timeout(RECOVER_INTERVAL_MS)]);
  const handle = client.workflow.getHandle(workflowId, execution);
  await client.connection.withAbortSignal(signal, () => handle.result()).catch(() => undefined);
  closing.throwIfAborted();
}
