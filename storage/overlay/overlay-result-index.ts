import type { Digest } from '../../contracts/digest.ts';
import { override } from '../override.ts';
import type { ResultIndex, TaskResultRecord } from '../result-index.ts';
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
      const keys = new Set<Digest>([...here.keys(), ...there.keys()]);
      return new Map(
        [...keys].map((key) => {
          const both = mergeById(here.get(key) ?? [], there.get(key) ?? [], ({ taskResultId }) => taskResultId);
          return [key, both.toSorted(bySolvedLast).slice(0, maxSolvedResults)];
        }),
      );
    },
    async findComparableResults(taskKey) {
      const [here, there] = await Promise.all([
        results.findComparableResults(taskKey),
        shared.results.findComparableResults(taskKey),
      ]);
      return mergeById(here, there, ({ taskResult }) => taskResult.taskResultId)
        .toSorted((left, right) => compareTexts(right.taskResult.endedAt ?? '', left.taskResult.endedAt ?? ''))
        .slice(0, maxComparableResults);
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
    async publish(taskResultId, judged, attempt) {
      // One of the shared store that is usable stays the current one; one that is not has no say here.
      if (judged === null || (await isOwn(judged.taskResultId))) return results.publish(taskResultId, judged, attempt);
      if (!judged.isUsable) return results.publish(taskResultId, null, attempt);
      await importShared(judged.taskResultId);
      return results.publish(taskResultId, judged, attempt);
    },
  });
}

function mergeById<Item>(here: readonly Item[], there: readonly Item[], idOf: (item: Item) => string): readonly Item[] {
  const known = new Set(here.map(idOf));
  return [...here, ...there.filter((item) => !known.has(idOf(item)))];
}

/** As `ResultIndex.findSolvedResults` orders them. */
function bySolvedLast(left: TaskResultRecord, right: TaskResultRecord): number {
  const byTime = compareTexts(right.solvedAt ?? '', left.solvedAt ?? '');
  return byTime === 0 ? compareTexts(right.taskResultId, left.taskResultId) : byTime;
}

function compareTexts(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}
