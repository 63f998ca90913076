import { ActivityNotFoundError, type Client, WorkflowNotFoundError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
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
  await Promise.all(workflowIds.map((workflowId) => resetStickyQueue(client, workflowId)));
  const held = await Promise.all(workflowIds.map((workflowId) => listHeldActivities(client, workflowId, isDeadWorker)));
  const activities = held.flat();
  const count = async (state: number, answer: (id: HeldActivity) => Promise<void>): Promise<number> => {
    const answers = activities.filter((activity) => activity.state === state).map((id) => countAnswer(answer(id)));
    return (await Promise.all(answers)).reduce<number>((sum, one) => sum + one, 0);
  };
  return {
    workflowIds,
    failedActivities: await count(started, (id) => client.activity.fail(id, makeFailure())),
    // failing it would end the task result as failed, though it was cancelled
    cancelledActivities: await count(cancelRequested, (id) => client.activity.reportCancellation(id)),
  };
}

/** Tried again at once: the pause between attempts is meant for what fails, and nothing has. */
function makeFailure(): ApplicationFailure {
  return ApplicationFailure.create({ type: 'worker-gone', message: 'The worker process is gone.', nextRetryDelay: 1 });
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
  readonly workflowId: string;
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
      ? [{ workflowId, activityId, runId: description.runId, state }]
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
