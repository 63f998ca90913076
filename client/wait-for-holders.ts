import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import { makeTaskResultWorkflowId } from '../contracts/ids.ts';
import { isFinal } from '../contracts/status.ts';
import type { TaskResultRecord } from '../storage/result-index.ts';
import type { RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import { askTemporal } from './ask-temporal.ts';
import type { Host, Session } from './host.ts';

const LOOK_INTERVAL_MS = 100;
const PATIENCE_MS = 10_000;

interface Waiting {
  readonly host: Host;
  readonly store: Store;
  readonly session: Session;
  readonly runId: string;
}

/**
 * Before a run is started, perhaps on a new database of Temporal: waits until the runs that it was waiting for hold their
 * keys again. Started first, the waiting run would get a key and ask for what the other has answers for.
 *
 * Runs of this process are waited for, and of others those that are older and whose owner lives: so two runs which wait
 * for each other's work do not both hold back. After ten seconds the run starts all the same, and at worst asks again.
 */
export async function waitForHolders(waiting: Waiting): Promise<void> {
  const { store, session, runId } = waiting;
  const { closing } = session;
  const deadlineMs = performance.now() + PATIENCE_MS;
  const run = await store.runs.getRun(runId);
  const tasks = await store.results.listTaskResults(runId);
  for (const { taskResultId, holderRunId } of await store.runs.listWaits(runId)) {
    const task = tasks.find((candidate) => candidate.taskResultId === taskResultId);
    if (task === undefined) continue;
    while ((await isOnItsWay(waiting, run, holderRunId, task)) && !(await isHeld(session, task))) {
      if (performance.now() > deadlineMs) return;
      await sleep(LOOK_INTERVAL_MS, undefined, { signal: closing }).catch(() => closing.throwIfAborted());
    }
  }
}

/** Whether another run is going to take the key of a task: it still wants it, and somebody works on it. */
async function isOnItsWay(
  { host, store, session }: Waiting,
  run: RunRecord,
  holderRunId: string,
  task: TaskResultRecord,
): Promise<boolean> {
  const holder = await store.runs.getRun(holderRunId);
  if (isFinal(holder.status)) return false;
  const wanted = (await store.results.listTaskResults(holderRunId)).filter(
    ({ solverKey, status }) => solverKey === task.solverKey && !isFinal(status),
  );
  if (wanted.length === 0 || holder.ownerId === session.processId) return wanted.length > 0;
  if (holder.workQueue !== null) return holder.startedAt < run.startedAt; // workers have it
  const owner = (await store.runs.listProcesses()).find(({ processId }) => processId === holder.ownerId);
  return holder.startedAt < run.startedAt && owner !== undefined && host.isProcessAlive(owner);
}

/** Whether a workflow with an id that the task would need is open. */
async function isHeld({ client, storeId }: Session, task: TaskResultRecord): Promise<boolean> {
  for (const verdict of ['none', 'partial'] as const) {
    try {
      const workflowId = makeTaskResultWorkflowId({ storeId, verdict, ...task });
      const { status } = await askTemporal(() => client.workflow.getHandle(workflowId).describe());
      if (status.name === 'RUNNING') return true;
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
  return false;
}
