import type { Firing } from '../contracts/activities.ts';
import type { Digest } from '../contracts/digest.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { makeWorkQueue } from '../contracts/ids.ts';
import { isFinal } from '../contracts/status.ts';
import type { EvaluationInput } from '../contracts/workflow-inputs.ts';
import { pickSpendingLimits } from '../evaluation/limits/spending-limits.ts';
import type { Plan } from '../evaluation/plan.ts';
import type { RunRecord } from '../storage/run-log.ts';
import type { ScheduleRecord } from '../storage/schedule-log.ts';
import type { Store } from '../storage/store.ts';
import { makeEvaluationInput } from './make-evaluation-input.ts';
import { makeTaskResults } from './make-task-results.ts';

/**
 * Records the run of a firing as open and ownerless, and says how it goes on. Repeated, it gives the same; null where the run
 * has ended, as when a time is backfilled that has been run.
 */
export async function beginFiring(
  store: Store,
  { name, definition, baseline }: ScheduleRecord,
  { runId, scheduledAt, workflowTaskTimeoutMs }: Firing,
  planned: { readonly plan: Plan; readonly planRef: Digest; readonly planDigest: Digest },
  chooseWorkQueue: (runId: string) => Promise<string>,
): Promise<EvaluationInput | null> {
  const standing = await findRun(store, runId);
  if (standing !== undefined && isFinal(standing.status)) return null;
  const { plan, planRef, planDigest } = planned;
  const { alerts, file, origin } = definition;
  const storeId = await store.runs.getStoreId();
  const ownQueue = makeWorkQueue(storeId, runId);
  const workQueue = await chooseWorkQueue(runId);
  const newRun = {
    runId,
    evaluationKey: plan.evaluation.key,
    label: null,
    planDigest,
    plan: planRef,
    policy: plan.cache_policy,
    limits: pickSpendingLimits(plan.limits),
    ownerId: null,
    file,
    origin,
    startedAt: new Date().toISOString(),
    trigger: 'schedule',
    scheduleName: name,
    scheduledAt,
    workQueue: workQueue === ownQueue ? null : workQueue,
    alerts: alerts.length === 0 ? null : { alerts, baseline: baseline ?? 'previous', findings: null },
  } as const;
  if (standing === undefined) await store.runs.createRun(newRun, makeTaskResults(plan));
  const run = await store.runs.getRun(runId);
  return makeEvaluationInput(run, await store.results.listTaskResults(runId), {
    storeId,
    plan,
    workQueue: run.workQueue ?? ownQueue,
    workflowTaskTimeoutMs,
  });
}

async function findRun(store: Store, runId: string): Promise<RunRecord | undefined> {
  try {
    const run = await store.runs.getRun(runId);
    return run.runId === runId ? run : undefined; // a reference may also be a label
  } catch (error) {
    if (error instanceof EvaluationError && error.code === 'run-not-found') return undefined;
    throw error;
  }
}

/** So that a firing without a run is seen, and told of. */
export async function recordFailedFiring(
  store: Store,
  { schedule, runId, scheduledAt }: Firing,
  { code, message }: EvaluationError,
): Promise<void> {
  // What is no more than "not now" is tried again.
  if (code === 'store-failed') return;
  await store.schedules.recordFailedFiring(schedule, { runId, scheduledAt, error: { code, message } });
}
