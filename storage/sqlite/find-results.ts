import { sql } from 'kysely';
import type { Digest } from '../../contracts/digest.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { ComparableResult, TaskResultRecord } from '../result-index.ts';
import type { SqliteConnection } from './connection.ts';
import type { TaskResultRow } from './tables.ts';
import { toTaskResultRecord } from './task-result-rows.ts';

const maxSolvedResults = 20;
const maxComparableResults = 50;

export function findTaskResults(connection: SqliteConnection, taskResultIds: readonly string[]) {
  return connection
    .all(connection.build.selectFrom('task_results').selectAll().where('task_result_id', 'in', eachOf(taskResultIds)))
    .map(toTaskResultRecord);
}

export function listTaskResults(connection: SqliteConnection, runId: string): readonly TaskResultRecord[] {
  return connection
    .all(
      connection.build
        .selectFrom('task_results')
        .selectAll()
        .where('run_id', '=', runId)
        .where('position', '>=', 0) // below: its place was taken, see `reopen-run.ts`
        .orderBy('position'),
    )
    .map(toTaskResultRecord);
}

export function findCurrentResults(
  connection: SqliteConnection,
  resultKeys: readonly Digest[],
): ReadonlyMap<Digest, TaskResultRecord> {
  const rows = connection.all(
    connection.build
      .selectFrom('task_results')
      .selectAll()
      // Literal, not bound: otherwise the planner may not take the index of current results.
      .where('is_current', '=', sql.lit(1))
      .where('result_key', 'in', eachOf(resultKeys)),
  );
  return new Map(rows.map((row) => [row.result_key, toTaskResultRecord(row)]));
}

export function findSolvedResults(
  connection: SqliteConnection,
  solverKeys: readonly Digest[],
): ReadonlyMap<Digest, readonly TaskResultRecord[]> {
  const statement = connection.prepare<TaskResultRow>(
    `SELECT * FROM task_results
     WHERE solver_key = ? AND status = 'completed' AND policy <> 'no-cache' AND reuse <> 'full' AND is_removed = 0
     ORDER BY solved_at DESC, task_result_id DESC LIMIT ${maxSolvedResults}`,
  );
  const found = new Map<Digest, readonly TaskResultRecord[]>();
  connection.snapshot(() => {
    for (const solverKey of new Set(solverKeys)) {
      const rows = statement.all([solverKey]);
      if (rows.length > 0) found.set(solverKey, rows.map(toTaskResultRecord));
    }
  });
  return found;
}

export function findComparableResults(connection: SqliteConnection, taskKey: string): readonly ComparableResult[] {
  const statement = connection.prepare<TaskResultRow & { solver_fingerprint: string; result_fingerprint: string }>(
    `SELECT task_results.*, solver.fingerprint AS solver_fingerprint, result.fingerprint AS result_fingerprint
     FROM task_results
     JOIN fingerprints AS solver ON solver.digest = task_results.solver_key
     JOIN fingerprints AS result ON result.digest = task_results.result_key
     WHERE task_key = ? AND status IN ('completed', 'failed', 'cancelled') AND reuse IS NOT 'full'
     ORDER BY ended_at DESC, task_result_id DESC LIMIT ${maxComparableResults}`,
  );
  return statement.all([taskKey]).map((row) => ({
    taskResult: toTaskResultRecord(row),
    solverFingerprint: JSON.parse(row.solver_fingerprint) as JsonObject,
    resultFingerprint: JSON.parse(row.result_fingerprint) as JsonObject,
  }));
}

/** A list of any length as one parameter, so that a query has one shape and no limit of parameters. */
function eachOf<Value extends string>(values: readonly Value[]) {
  return sql<Value>`(SELECT value FROM json_each(${JSON.stringify(values)}))`;
}
