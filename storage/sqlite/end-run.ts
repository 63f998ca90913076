import { combineStatuses, type FinalStatus, isFinal } from '../../contracts/status.ts';
import type { RunLog } from '../run-log.ts';
import type { SqliteConnection } from './connection.ts';
import { getRunRow, updateRun } from './run-rows.ts';

/** Ends a run with the status that its task results have; one that has ended stays as it is. Called within a transaction. */
export function recordRunEnd(
  connection: SqliteConnection,
  runId: string,
  { failed, error = null, attempt }: Parameters<RunLog['recordRunEnd']>[1],
  now: string,
): FinalStatus {
  const run = getRunRow(connection, runId);
  if (isFinal(run.status)) return run.status;
  const { build } = connection;
  const unfinished = failed ? 'failed' : 'cancelled';
  if (attempt !== undefined && run.attempt !== attempt) return unfinished;
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
