import { isFinal } from '../contracts/status.ts';
import type { Plan } from '../evaluation/plan.ts';
import type { TaskResultRecord } from '../storage/result-index.ts';
import type { TaskProgress } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import { countQueriesOfSample } from './plan/expected-queries.ts';
import type { PlanDocument, PlanTaskDocument } from './run-document.ts';
import type { StandingQueries } from './stet.ts';

/**
 * How many queries a run has behind it, and how many are missing: without errors, retries and judges' re-asks. A sample
 * that has failed counts as missing, since it is tried again.
 *
 * @param document - What a new run of the plan would find now.
 */
export async function countStanding(
  store: Store,
  runId: string,
  plan: Plan,
  document: PlanDocument,
): Promise<StandingQueries> {
  const [taskResults, progress] = await Promise.all([
    store.results.listTaskResults(runId),
    store.runs.listProgress(runId),
  ]);
  let missing = 0;
  for (const [index, task] of plan.tasks.entries()) {
    const anew = document.tasks[index];
    const record = taskResults.find(({ key }) => key === task.key);
    if (anew === undefined) continue;
    if (record === undefined) missing += anew.model_queries.sent;
    else missing += countMissing(record, anew, countQueriesOfSample(task), progress);
  }
  return { finished: Math.max(0, document.model_queries.sent - missing), missing };
}

function countMissing(
  { taskResultId, status, reuse }: TaskResultRecord,
  anew: PlanTaskDocument,
  perSample: { readonly solver: number; readonly judges: number },
  progress: readonly TaskProgress[],
): number {
  if (status === 'completed') return 0;
  const countGood = (stage: TaskProgress['stage']): number => {
    const entry = progress.find((candidate) => candidate.taskResultId === taskResultId && candidate.stage === stage);
    return entry === undefined ? 0 : entry.done - entry.errors;
  };
  const total = anew.samples.total;
  const solverStands = anew.reuse === 'partial' && (isFinal(status) || reuse !== 'none');
  const solver = solverStands ? 0 : perSample.solver * (total - countGood('solve'));
  const judges = perSample.judges * (total - countGood('score'));
  // A twin, or a sibling of the same solver key, stands on what the first one computes.
  return Math.min(anew.model_queries.sent, Math.max(0, solver + judges));
}
