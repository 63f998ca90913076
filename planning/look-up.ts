import type { CachePolicy } from '../contracts/cache-policy.ts';
import type { Digest } from '../contracts/digest.ts';
import type { BlobReference, Plan } from '../evaluation/plan.ts';
import { type Decision, decideReuse } from '../evaluation/reuse/decide-reuse.ts';
import { type Damage, parseAge, type ReuseBounds } from '../evaluation/reuse/usability.ts';
import type { ContentStore } from '../storage/content-store.ts';
import { isBlobLost } from '../storage/is-blob-lost.ts';
import type { ResultIndex, StageSegments, TaskResultRecord } from '../storage/result-index.ts';

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

/** Reading of blobs that would stand: so many specifications are looked at together. */
const decisionsAtOnce = 32;

/**
 * The cache check: three queries for any number of specifications, then a look at the blobs of those that would stand.
 * Only where a result turns out to be damaged is there one more query for each.
 */
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
  const candidatesOf = ({ solverKey, resultKey }: LookUpTask) => ({
    current: current.get(resultKey),
    solved: solved.get(solverKey) ?? [],
  });
  const findDamageOnce = await prepareDamageSearch(
    store,
    tasks.flatMap((task) => {
      const { current: first, solved: others } = candidatesOf(task);
      const likely = first ?? others[0];
      return likely === undefined ? [] : [likely.taskResultId];
    }),
  );
  const bounds = makeReuseBounds(plan, nowMs);
  const findings: Finding[] = [];
  for (let start = 0; start < tasks.length; start += decisionsAtOnce) {
    const group = tasks.slice(start, start + decisionsAtOnce);
    findings.push(
      ...(await Promise.all(
        group.map(async (task) => {
          const decision = await decideReuse(policy, candidatesOf(task), bounds, findDamageOnce);
          return { decision, warnings: warnOfDamage(decision) };
        }),
      )),
    );
  }
  return findings;
}

function warnOfDamage({ rejections }: Decision<TaskResultRecord>): readonly string[] {
  return rejections
    .filter(({ because }) => because === 'damaged')
    .map(
      ({ result }) => `Stored pieces of task result ${result.taskResultId} (run ${result.runId}) are lost or damaged.`,
    );
}

/** Looks at each result once, however many specifications it would stand for; the segments of `likely` ones are read at once. */
async function prepareDamageSearch(
  store: LookUpStore,
  likely: readonly string[],
): Promise<(result: TaskResultRecord) => Promise<Damage>> {
  const ids = new Set(likely);
  const segments = await store.results.listSegmentsOf([...ids]);
  const found = new Map<string, Promise<Damage>>();
  return (result) => {
    const known = found.get(result.taskResultId);
    if (known !== undefined) return known;
    const damage = ids.has(result.taskResultId)
      ? findDamageOf(store.content, result, segments.get(result.taskResultId))
      : findDamage(store, result);
    found.set(result.taskResultId, damage);
    return damage;
  };
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
  const segments = await store.results.listSegmentsOf([result.taskResultId]);
  return findDamageOf(store.content, result, segments.get(result.taskResultId));
}

async function findDamageOf(
  content: ContentStore,
  { segmentCount, manifest, metrics }: TaskResultRecord,
  { solve, score }: StageSegments = { solve: [], score: [] },
): Promise<Damage> {
  if (solve.length < segmentCount || !(await areThere(content, solve))) return 'outputs';
  if (score.length < segmentCount || !(await areThere(content, score))) return 'scores';
  if (!(await verifies(content, manifest)) || !(await verifies(content, metrics))) return 'scores';
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
