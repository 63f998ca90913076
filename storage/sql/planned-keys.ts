import type { PlannedKeys } from '../run-log.ts';
import { build } from './build.ts';
import { openFingerprint } from './fingerprint-rows.ts';
import { useColumns } from './use-columns.ts';
import { all, type Work } from './work.ts';

/** What the specifications of a run were planned with; from the index, so that a lost plan does not hide it. */
export function* listPlannedKeys(runId: string): Work<readonly PlannedKeys[]> {
  const columns = yield* useColumns();
  const rows = yield* all(
    build
      .selectFrom('task_results')
      .innerJoin('fingerprints as solver', 'solver.digest', 'solver_key')
      .innerJoin('fingerprints as result', 'result.digest', 'result_key')
      .select([
        'key',
        'solver_key',
        'result_key',
        'solver.fingerprint as solver_fingerprint',
        'result.fingerprint as result_fingerprint',
      ])
      .where('run_id', '=', runId)
      .where('position', '>=', 0)
      .orderBy('position'),
  );
  return rows.map((row) => ({
    key: row.key,
    solverKey: row.solver_key,
    resultKey: row.result_key,
    solverFingerprint: openFingerprint(columns, row.solver_key, row.solver_fingerprint),
    resultFingerprint: openFingerprint(columns, row.result_key, row.result_fingerprint),
  }));
}
