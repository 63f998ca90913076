import type { CachePolicy, Verdict } from './cache-policy.ts';
import type { Digest } from './digest.ts';

// Every id starts with the store's id, so that several stores share one Temporal namespace without meeting.

/** Workflow id of an evaluation run. */
export function makeEvaluationWorkflowId(run: { readonly storeId: string; readonly runId: string }): string {
  return `${run.storeId}/evaluation/${run.runId}`;
}

/**
 * Workflow id of a task result. Under `reuse` it is the lock of single flight: the solver key where everything has to
 * be computed, the result key where solver outputs stand. `update` and `no-cache` never share work.
 */
export function makeTaskResultWorkflowId(task: {
  readonly storeId: string;
  readonly policy: CachePolicy;
  readonly verdict: Exclude<Verdict, 'full'>;
  readonly solverKey: Digest;
  readonly resultKey: Digest;
  readonly taskResultId: string;
}): string {
  if (task.policy !== 'reuse') return `${task.storeId}/solve/${task.solverKey}/${task.taskResultId}`;
  return task.verdict === 'partial'
    ? `${task.storeId}/score/${task.resultKey}`
    : `${task.storeId}/solve/${task.solverKey}`;
}

/** Workflows and store activities; polled by every command that holds a worker. */
export function makeStoreQueue(storeId: string): string {
  return `stet/${storeId}`;
}

/** Waits for a foreign workflow, apart from the rest so that they never occupy working slots. */
export function makeWaitQueue(storeId: string): string {
  return `stet/${storeId}/wait`;
}

/** Solve, score and metrics of one run; polled by its owner, with the environment of that run's file. */
export function makeWorkQueue(storeId: string, runId: string): string {
  return `stet/${storeId}/${runId}`;
}

/** Solve, score and metrics of runs that nobody sits in front of; polled by the workers of the store. */
export function makeSharedWorkQueue(storeId: string): string {
  return `stet/${storeId}/work`;
}

/** Planning of scheduled runs whose file is read at each firing; polled where that file lies. */
export function makePlanningQueue(storeId: string): string {
  return `stet/${storeId}/plan`;
}

/** Temporal's id of a schedule. */
export function makeScheduleId(schedule: { readonly storeId: string; readonly name: string }): string {
  return `${schedule.storeId}/schedule/${schedule.name}`;
}
