import { sql } from 'kysely';
import type { Digest } from '../../contracts/digest.ts';
import type { ComparableResult, TaskResultRecord } from '../result-index.ts';
import { build } from './build.ts';
import { eachOf } from './each-of.ts';
import { openFingerprint } from './fingerprint-rows.ts';
import { listTaskResultRecords, toTaskResultRecord } from './task-result-rows.ts';
import { useColumns } from './use-columns.ts';
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
  const found = new Map<Digest, readonly TaskResultRecord[]>();
  for (const solverKey of new Set(solverKeys)) {
    const records = yield* listTaskResultRecords(
      build
        .selectFrom('task_results')
        .selectAll()
        .where('solver_key', '=', solverKey)
        // Literals, for the sake of the index of solved results.
        .where('status', '=', sql.lit('completed' as const))
        .where('policy', '<>', sql.lit('no-cache' as const))
        .where('reuse', '<>', sql.lit('full' as const))
        .where('is_removed', '=', 0)
        .orderBy('solved_at', 'desc')
        .orderBy('task_result_id', 'desc')
        .limit(maxSolvedResults),
    );
    if (records.length > 0) found.set(solverKey, records);
  }
  return found;
}

export function* findComparableResults(taskKey: string): Work<readonly ComparableResult[]> {
  const columns = yield* useColumns();
  const rows = yield* all(
    build
      .selectFrom('task_results')
      .innerJoin('fingerprints as solver', 'solver.digest', 'task_results.solver_key')
      .innerJoin('fingerprints as result', 'result.digest', 'task_results.result_key')
      .selectAll('task_results')
      .select(['solver.fingerprint as solver_fingerprint', 'result.fingerprint as result_fingerprint'])
      .where('task_key', '=', taskKey)
      .where('status', 'in', ['completed', 'failed', 'cancelled'])
      .where('reuse', 'is distinct from', 'full')
      .orderBy('ended_at', 'desc')
      .orderBy('task_result_id', 'desc')
      .limit(maxComparableResults),
  );
  return rows.map((row) => ({
    taskResult: toTaskResultRecord(columns, row),
    solverFingerprint: openFingerprint(columns, row.solver_key, row.solver_fingerprint),
    resultFingerprint: openFingerprint(columns, row.result_key, row.result_fingerprint),
  }));
}
