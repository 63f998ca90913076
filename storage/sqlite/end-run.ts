import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { combineStatuses, type FinalStatus, isFinal } from '../../contracts/status.ts';
import type { RunLog, RunRecord } from '../run-log.ts';
import type { SqliteConnection } from './connection.ts';
import { getRunRow, toRunRecord, updateRun } from './run-rows.ts';
import { reopenSegments } from './segment-rows.ts';
import type { TaskResultRow } from './tables.ts';
import { updateTaskResult } from './task-result-rows.ts';

/** Ends a run with the status that its task results have; one that has ended stays as it is. Called within a transaction. */
export function recordRunEnd(
  connection: SqliteConnection,
  runId: string,
  { failed, error = null }: Parameters<RunLog['recordRunEnd']>[1],
  now: string,
): FinalStatus {
  const run = getRunRow(connection, runId);
  if (isFinal(run.status)) return run.status;
  const { build } = connection;
  const unfinished = failed ? 'failed' : 'cancelled';
  connection.run(
    build
      .deleteFrom('waits')
      .where(
        'task_result_id',
        'in',
        build.selectFrom('task_results').select('task_result_id').where('run_id', '=', runId),
      ),
  );
  connection.run(
    build
      .updateTable('task_results')
      .set({ status: unfinished, ended_at: now, ...(failed && error !== null ? { error: JSON.stringify(error) } : {}) })
      .where('run_id', '=', runId)
      .where('status', 'in', ['pending', 'running']),
  );
  const tasks = connection.all(build.selectFrom('task_results').select('status').where('run_id', '=', runId));
  const status =
    tasks.length === 0 && failed ? 'failed' : combineStatuses(tasks.map((task) => task.status).filter(isFinal));
  updateRun(connection, runId, { status, ended_at: now, owner_id: null });
  return status;
}

/** Opens a failed or cancelled run for another attempt; an open one is returned as it is. Called within a transaction. */
export function reopenRun(connection: SqliteConnection, runId: string, now: string): RunRecord {
  const run = getRunRow(connection, runId);
  if (run.status === 'completed') {
    throw new EvaluationError('usage', `Run ${runId} is completed: there is nothing to resume.`);
  }
  if (!isFinal(run.status)) return toRunRecord(run);
  const tasks = connection.all(
    connection.build
      .selectFrom('task_results')
      .selectAll()
      .where('run_id', '=', runId)
      .where('status', 'in', ['failed', 'cancelled']),
  );
  for (const task of tasks) reopenTaskResult(connection, task);
  updateRun(connection, runId, {
    status: 'pending',
    attempt: run.attempt + 1,
    // The clock of the run starts anew; what earlier attempts took is kept beside it.
    worked_ms: run.worked_ms + measureMs(run.started_at, run.ended_at),
    started_at: now,
    ended_at: null,
  });
  return toRunRecord(getRunRow(connection, runId));
}

function reopenTaskResult(connection: SqliteConnection, task: TaskResultRow): void {
  reopenSegments(connection, task.task_result_id, task.reuse !== 'partial');
  updateTaskResult(connection, task.task_result_id, {
    status: 'pending',
    attempt: task.attempt + 1,
    error: null,
    ended_at: null,
    // The summary of the attempt that failed: publishing it would end the new attempt with the old numbers.
    samples_solver_errors: 0,
    samples_errors: 0,
    samples_excluded: 0,
    manifest_digest: null,
    manifest_size: null,
    metrics_digest: null,
    metrics_size: null,
    result_digest: null,
  });
}

function measureMs(startedAt: string, endedAt: string | null): number {
  return endedAt === null ? 0 : Math.max(0, Date.parse(endedAt) - Date.parse(startedAt));
}
