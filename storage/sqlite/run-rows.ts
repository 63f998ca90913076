import type { Updateable } from 'kysely';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { RunRecord } from '../run-log.ts';
import type { SqliteConnection } from './connection.ts';
import type { RunRow, Runs } from './tables.ts';

export type RunChanges = Omit<Updateable<Runs>, 'sequence' | 'run_id'>;

/** @throws {EvaluationError} `run-not-found`. */
export function getRunRow(connection: SqliteConnection, runId: string): RunRow {
  const row = connection.find(connection.build.selectFrom('runs').selectAll().where('run_id', '=', runId));
  if (row === undefined) throw new EvaluationError('run-not-found', `The store has no run ${runId}.`);
  return row;
}

export function updateRun(connection: SqliteConnection, runId: string, changes: RunChanges): void {
  connection.run(connection.build.updateTable('runs').set(changes).where('run_id', '=', runId));
}

export function toRunRecord(row: RunRow): RunRecord {
  return {
    runId: row.run_id,
    evaluationKey: row.evaluation_key,
    label: row.label,
    planDigest: row.plan_digest,
    plan: row.plan,
    policy: row.policy,
    status: row.status,
    attempt: row.attempt,
    ownerId: row.owner_id,
    file: row.file,
    origin: JSON.parse(row.origin) as JsonObject,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    workedMs: row.worked_ms,
    mends: row.mends,
  };
}
