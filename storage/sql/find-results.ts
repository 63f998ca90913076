import { sql } from 'kysely';
import type { Digest } from '../../contracts/digest.ts';
import type { ComparableResult, TaskResultRecord } from '../result-index.ts';
import { build } from './build.ts';
import { eachOf } from './each-of.ts';
import type { TaskResultRow } from './tables.ts';
import { listTaskResultRecords, toSampleCounts } from './task-result-rows.ts';
import { all, type Work } from './work.ts';

const maxSolvedResults = 20;
const maxComparableResults = 50;

export function* findTaskResults(taskResultIds: readonly string[]): Work<readonly TaskResultRecord[]> {
  return yield* listTaskResultRecords(
    build.selectFrom('task_results').selectAll().where('task_result_id', 'in', eachOf(taskResultIds)),
  );
}

export function* listTaskResults(runId: string): Work<readonly TaskResultRecord[]> {
  return yield* listTaskResultRecords(
    build
      .selectFrom('task_results')
      .selectAll()
      .where('run_id', '=', runId)
      .where('position', '>=', 0) // below: its place was taken, see `reopen-run.ts`
      .orderBy('position'),
  );
}

export function* findCurrentResults(resultKeys: readonly Digest[]): Work<ReadonlyMap<Digest, TaskResultRecord>> {
  const records = yield* listTaskResultRecords(
    build
      .selectFrom('task_results')
      .selectAll()
      // Literal, not bound: otherwise the planner may not take the index of current results.
      .where('is_current', '=', sql.lit(1))
      .where('result_key', 'in', eachOf(resultKeys)),
  );
  return new Map(records.map((record) => [record.resultKey, record]));
}

export function* findSolvedResults(
  solverKeys: readonly Digest[],
): Work<ReadonlyMap<Digest, readonly TaskResultRecord[]>> {
  const ranked = build
    .selectFrom('task_results')
    .select([
      'task_result_id as ranked_id',
      sql<number>`row_number() OVER (PARTITION BY solver_key ORDER BY solved_at DESC, task_result_id DESC)`.as('place'),
    ])
    .where('solver_key', 'in', eachOf(solverKeys))
    // Literals, for the sake of the index of solved results.
    .where('status', '=', sql.lit('completed' as const))
    .where('policy', '<>', sql.lit('no-cache' as const))
    .where('reuse', '<>', sql.lit('full' as const))
    .where('is_removed', '=', 0);
  const records = yield* listTaskResultRecords(
    build
      .selectFrom('task_results')
      .innerJoin(ranked.as('ranked'), 'ranked_id', 'task_result_id')
      .selectAll('task_results')
      .where('place', '<=', maxSolvedResults)
      .orderBy('solved_at', 'desc')
      .orderBy('task_result_id', 'desc'),
  );
  return groupBy(records, ({ solverKey }) => solverKey);
}

export function* findComparableResults(
  taskKeys: readonly string[],
): Work<ReadonlyMap<string, readonly ComparableResult[]>> {
  const ranked = build
    .selectFrom('task_results')
    .select([
      'task_result_id as ranked_id',
      sql<number>`row_number() OVER (PARTITION BY task_key ORDER BY ended_at DESC, task_result_id DESC)`.as('place'),
    ])
    .where('task_key', 'in', eachOf(taskKeys))
    .where('status', 'in', ['completed', 'failed', 'cancelled'])
    .where('reuse', 'is distinct from', 'full');
  const rows = yield* all(
    build
      .selectFrom('task_results')
      .innerJoin(ranked.as('ranked'), 'ranked_id', 'task_result_id')
      .select([...comparableColumns])
      .where('place', '<=', maxComparableResults)
      .orderBy('ended_at', 'desc')
      .orderBy('task_result_id', 'desc'),
  );
  return groupBy(rows.map(toComparableResult), ({ taskKey }) => taskKey);
}

const comparableColumns = [
  'task_result_id',
  'run_id',
  'key',
  'task_key',
  'solver_key',
  'result_key',
  'policy',
  'status',
  'is_removed',
  'samples_total',
  'samples_solver_errors',
  'samples_errors',
  'samples_excluded',
  'ended_at',
] as const;

function toComparableResult(row: Pick<TaskResultRow, (typeof comparableColumns)[number]>): ComparableResult {
  return {
    taskResultId: row.task_result_id,
    runId: row.run_id,
    key: row.key,
    taskKey: row.task_key,
    solverKey: row.solver_key,
    resultKey: row.result_key,
    policy: row.policy,
    status: row.status,
    isRemoved: row.is_removed === 1,
    samples: toSampleCounts(row),
    endedAt: row.ended_at,
  };
}

/** By way of the open runs, which are few and have an index. */
export function* findWorkingResults(
  solverKeys: readonly Digest[],
): Work<ReadonlyMap<Digest, readonly TaskResultRecord[]>> {
  const records = yield* listTaskResultRecords(
    build
      .selectFrom('runs')
      .innerJoin('task_results', 'task_results.run_id', 'runs.run_id')
      .selectAll('task_results')
      .where('runs.status', 'in', [sql.lit('pending' as const), sql.lit('running' as const)])
      .where('task_results.status', 'in', ['pending', 'running'])
      .where('task_results.policy', '=', 'reuse')
      .where('task_results.position', '>=', 0)
      .where('task_results.solver_key', 'in', eachOf(solverKeys))
      .orderBy('runs.sequence')
      .orderBy('task_results.position'),
  );
  return groupBy(records, ({ solverKey }) => solverKey);
}

/** In the order in which they come. */
function groupBy<Key, Item>(items: readonly Item[], keyOf: (item: Item) => Key): ReadonlyMap<Key, readonly Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
