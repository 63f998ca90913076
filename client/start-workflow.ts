import type { CachePolicy } from '../contracts/cache-policy.ts';
import { makeEvaluationWorkflowId, makeStoreQueue, makeWaitQueue, makeWorkQueue } from '../contracts/ids.ts';
import { isFinal } from '../contracts/status.ts';
import { type EvaluationInput, evaluationWorkflowName } from '../contracts/workflow-inputs.ts';
import type { TaskResultRecord } from '../storage/result-index.ts';
import type { RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import type { Session } from './host.ts';

const MAX_PARALLEL_TASKS = 16;
/**
 * Segments of one task result in progress at once: enough that the sealing of some (compressing, syncing) overlaps with the
 * queries of others.
 */
const WINDOW = 16;

/**
 * Starts the workflow of a run, or attaches to it where it is open: the id is the run's. Task results that have a final
 * status are found so by the first cache check, under every policy.
 */
export async function startWorkflow(session: Session, store: Store, run: RunRecord): Promise<void> {
  const { storeId, client, workflowTaskTimeoutMs } = session;
  const { runId, plan, attempt } = run;
  const policy: CachePolicy = run.policy;
  const taskResults = withoutMendedTwins(await store.results.listTaskResults(runId));
  const input: EvaluationInput = {
    storeId,
    runId,
    attempt,
    planRef: plan,
    policy,
    tasks: taskResults
      .filter(({ status }) => !isFinal(status))
      .map(({ key, taskResultId, solverKey, resultKey, segmentCount, attempt: taskAttempt }) => ({
        key,
        taskResultId,
        solverKey,
        resultKey,
        segmentCount,
        attempt: taskAttempt,
      })),
    queues: { wait: makeWaitQueue(storeId), work: makeWorkQueue(storeId, runId) },
    maxParallelTasks: MAX_PARALLEL_TASKS,
    window: WINDOW,
    workflowTaskTimeoutMs,
  };
  await client.workflow.start(evaluationWorkflowName, {
    args: [input],
    taskQueue: makeStoreQueue(storeId),
    workflowId: makeEvaluationWorkflowId({ storeId, runId }),
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowTaskTimeout: workflowTaskTimeoutMs,
    staticSummary: `evaluation ${run.evaluationKey}`.slice(0, 200),
    memo: { planRef: plan },
  });
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
