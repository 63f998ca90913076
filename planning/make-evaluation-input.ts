import { makeWaitQueue } from '../contracts/ids.ts';
import { isFinal } from '../contracts/status.ts';
import type { EvaluationInput } from '../contracts/workflow-inputs.ts';
import type { Plan } from '../evaluation/plan.ts';
import type { TaskResultRecord } from '../storage/result-index.ts';
import type { RunRecord } from '../storage/run-log.ts';

const MAX_PARALLEL_TASKS = 16;
/**
 * Segments of one task result in progress at once: enough that the sealing of some (compressing, syncing) overlaps with the
 * queries of others.
 */
const WINDOW = 16;

/** What the workflow of a recorded run is started with: the task results that have work to do. */
export function makeEvaluationInput(
  run: RunRecord,
  recorded: readonly TaskResultRecord[],
  place: {
    readonly storeId: string;
    readonly workQueue: string;
    readonly workflowTaskTimeoutMs: number;
    /** Names the models of the tasks, for Temporal's lists. */
    readonly plan?: Plan;
  },
): EvaluationInput {
  const { storeId, workQueue, workflowTaskTimeoutMs } = place;
  const { runId, plan, attempt, policy, evaluationKey, trigger } = run;
  const modelKeys = new Map(place.plan?.tasks.map(({ key, model_key }) => [key, model_key]));
  return {
    storeId,
    runId,
    attempt,
    planRef: plan,
    policy,
    tasks: withoutMendedTwins(recorded)
      .filter(({ status }) => !isFinal(status))
      .map(({ key, taskResultId, solverKey, resultKey, segmentCount, samples, attempt: taskAttempt }) => {
        const modelKey = modelKeys.get(key);
        return {
          key,
          taskResultId,
          solverKey,
          resultKey,
          segmentCount,
          attempt: taskAttempt,
          samples: samples.total,
          ...(modelKey === undefined ? {} : { modelKey }),
        };
      }),
    queues: { wait: makeWaitQueue(storeId), work: workQueue },
    maxParallelTasks: MAX_PARALLEL_TASKS,
    window: WINDOW,
    workflowTaskTimeoutMs,
    shown: { evaluation: evaluationKey, trigger },
    ...(run.alerts === null ? {} : { hasAlerts: true as const }),
  };
}

/** Of those that try the errors of one result again only the first works; the others end with it, as its twins. */
function withoutMendedTwins(taskResults: readonly TaskResultRecord[]): readonly TaskResultRecord[] {
  const seen = new Set<string>();
  return taskResults.filter(({ mends, status }) => {
    if (mends === null || isFinal(status)) return true;
    const isFirst = !seen.has(mends);
    seen.add(mends);
    return isFirst;
  });
}
