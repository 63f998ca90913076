import { combineStatuses, type FinalStatus, isFinal } from '../../contracts/status.ts';
import type { RunLog } from '../run-log.ts';
import { build } from './build.ts';
import { getRunRow, updateRun } from './run-rows.ts';
import { updateTaskResult } from './task-result-rows.ts';
import { all, execute, type Work } from './work.ts';

/** Ends a run with the status that its task results have; one that has ended stays as it is. */
export function* recordRunEnd(
  runId: string,
  { failed, error = null, attempt }: Parameters<RunLog['recordRunEnd']>[1],
  now: string,
): Work<FinalStatus> {
  const run = yield* getRunRow(runId);
  if (isFinal(run.status)) return run.status;
  const unfinished = failed ? 'failed' : 'cancelled';
  if (attempt !== undefined && run.attempt !== attempt) return unfinished;
  yield* execute(
    build
      .deleteFrom('waits')
      .where(
        'task_result_id',
        'in',
        build.selectFrom('task_results').select('task_result_id').where('run_id', '=', runId),
      ),
  );
  const open = build
    .selectFrom('task_results')
    .select('task_result_id')
    .where('run_id', '=', runId)
    .where('status', 'in', ['pending', 'running']);
  for (const { task_result_id: taskResultId } of yield* all(open)) {
    yield* updateTaskResult(taskResultId, {
      status: unfinished,
      ended_at: now,
      ...(failed && error !== null ? { error: JSON.stringify(error) } : {}),
    });
  }
  const tasks = yield* all(build.selectFrom('task_results').select('status').where('run_id', '=', runId));
  const status =
    tasks.length === 0 && failed ? 'failed' : combineStatuses(tasks.map((task) => task.status).filter(isFinal));
  yield* updateRun(runId, { status, ended_at: now, owner_id: null });
  return status;
}
