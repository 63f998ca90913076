import type { Digest } from '../../contracts/digest.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { JsonValue } from '../../contracts/json.ts';
import { isFinal } from '../../contracts/status.ts';
import type { BlobReference } from '../../evaluation/plan.ts';
import type { ColumnCodec } from '../encryption/column-codec.ts';
import { type OpenChanges, openRow, sealChanges } from '../encryption/sealed-rows.ts';
import type { RecordedError, SampleCounts, TaskResultRecord } from '../result-index.ts';
import { build } from './build.ts';
import type { TaskResultRow } from './tables.ts';
import { useColumns } from './use-columns.ts';
import { all, execute, find, type Query, type Work } from './work.ts';

/** What may be changed of a task result. */
export type TaskResultChanges = Omit<OpenChanges<'task_results'>, 'task_result_id' | 'run_id'>;

export function* findTaskResultRow(taskResultId: string): Work<TaskResultRow | undefined> {
  return yield* find(build.selectFrom('task_results').selectAll().where('task_result_id', '=', taskResultId));
}

/**
 * The row of a task result that may still change, or undefined where it has a final status, which nothing changes, or
 * where another attempt than the given one is at work.
 *
 * @throws {EvaluationError} `internal` when there is no such task result.
 */
export function* findOpenTaskResultRow(taskResultId: string, attempt?: number): Work<TaskResultRow | undefined> {
  const row = yield* findTaskResultRow(taskResultId);
  if (row === undefined) throw new EvaluationError('internal', `The store has no task result ${taskResultId}.`);
  return isFinal(row.status) || isSuperseded(row, attempt) ? undefined : row;
}

/** Whether an attempt writes late: another one is at work, or was the last. */
export function isSuperseded(row: Pick<TaskResultRow, 'attempt'>, attempt: number | undefined): boolean {
  return attempt !== undefined && row.attempt !== attempt;
}

export function* updateTaskResult(taskResultId: string, changes: TaskResultChanges): Work<void> {
  const sealed = sealChanges(yield* useColumns(), 'task_results', { task_result_id: taskResultId }, changes);
  yield* execute(build.updateTable('task_results').set(sealed).where('task_result_id', '=', taskResultId));
}

/** The warnings of a row with new ones after them, each once: a recording that is repeated adds nothing. */
export function* joinWarnings(row: TaskResultRow, added: readonly string[]): Work<string> {
  const { warnings } = openRow(yield* useColumns(), 'task_results', row);
  return JSON.stringify([...new Set([...(JSON.parse(warnings) as string[]), ...added])]);
}

/** Records of the rows that a query finds. */
export function* listTaskResultRecords(query: Query<TaskResultRow>): Work<TaskResultRecord[]> {
  const columns = yield* useColumns();
  return (yield* all(query)).map((row) => toTaskResultRecord(columns, row));
}

export function toTaskResultRecord(columns: ColumnCodec, row: TaskResultRow): TaskResultRecord {
  const { error, why, warnings } = openRow(columns, 'task_results', row);
  return {
    taskResultId: row.task_result_id,
    runId: row.run_id,
    key: row.key,
    position: row.position,
    taskKey: row.task_key,
    solverKey: row.solver_key,
    resultKey: row.result_key,
    policy: row.policy,
    status: row.status,
    attempt: row.attempt,
    reuse: row.reuse,
    reusedFrom: row.reused_from,
    mends: row.mends,
    waitedFor: row.waited_for,
    answersStood: row.answers_stood,
    usage: row.usage,
    isCurrent: row.is_current === 1,
    isRemoved: row.is_removed === 1,
    segmentCount: row.segment_count,
    samples: toSampleCounts(row),
    queries: { sent: row.queries_sent, retried: row.queries_retried, saved: row.queries_saved },
    manifest: toBlobReference(row.manifest_digest, row.manifest_size),
    metrics: toBlobReference(row.metrics_digest, row.metrics_size),
    resultDigest: row.result_digest,
    error: error === null ? null : (JSON.parse(error) as RecordedError),
    why: why === null ? null : (JSON.parse(why) as JsonValue),
    warnings: JSON.parse(warnings) as string[],
    createdAt: row.created_at,
    startedAt: row.started_at,
    solvedAt: row.solved_at,
    endedAt: row.ended_at,
  };
}

export function toSampleCounts(
  row: Pick<TaskResultRow, 'samples_total' | 'samples_solver_errors' | 'samples_errors' | 'samples_excluded'>,
): SampleCounts {
  return {
    total: row.samples_total,
    solverErrors: row.samples_solver_errors,
    errors: row.samples_errors,
    excludedFromMetrics: row.samples_excluded,
  };
}

function toBlobReference(digest: Digest | null, sizeBytes: number | null): BlobReference | null {
  return digest === null || sizeBytes === null ? null : { digest, sizeBytes };
}
