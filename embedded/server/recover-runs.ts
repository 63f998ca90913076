import { ActivityNotFoundError, type Client, WorkflowNotFoundError } from '@temporalio/client';
import { makeEvaluationWorkflowId } from '../../contracts/ids.ts';
import { isNotFound } from './is-not-found.ts';

// of temporal.api.enums.v1.PendingActivityState, which is not importable under ESM as a value
const started = 2;
const cancelRequested = 3;

export interface Recovery {
  /** Workflows looked at: the evaluation and its open children. */
  readonly workflowIds: readonly string[];
  /** Activities of dead workers given back to be tried again at once. */
  readonly failedActivities: number;
  /** Activities of dead workers that had been asked to cancel, reported as cancelled. */
  readonly cancelledActivities: number;
}

/**
 * Takes from dead workers what they still hold of a run, so that it goes on within a second; without it Temporal waits
 * for heartbeats and for a sticky queue. For the run that the caller has just taken up, and no other.
 *
 * Doing it again, or while the run goes on, changes nothing: what has been answered meanwhile is left alone. A run that
 * Temporal does not know yields an empty recovery.
 *
 * @param options.workflowIds - Workflows to recover in place of the evaluation and its open children.
 * @param options.isDeadWorker - Whether the worker of that name is certainly gone.
 */
export async function recoverRun(options: {
  readonly client: Client;
  readonly storeId: string;
  readonly runId: string;
  readonly workflowIds?: readonly string[];
  readonly isDeadWorker: (identity: string) => boolean;
}): Promise<Recovery> {
  const { client, isDeadWorker } = options;
  const workflowIds = options.workflowIds ?? (await listOpenWorkflows(client, makeEvaluationWorkflowId(options)));
  // All sticky queues first: a living server would offer what follows to the dead worker's for as long as that waits.
  for (const workflowId of workflowIds) await resetStickyQueue(client, workflowId);
  let failedActivities = 0;
  let cancelledActivities = 0;
  for (const workflowId of workflowIds) {
    for (const { activityId, runId, state } of await listHeldActivities(client, workflowId, isDeadWorker)) {
      const id = { workflowId, runId, activityId };
      if (state === started) {
        failedActivities += await countAnswer(client.activity.fail(id, new Error('The worker process is gone.')));
      } else if (state === cancelRequested) {
        // failing it would end the task result as failed, though it was cancelled
        cancelledActivities += await countAnswer(client.activity.reportCancellation(id));
      }
    }
  }
  return { workflowIds, failedActivities, cancelledActivities };
}

/** A workflow and, below it, its open children; from the workflow itself, because lists of workflows lag behind. */
async function listOpenWorkflows(client: Client, workflowId: string): Promise<readonly string[]> {
  const description = await describe(client, workflowId);
  if (description === undefined || description.closeTime !== undefined) return [];
  const children = (description.raw.pendingChildren ?? []).flatMap((child) => child.workflowId ?? []);
  const below = await Promise.all(children.map((childId) => listOpenWorkflows(client, childId)));
  return [workflowId, ...below.flat()];
}

async function describe(client: Client, workflowId: string) {
  try {
    return await client.workflow.getHandle(workflowId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

async function resetStickyQueue({ workflowService, options }: Client, workflowId: string): Promise<void> {
  try {
    await workflowService.resetStickyTaskQueue({ namespace: options.namespace, execution: { workflowId } });
  } catch (error) {
    if (!isNotFound(error)) throw error; // closed meanwhile
  }
}

interface HeldActivity {
  readonly activityId: string;
  readonly runId: string;
  readonly state: number;
}

async function listHeldActivities(
  client: Client,
  workflowId: string,
  isDeadWorker: (identity: string) => boolean,
): Promise<readonly HeldActivity[]> {
  const description = await describe(client, workflowId);
  return (description?.raw.pendingActivities ?? []).flatMap(({ activityId, state, lastWorkerIdentity }) =>
    description !== undefined && activityId && state && lastWorkerIdentity && isDeadWorker(lastWorkerIdentity)
      ? [{ activityId, runId: description.runId, state }]
      : [],
  );
}

/** 0 when the activity has ended meanwhile. */
async function countAnswer(answer: Promise<void>): Promise<0 | 1> {
  try {
    await answer;
    return 1;
  } catch (error) {
    if (error instanceof ActivityNotFoundError) return 0;
    throw error;
  }
}
