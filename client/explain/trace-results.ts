import type { Digest } from '../../contracts/digest.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { TaskResultRecord } from '../../storage/result-index.ts';
import type { RunRecord } from '../../storage/run-log.ts';
import type { Store } from '../../storage/store.ts';
import type { Contribution } from './explain-documents.ts';

/** One result of a line of results of which each stands on the next. */
export interface TracedResult {
  readonly taskResultId: string;
  /** Undefined where it is not in the store any more. */
  readonly record: TaskResultRecord | undefined;
  readonly contribution: Contribution | null;
}

/** Lines of results, and what their steps are named and compared by. */
export interface TracedResults {
  /** For each of the given results itself, then what it stands on, and so on. */
  readonly lines: readonly (readonly TracedResult[])[];
  readonly runs: ReadonlyMap<string, RunRecord>;
  readonly fingerprints: ReadonlyMap<Digest, JsonObject>;
}

/** Follows results to where everything in them was computed; one question to the store for each generation. */
export async function traceResults(
  store: Pick<Store, 'results' | 'runs'>,
  records: readonly TaskResultRecord[],
): Promise<TracedResults> {
  const known = new Map(records.map((record) => [record.taskResultId, record]));
  for (let wanted = listNext(records, known); wanted.length > 0; ) {
    const found = await store.results.findTaskResults(wanted);
    for (const record of found) known.set(record.taskResultId, record);
    wanted = listNext(found, known);
  }
  const all = [...known.values()];
  const [runs, fingerprints] = await Promise.all([
    store.runs.findRuns([...new Set(all.map(({ runId }) => runId))]),
    store.results.findFingerprints([...new Set(all.flatMap(({ solverKey, resultKey }) => [solverKey, resultKey]))]),
  ]);
  return {
    lines: records.map((record) => followLine(record, known)),
    runs: new Map(runs.map((run) => [run.runId, run])),
    fingerprints,
  };
}

function listNext(
  records: readonly TaskResultRecord[],
  known: ReadonlyMap<string, TaskResultRecord>,
): readonly string[] {
  const ids = records.flatMap((record) => findNext(record) ?? []);
  return [...new Set(ids)].filter((id) => !known.has(id));
}

/** What a result stands on: the source of its reuse, or the result whose errors it tries again. */
function findNext({ reusedFrom, mends }: TaskResultRecord): string | undefined {
  return reusedFrom ?? mends ?? undefined;
}

function followLine(first: TaskResultRecord, known: ReadonlyMap<string, TaskResultRecord>): readonly TracedResult[] {
  const line: TracedResult[] = [];
  const passed = new Set<string>();
  let next: string | undefined = first.taskResultId;
  while (next !== undefined && !passed.has(next)) {
    passed.add(next);
    const record = known.get(next);
    line.push({ taskResultId: next, record, contribution: record === undefined ? null : findContribution(record) });
    next = record === undefined ? undefined : findNext(record);
  }
  return line;
}

function findContribution({ reuse, mends, reusedFrom }: TaskResultRecord): Contribution | null {
  if (reuse === 'full') return 'nothing';
  if (reuse === 'partial' && reusedFrom !== null) return 'scores';
  if (mends !== null) return 'retries';
  return reuse === null ? null : 'everything';
}
