import type { Digest } from '../contracts/digest.ts';
import type { JsonObject } from '../contracts/json.ts';
import type { Plan, PlannedTaskSpecification } from '../evaluation/plan.ts';
import { type Comparable, type Explanation, explainMiss, type ReuseReason } from '../evaluation/reuse/explain-miss.ts';
import type { ComparableResult, ResultIndex } from '../storage/result-index.ts';
import type { Finding } from './look-up.ts';

export type ExplainedTask = Pick<
  PlannedTaskSpecification,
  | 'key'
  | 'task_key'
  | 'model_key'
  | 'dataset'
  | 'solver_key'
  | 'result_key'
  | 'solver_fingerprint'
  | 'result_fingerprint'
>;

/** An earlier result with its fingerprints. */
export type EarlierResult = ComparableResult & Comparable;

type ExplainingIndex = Pick<ResultIndex, 'findComparableResults' | 'findFingerprints'>;

/** An explanation with the results that are likely to resemble the new one most, the nearest first. */
export type ExplanationWithNearest = Explanation<EarlierResult> & { readonly nearest: readonly ComparableResult[] };

/** Beside one that a task is explained against and that has not all of its answers. */
const latestNamed = 2;

/**
 * How many of the latest results are looked at before all of them are: the nearest is nearly always the newest of the same
 * specification, and the fingerprints of the others need not be read then.
 */
const lookedAt = [1, 6, Number.POSITIVE_INFINITY] as const;

/**
 * Why each task has to work, against the nearest of its earlier results; no reasons on full reuse. At most four queries
 * for any number of tasks.
 */
export async function explainFindings(
  results: ExplainingIndex,
  plan: Pick<Plan, 'cache_policy' | 'limits' | 'reuse'>,
  tasks: readonly { readonly task: ExplainedTask; readonly finding: Finding }[],
): Promise<readonly ExplanationWithNearest[]> {
  const missed = tasks.filter(({ finding }) => finding.decision.verdict !== 'full');
  const comparable =
    missed.length === 0
      ? new Map<string, readonly ComparableResult[]>()
      : await results.findComparableResults([...new Set(missed.map(({ task }) => task.task_key))]);
  const fingerprints = new Map<Digest, JsonObject>();
  const ordered = new Map(tasks.map(({ task }) => [task, inOrder(task, comparable)]));
  const explained = new Map<ExplainedTask, Explanation<EarlierResult>>();
  for (const limit of lookedAt) {
    const open = missed.filter(({ task }) => explained.get(task)?.isNearest !== true);
    const earlierOf = (task: ExplainedTask) => (ordered.get(task) ?? []).slice(0, limit);
    const needed = new Set(open.flatMap(({ task }) => listDigests(task, earlierOf(task))));
    const unknown = [...needed].filter((digest) => !fingerprints.has(digest));
    if (unknown.length > 0) {
      for (const [digest, fingerprint] of await results.findFingerprints(unknown))
        fingerprints.set(digest, fingerprint);
    }
    for (const { task, finding } of open) {
      const explanation = explainMiss({
        policy: plan.cache_policy,
        key: task.key,
        modelKey: task.model_key,
        sampleCount: task.dataset.count,
        solverFingerprint: task.solver_fingerprint,
        resultFingerprint: task.result_fingerprint,
        earlier: withFingerprints(task, earlierOf(task), fingerprints),
        rejections: finding.decision.rejections,
        bounds: { maxSampleErrors: plan.limits.max_sample_errors, maxAge: plan.reuse.max_age },
      });
      const isComplete = (ordered.get(task)?.length ?? 0) <= limit;
      explained.set(task, isComplete ? { ...explanation, isNearest: true } : explanation);
    }
  }
  return tasks.map(({ task }) => {
    const explanation = explained.get(task) ?? { reasons: [], comparedWith: undefined, isNearest: true };
    const { comparedWith } = explanation;
    if (comparedWith?.status === 'completed') return { ...explanation, nearest: [comparedWith] };
    const latest = (ordered.get(task) ?? []).filter(({ status }) => status === 'completed').slice(0, latestNamed);
    return { ...explanation, nearest: comparedWith === undefined ? latest : [comparedWith, ...latest] };
  });
}

/** Of one task; empty on full reuse, null where there is nothing to compare with. */
export async function explainFinding(
  results: ExplainingIndex,
  plan: Pick<Plan, 'cache_policy' | 'limits' | 'reuse'>,
  task: ExplainedTask,
  finding: Finding,
): Promise<readonly ReuseReason[] | null> {
  const [explanation] = await explainFindings(results, plan, [{ task, finding }]);
  return explanation?.reasons ?? null;
}

/** Equal ones first, which need no fingerprint, then those of the same specification, the newest of each first. */
function inOrder(
  { key, task_key, solver_key, result_key }: ExplainedTask,
  comparable: ReadonlyMap<string, readonly ComparableResult[]>,
): readonly ComparableResult[] {
  const rank = (result: ComparableResult) => {
    if (result.solverKey === solver_key && result.resultKey === result_key) return 0;
    return result.key === key ? 1 : 2;
  };
  const all = comparable.get(task_key) ?? [];
  return all.length < 2 ? all : all.toSorted((left, right) => rank(left) - rank(right));
}

function listDigests(task: ExplainedTask, earlier: readonly ComparableResult[]): readonly Digest[] {
  return earlier.flatMap(({ solverKey, resultKey }) => [
    ...(solverKey === task.solver_key ? [] : [solverKey]),
    ...(resultKey === task.result_key ? [] : [resultKey]),
  ]);
}

/** A result whose fingerprints are lost cannot be compared with. */
function withFingerprints(
  task: ExplainedTask,
  earlier: readonly ComparableResult[],
  fingerprints: ReadonlyMap<Digest, JsonObject>,
): readonly EarlierResult[] {
  return earlier.flatMap((result) => {
    const solver = result.solverKey === task.solver_key ? task.solver_fingerprint : fingerprints.get(result.solverKey);
    const scoring = result.resultKey === task.result_key ? task.result_fingerprint : fingerprints.get(result.resultKey);
    if (solver === undefined || scoring === undefined) return [];
    return [{ ...result, solverFingerprint: solver, resultFingerprint: scoring }];
  });
}
