import { sql } from 'kysely';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { type FinalStatus, isFinal } from '../../contracts/status.ts';
import type { RecordedError } from '../result-index.ts';
import type { SqliteConnection } from './connection.ts';
import { JournalRows } from './journal-rows.ts';
import { endAsAlias } from './record-decision.ts';
import type { TaskResultRow } from './tables.ts';
import { findOpenTaskResultRow, findTaskResultRow, updateTaskResult } from './task-result-rows.ts';
import { removeWait } from './wait-rows.ts';

/** Completes a task result from its summary and decides what look-ups find. Called within a transaction. */
export function publish(
  connection: SqliteConnection,
  taskResultId: string,
  { replaceCurrent }: { readonly replaceCurrent: boolean },
  now: string,
): void {
  const row = findOpenTaskResultRow(connection, taskResultId);
  if (row === undefined) return;
  if (row.manifest_digest === null || row.metrics_digest === null || row.result_digest === null) {
    throw new EvaluationError('internal', `Task result ${taskResultId} cannot be published before its summary.`);
  }
  const becomesCurrent = takeCurrentPlace(connection, row, replaceCurrent);
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
  if (row.policy !== 'reuse') return;
  const published = findTaskResultRow(connection, taskResultId);
  if (published === undefined) return;
  for (const twin of listOpenTwins(connection, row)) endAsAlias(connection, twin, published, [], now);
}

/** Ends a task result that did not come to its end, and its twins with it. Called within a transaction. */
export function recordEnd(
  connection: SqliteConnection,
  taskResultId: string,
  end: { readonly status: Exclude<FinalStatus, 'completed'>; readonly error: RecordedError | null },
  now: string,
): FinalStatus {
  const row = findTaskResultRow(connection, taskResultId);
  if (row === undefined) throw new EvaluationError('internal', `The store has no task result ${taskResultId}.`);
  if (isFinal(row.status)) return row.status;
  const twins = row.policy === 'reuse' ? listOpenTwins(connection, row) : [];
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

/** Makes room where the result is to be the current one of its key. */
function takeCurrentPlace(connection: SqliteConnection, row: TaskResultRow, replaceCurrent: boolean): boolean {
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
  if (row.policy === 'reuse' && !replaceCurrent) return false;
  updateTaskResult(connection, current.task_result_id, { is_current: 0 });
  return true;
}

/** Other unfinished specifications of the run that want the same result. */
function listOpenTwins(connection: SqliteConnection, row: TaskResultRow): readonly TaskResultRow[] {
  return connection.all(
    connection.build
      .selectFrom('task_results')
      .selectAll()
      .where('run_id', '=', row.run_id)
      .where('result_key', '=', row.result_key)
      .where('task_result_id', '<>', row.task_result_id)
      .where('status', 'in', ['pending', 'running']),
  );
}
