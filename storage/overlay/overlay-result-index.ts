import { override } from '../override.ts';
import type { ComparableResult, ResultIndex, TaskResultRecord } from '../result-index.ts';
import type { Store } from '../store.ts';

/** As many as `ResultIndex` promises at most. */
const maxSolvedResults = 20;
const maxComparableResults = 50;

/**
 * The results of a store over those of one that is only read. Look-ups find both, its own first; before something is to
 * stand on a shared one, the records of that one are copied (`importShared`).
 */
export function createOverlayResultIndex(
  own: Store,
  shared: Store,
  importShared: (taskResultId: string) => Promise<void>,
): ResultIndex {
  const { results } = own;
  const isOwn = async (taskResultId: string) => (await results.findTaskResults([taskResultId])).length > 0;
  return override(results, {
    async findTaskResults(taskResultIds) {
      const found = await results.findTaskResults(taskResultIds);
      const known = new Set(found.map(({ taskResultId }) => taskResultId));
      const others = taskResultIds.filter((id) => !known.has(id));
      return others.length === 0 ? found : [...found, ...(await shared.results.findTaskResults(others))];
    },
    async listTaskResults(runId) {
      // Of a run that was copied only those are here that something stands on.
      const there = await shared.results.listTaskResults(runId);
      return there.length > 0 ? there : results.listTaskResults(runId);
    },
    async findCurrentResults(resultKeys) {
      const found = await results.findCurrentResults(resultKeys);
      const others = resultKeys.filter((key) => !found.has(key));
      return others.length === 0 ? found : new Map([...(await shared.results.findCurrentResults(others)), ...found]);
    },
    async findSolvedResults(solverKeys) {
      const [here, there] = await Promise.all([
        results.findSolvedResults(solverKeys),
        shared.results.findSolvedResults(solverKeys),
      ]);
      return mergeGroups(here, there, bySolvedLast, maxSolvedResults);
    },
    async findComparableResults(taskKeys) {
      const [here, there] = await Promise.all([
        results.findComparableResults(taskKeys),
        shared.results.findComparableResults(taskKeys),
      ]);
      return mergeGroups(here, there, byEndedLast, maxComparableResults);
    },
    async findFingerprints(digests) {
      const found = await results.findFingerprints(digests);
      const others = digests.filter((digest) => !found.has(digest));
      return others.length === 0 ? found : new Map([...(await shared.results.findFingerprints(others)), ...found]);
    },
    async recordAlias(taskResultId, decision, attempt) {
      await importShared(decision.sourceId);
      return results.recordAlias(taskResultId, decision, attempt);
    },
    async recordRunning(taskResultId, decision, attempt) {
      if (decision.sourceId !== undefined) await importShared(decision.sourceId);
      return results.recordRunning(taskResultId, decision, attempt);
    },
    findSegment: async (segment) => (await results.findSegment(segment)) ?? shared.results.findSegment(segment),
    async listSegments(taskResultId, stage) {
      return (await isOwn(taskResultId))
        ? results.listSegments(taskResultId, stage)
        : shared.results.listSegments(taskResultId, stage);
    },
    async listSegmentsOf(taskResultIds) {
      const own = new Set((await results.findTaskResults(taskResultIds)).map(({ taskResultId }) => taskResultId));
      const [here, there] = await Promise.all([
        results.listSegmentsOf(taskResultIds.filter((id) => own.has(id))),
        shared.results.listSegmentsOf(taskResultIds.filter((id) => !own.has(id))),
      ]);
      return new Map([...there, ...here]);
    },
    async publish(taskResultId, judged, attempt) {
      // One of the shared store that is usable stays the current one; one that is not has no say here.
      if (judged === null || (await isOwn(judged.taskResultId))) return results.publish(taskResultId, judged, attempt);
      if (!judged.isUsable) return results.publish(taskResultId, null, attempt);
      await importShared(judged.taskResultId);
      return results.publish(taskResultId, judged, attempt);
    },
  });
}

type Named = Pick<TaskResultRecord, 'taskResultId'>;

/** What both have under each key, each result once, in the order and number that the index promises. */
function mergeGroups<Key, Item extends Named>(
  here: ReadonlyMap<Key, readonly Item[]>,
  there: ReadonlyMap<Key, readonly Item[]>,
  order: (left: Item, right: Item) => number,
  limit: number,
): ReadonlyMap<Key, readonly Item[]> {
  const keys = new Set([...here.keys(), ...there.keys()]);
  return new Map(
    [...keys].map((key) => {
      const own = here.get(key) ?? [];
      const known = new Set(own.map(({ taskResultId }) => taskResultId));
      const others = (there.get(key) ?? []).filter(({ taskResultId }) => !known.has(taskResultId));
      return [key, [...own, ...others].toSorted(order).slice(0, limit)];
    }),
  );
}

/** As `ResultIndex.findComparableResults` orders them. */
function byEndedLast(left: ComparableResult, right: ComparableResult): number {
  return compareTexts(right.endedAt ?? '', left.endedAt ?? '');
}

/** As `ResultIndex.findSolvedResults` orders them. */
function bySolvedLast(left: TaskResultRecord, right: TaskResultRecord): number {
  const byTime = compareTexts(right.solvedAt ?? '', left.solvedAt ?? '');
  return byTime === 0 ? compareTexts(right.taskResultId, left.taskResultId) : byTime;
}

function compareTexts(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}
