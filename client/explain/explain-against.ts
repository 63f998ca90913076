import type { PlannedTaskSpecification } from '../../evaluation/plan.ts';
import { describeChanges, explainMiss, listDifferences } from '../../evaluation/reuse/explain-miss.ts';
import type { BuiltPlan } from '../../planning/build-plan.ts';
import type { PlannedKeys, RunRecord } from '../../storage/run-log.ts';
import type { Store } from '../../storage/store.ts';
import type { AgainstDocument, AgainstTaskDocument } from './explain-documents.ts';

/** In which fields a plan is other than a run, specification by specification. Nothing is changed. */
export async function explainAgainst(
  store: Store,
  run: RunRecord,
  { plan, planDigest }: BuiltPlan,
): Promise<AgainstDocument> {
  const [planned, records] = await Promise.all([
    store.runs.listPlannedKeys(run.runId),
    store.results.listTaskResults(run.runId),
  ]);
  const totals = new Map(records.map(({ key, samples }) => [key, samples.total]));
  const tasks = plan.tasks.map((task) => compareTask(task, planned, totals));
  const present = new Set(plan.tasks.map(({ key }) => key));
  const gone = planned.map(({ key }) => key).filter((key) => !present.has(key));
  return {
    run: run.runId,
    label: run.label,
    started_at: run.startedAt,
    evaluation: run.evaluationKey,
    plan_digest: planDigest,
    is_same:
      plan.cache_policy === run.policy &&
      gone.length === 0 &&
      tasks.every((task) => task.is_same_result_key && task.against === task.key),
    cache_policy: { before: run.policy, after: plan.cache_policy },
    tasks,
    gone,
  };
}

function compareTask(
  task: PlannedTaskSpecification,
  planned: readonly PlannedKeys[],
  totals: ReadonlyMap<string, number>,
): AgainstTaskDocument {
  const now = {
    key: task.key,
    modelKey: task.model_key,
    sampleCount: task.dataset.count,
    solverFingerprint: task.solver_fingerprint,
    resultFingerprint: task.result_fingerprint,
  };
  const earlier = planned.find(({ key }) => key === task.key) ?? findNearest(now, planned);
  if (earlier === undefined) {
    return { key: task.key, against: null, is_same_solver_key: false, is_same_result_key: false, differences: [] };
  }
  const total = totals.get(earlier.key);
  const before = { ...earlier, ...(total === undefined ? {} : { samples: { total } }) };
  return {
    key: task.key,
    against: earlier.key,
    is_same_solver_key: earlier.solverKey === task.solver_key,
    is_same_result_key: earlier.resultKey === task.result_key,
    differences: describeChanges(listDifferences(before, now), before, now),
  };
}

type Now = Pick<PlannedKeys, 'key' | 'solverFingerprint' | 'resultFingerprint'>;

/** Of a specification that has another key now: the one that it resembles most. */
function findNearest(now: Now, planned: readonly PlannedKeys[]): PlannedKeys | undefined {
  const earlier = planned.map((keys) => ({
    ...keys,
    taskResultId: keys.key,
    runId: '',
    status: 'completed' as const,
    policy: 'reuse' as const,
  }));
  return explainMiss({ ...now, policy: 'reuse', earlier, rejections: [] }).comparedWith;
}
