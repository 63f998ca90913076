import { decodeUsage } from '../evaluation/usage/stored-usage.ts';
import type { Usage } from '../evaluation/usage/usage.ts';
import type { TaskResultRecord } from '../storage/result-index.ts';
import type { Store } from '../storage/store.ts';

/** Counts are recorded with the metrics; a task result that has none counts what it has recorded so far. */
export function isCounting(record: Pick<TaskResultRecord, 'metrics' | 'reuse'>): boolean {
  return record.metrics === null && record.reuse !== 'full';
}

/** What was asked for each task result of a run, by its id; of work that goes on, so far. */
export async function readUsage(
  store: Pick<Store, 'runs'>,
  runId: string,
  records: readonly TaskResultRecord[],
): Promise<ReadonlyMap<string, Usage>> {
  const soFar = records.some(isCounting) ? await store.runs.listUsage(runId) : undefined;
  return new Map(
    records.map((record) => {
      const usage = isCounting(record) ? (soFar?.get(record.taskResultId) ?? []) : decodeUsage(record.usage);
      return [record.taskResultId, usage];
    }),
  );
}
