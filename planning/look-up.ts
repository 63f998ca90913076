import type { CachePolicy } from '../contracts/cache-policy.ts';
import type { Digest } from '../contracts/digest.ts';
import type { BlobReference, Plan, PlannedTaskSpecification } from '../evaluation/plan.ts';
import { type Decision, decideReuse } from '../evaluation/reuse/decide-reuse.ts';
import { explainMiss, type ReuseReason } from '../evaluation/reuse/explain-miss.ts';
import { type Damage, parseAge, type ReuseBounds } from '../evaluation/reuse/usability.ts';
import type { ContentStore } from '../storage/content-store.ts';
import { isBlobLost } from '../storage/is-blob-lost.ts';
import type { ResultIndex, TaskResultRecord } from '../storage/result-index.ts';

export interface LookUpStore {
  readonly content: ContentStore;
  readonly results: ResultIndex;
}

export interface LookUpTask {
  readonly solverKey: Digest;
  readonly resultKey: Digest;
}

/** What a cache check found for one task specification, with a warning for each damaged result it passed over. */
export interface Finding {
  readonly decision: Decision<TaskResultRecord>;
  readonly warnings: readonly string[];
}

/** The cache check: two queries for any number of specifications, then a look at the blobs of those that would stand. */
export async function lookUp(
  store: LookUpStore,
  plan: Pick<Plan, 'limits' | 'reuse'>,
  policy: CachePolicy,
  tasks: readonly LookUpTask[],
  nowMs: number,
): Promise<readonly Finding[]> {
  if (policy !== 'reuse') return tasks.map(() => ({ decision: { verdict: 'none', rejections: [] }, warnings: [] }));
  const [current, solved] = await Promise.all([
    store.results.findCurrentResults([...new Set(tasks.map((task) => task.resultKey))]),
    store.results.findSolvedResults([...new Set(tasks.map((task) => task.solverKey))]),
  ]);
  const bounds = makeReuseBounds(plan, nowMs);
  const findings: Finding[] = [];
  for (const { solverKey, resultKey } of tasks) {
    const candidates = { current: current.get(resultKey), solved: solved.get(solverKey) ?? [] };
    const decision = await decideReuse(policy, candidates, bounds, (result) => findDamage(store, result));
    const warnings = decision.rejections
      .filter(({ because }) => because === 'damaged')
      .map(
        ({ result }) =>
          `Stored pieces of task result ${result.taskResultId} (run ${result.runId}) are lost or damaged.`,
      );
    findings.push({ decision, warnings });
  }
  return findings;
}

export function makeReuseBounds({ limits, reuse }: Pick<Plan, 'limits' | 'reuse'>, nowMs: number): ReuseBounds {
  return {
    maxSampleErrors: limits.max_sample_errors,
    maxAgeMs: reuse.max_age === undefined ? undefined : parseAge(reuse.max_age),
    nowMs,
  };
}

/**
 * Existence and size of every blob, and the digests of manifest and metrics (design 4.3). A size that is not the recorded
 * one has the blob read: the same content, written anew by another release of the compressor, may take another.
 */
export async function findDamage(store: LookUpStore, result: TaskResultRecord): Promise<Damage> {
  const { taskResultId, segmentCount } = result;
  const [solve, score] = await Promise.all([
    store.results.listSegments(taskResultId, 'solve'),
    store.results.listSegments(taskResultId, 'score'),
  ]);
  if (solve.length < segmentCount || !(await areThere(store.content, solve))) return 'outputs';
  if (score.length < segmentCount || !(await areThere(store.content, score))) return 'scores';
  if (!(await verifies(store.content, result.manifest)) || !(await verifies(store.content, result.metrics)))
    return 'scores';
  return 'none';
}

async function areThere(
  content: ContentStore,
  segments: readonly { readonly blob: BlobReference }[],
): Promise<boolean> {
  for (const { blob } of segments) {
    const sizeBytes = await content.findSize(blob.digest);
    if (sizeBytes === blob.sizeBytes) continue;
    if (sizeBytes === undefined || !(await verifies(content, blob))) return false;
  }
  return true;
}

async function verifies(content: ContentStore, blob: BlobReference | null): Promise<boolean> {
  if (blob === null) return false;
  try {
    await content.get(blob.digest);
    return true;
  } catch (error) {
    if (isBlobLost(error)) return false;
    throw error;
  }
}

/** Why a task has to work, against the nearest of its earlier results; empty on full reuse. */
export async function explainFinding(
  results: Pick<ResultIndex, 'findComparableResults'>,
  plan: Pick<Plan, 'cache_policy'>,
  task: Pick<PlannedTaskSpecification, 'task_key' | 'solver_fingerprint' | 'result_fingerprint'>,
  finding: Finding,
): Promise<readonly ReuseReason[] | null> {
  if (finding.decision.verdict === 'full') return [];
  const comparable = await results.findComparableResults(task.task_key);
  const earlier = comparable.map(({ taskResult, ...fingerprints }) => ({
    taskResultId: taskResult.taskResultId,
    runId: taskResult.runId,
    status: taskResult.status,
    policy: taskResult.policy,
    isRemoved: taskResult.isRemoved,
    ...fingerprints,
  }));
  return explainMiss({
    policy: plan.cache_policy,
    solverFingerprint: task.solver_fingerprint,
    resultFingerprint: task.result_fingerprint,
    earlier,
    rejections: finding.decision.rejections,
  });
}
