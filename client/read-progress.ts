import { isFinal } from '../contracts/status.ts';
import { makeUsageTotals } from '../evaluation/usage/usage-document.ts';
import type { RunRecord, TaskProgress } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import { readUsage } from './read-usage.ts';
import type { TaskProgressEvent } from './stet.ts';

/** Over how much of the past the pace is measured. */
const PACE_WINDOW_MS = 10_000;

interface Observation {
  readonly atMs: number;
  readonly done: number;
}

/** Progress of a run from the store's counts, with the pace since it was last asked: works without a worker, too. */
export function createProgressReader(store: Store, runId: string): () => Promise<readonly TaskProgressEvent[]> {
  const observed = new Map<string, Observation[]>();
  return async () => {
    const [run, taskResults, progress, waits] = await Promise.all([
      store.runs.getRun(runId),
      store.results.listTaskResults(runId),
      store.runs.listProgress(runId),
      store.runs.listWaits(runId),
    ]);
    const usages = await readUsage(store, runId, taskResults);
    const holders = new Map(waits.map(({ taskResultId, holderRunId }) => [taskResultId, holderRunId]));
    return taskResults.map((record) => {
      const { taskResultId, key, status, samples } = record;
      const entry = findPresentStage(progress, taskResultId, samples.total);
      const stage = isFinal(status) || entry === undefined ? null : entry.stage;
      const done = isFinal(status) ? samples.total : (entry?.done ?? 0);
      const pace = stage === null ? null : measurePace(observed, `${taskResultId}/${stage}`, done);
      return {
        key,
        taskResultId,
        status,
        stage,
        done,
        total: samples.total,
        errors: isFinal(status) ? samples.errors : (entry?.errors ?? 0),
        queriesPerSecond: pace,
        etaMs: pace === null || pace === 0 ? null : (1_000 * (samples.total - done)) / pace,
        waitsFor: isFinal(status) ? null : describeWait(run, holders.get(taskResultId)),
        costMicros: makeUsageTotals(usages.get(taskResultId) ?? []).cost_micros,
      };
    });
  };
}

function describeWait({ pausedAt }: RunRecord, holderRunId: string | undefined): string | null {
  if (pausedAt !== null) return '`stet unpause`: the run is paused';
  return holderRunId === undefined ? null : `run ${holderRunId}`;
}

/** Scoring once something is scored or everything is solved, solving before. */
function findPresentStage(
  progress: readonly TaskProgress[],
  taskResultId: string,
  total: number,
): TaskProgress | undefined {
  const [solve, score] = (['solve', 'score'] as const).map((stage) =>
    progress.find((entry) => entry.taskResultId === taskResultId && entry.stage === stage),
  );
  return score !== undefined && (score.done > 0 || (solve?.done ?? 0) >= total) ? score : solve;
}

function measurePace(observed: Map<string, Observation[]>, name: string, done: number): number | null {
  const nowMs = Date.now();
  const kept = (observed.get(name) ?? []).filter(({ atMs }) => nowMs - atMs <= PACE_WINDOW_MS);
  kept.push({ atMs: nowMs, done });
  observed.set(name, kept);
  const [first] = kept;
  if (first === undefined || nowMs - first.atMs < 500) return null;
  return (1_000 * (done - first.done)) / (nowMs - first.atMs);
}
