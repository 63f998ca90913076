import type { Digest } from '../../contracts/digest.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { PlannedKeys } from '../run-log.ts';
import type { SqliteConnection } from './connection.ts';

interface KeysRow {
  readonly key: string;
  readonly solver_key: Digest;
  readonly result_key: Digest;
  readonly solver_fingerprint: string;
  readonly result_fingerprint: string;
}

/** What the specifications of a run were planned with; from the index, so that a lost plan does not hide it. */
export function listPlannedKeys(connection: SqliteConnection, runId: string): readonly PlannedKeys[] {
  return connection
    .prepare<KeysRow>(
      `SELECT key, solver_key, result_key, solver.fingerprint AS solver_fingerprint, result.fingerprint AS result_fingerprint
       FROM task_results
       JOIN fingerprints AS solver ON solver.digest = solver_key
       JOIN fingerprints AS result ON result.digest = result_key
       WHERE run_id = ? AND position >= 0 ORDER BY position`,
    )
    .all([runId])
    .map((row) => ({
      key: row.key,
      solverKey: row.solver_key,
      resultKey: row.result_key,
      solverFingerprint: JSON.parse(row.solver_fingerprint) as JsonObject,
      resultFingerprint: JSON.parse(row.result_fingerprint) as JsonObject,
    }));
}
