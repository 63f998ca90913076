import type { RunAlerts } from '../../contracts/alert-finding.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { ColumnCodec } from '../encryption/column-codec.ts';
import { type OpenChanges, openRow, sealChanges } from '../encryption/sealed-rows.ts';
import type { RunRecord } from '../run-log.ts';
import { build } from './build.ts';
import type { RunRow } from './tables.ts';
import { useColumns } from './use-columns.ts';
import { all, execute, find, type Query, type Work } from './work.ts';

export type RunChanges = Omit<OpenChanges<'runs'>, 'sequence' | 'run_id'>;

/** @throws {EvaluationError} `run-not-found`. */
export function* getRunRow(runId: string): Work<RunRow> {
  const row = yield* find(build.selectFrom('runs').selectAll().where('run_id', '=', runId));
  if (row === undefined) throw new EvaluationError('run-not-found', `The store has no run ${runId}.`);
  return row;
}

export function* updateRun(runId: string, changes: RunChanges): Work<void> {
  const sealed = sealChanges(yield* useColumns(), 'runs', { run_id: runId }, changes);
  yield* execute(build.updateTable('runs').set(sealed).where('run_id', '=', runId));
}

/** Records of the rows that a query finds. */
export function* listRunRecords(query: Query<RunRow>): Work<RunRecord[]> {
  const columns = yield* useColumns();
  return (yield* all(query)).map((row) => toRunRecord(columns, row));
}

export function toRunRecord(columns: ColumnCodec, row: RunRow): RunRecord {
  const { origin, alerts } = openRow(columns, 'runs', row);
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
    origin: JSON.parse(origin) as JsonObject,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    workedMs: row.worked_ms,
    mends: row.mends,
    workQueue: row.work_queue,
    pausedAt: row.paused_at,
    trigger: row.trigger,
    scheduleName: row.schedule_name,
    scheduledAt: row.scheduled_at,
    alerts: alerts === null ? null : (JSON.parse(alerts) as RunAlerts),
  };
}
