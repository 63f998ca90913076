import { sql } from 'kysely';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { type FinalStatus, isFinal } from '../../contracts/status.ts';
import type { JudgedResult, RecordedError } from '../result-index.ts';
import type { SqliteConnection } from './connection.ts';
import { JournalRows } from './journal-rows.ts';
import { endAsAlias } from './record-decision.ts';
import type { TaskResultRow } from './tables.ts';
import { findOpenTaskResultRow, findTaskResultRow, isSuperseded, updateTaskResult } from './task-result-rows.ts';
import { removeWait } from './wait-rows.ts';

/**
 * Completes a task result from its summary and decides what look-ups find; false where the current result has to be judged
 * first. Called within a transaction.
 */
export function publish(
  connection: SqliteConnection,
  taskResultId: string,
  judged: JudgedResult | null,
  { now, attempt }: { readonly now: string; readonly attempt: number | undefined },
): boolean {
  const row = findOpenTaskResultRow(connection, taskResultId, attempt);
  if (row === undefined) return true;
  if (row.manifest_digest === null || row.metrics_digest === null || row.result_digest === null) {
    throw new EvaluationError('internal', `Task result ${taskResultId} cannot be published before its summary.`);
  }
  const becomesCurrent = takeCurrentPlace(connection, row, judged);
  if (becomesCurrent === undefined) return false;
  // Everything is sealed by now; what is left came from attempts that nobody waits for.
  new JournalRows(connection).removeTaskResult(taskResultId);
  removeWait(connection, taskResultId);
  updateTaskResult(connection, taskResultId, {
    status: 'completed',
    reuse: row.reuse ?? 'none',
    is_current: becomesCurrent ? 1 : 0,
    error: null,
    solved_at: row.solved_at ?? now,
    ended_at: now,
  });
  const published = findTaskResultRow(connection, taskResultId);
  if (published === undefined) return true;
  for (const twin of listOpenTwins(connection, row)) endAsAlias(connection, twin, published, [], now);
  return true;
}

/** Ends a task result that did not come to its end, and its twins with it. Called within a transaction. */
export function recordEnd(
  connection: SqliteConnection,
  taskResultId: string,
  end: { readonly status: Exclude<FinalStatus, 'completed'>; readonly error: RecordedError | null },
  { now, attempt }: { readonly now: string; readonly attempt: number | undefined },
): FinalStatus {
  const row = findTaskResultRow(connection, taskResultId);
  if (row === undefined) throw new EvaluationError('internal', `The store has no task result ${taskResultId}.`);
  if (isFinal(row.status)) return row.status;
  if (isSuperseded(row, attempt)) return end.status;
  const twins = listOpenTwins(connection, row);
  // A twin that only waited must not end the one at work.
  const ended = row.status === 'running' ? twins : twins.filter((twin) => twin.status !== 'running');
  for (const { task_result_id: id } of [row, ...ended]) {
    removeWait(connection, id);
    updateTaskResult(connection, id, {
      status: end.status,
      error: end.error === null ? null : JSON.stringify(end.error),
      ended_at: now,
    });
  }
  return end.status;
}

/** Makes room where the result is to be the current one of its key; undefined where nobody judged the present one. */
function takeCurrentPlace(
  connection: SqliteConnection,
  row: TaskResultRow,
  judged: JudgedResult | null,
): boolean | undefined {
  if (row.policy === 'no-cache') return false;
  const current = connection.find(
    connection.build
      .selectFrom('task_results')
      .select('task_result_id')
      .where('result_key', '=', row.result_key)
      // Literal, not bound, for the sake of the index of current results.
      .where('is_current', '=', sql.lit(1)),
  );
  if (current === undefined) return true;
  if (row.policy === 'reuse') {
    if (judged?.taskResultId !== current.task_result_id) return undefined;
    if (judged.isUsable) return false;
  }
  updateTaskResult(connection, current.task_result_id, { is_current: 0 });
  return true;
}

/**
 * Other unfinished specifications of the run that want the same result: under `reuse` those of the same key, and of what
 * tries errors again those that began with the same result. `update` and `no-cache` share nothing else.
 */
function listOpenTwins(connection: SqliteConnection, row: TaskResultRow): readonly TaskResultRow[] {
  if (row.policy !== 'reuse' && row.mends === null) return [];
  const sameKey = connection.all(
    connection.build
      .selectFrom('task_results')
      .selectAll()
      .where('run_id', '=', row.run_id)
      .where('result_key', '=', row.result_key)
      .where('task_result_id', '<>', row.task_result_id)
      .where('status', 'in', ['pending', 'running']),
  );
  return sameKey.filter((twin) => twin.mends === row.mends);
}
