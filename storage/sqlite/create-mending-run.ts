import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { Mending, NewRun } from '../run-log.ts';
import type { SqliteConnection } from './connection.ts';
import { insertRun } from './create-run.ts';
import { endAsAlias } from './record-decision.ts';
import { updateRun } from './run-rows.ts';
import { copySegments, removeSegment, reopenSegments } from './segment-rows.ts';
import type { TaskResultRow } from './tables.ts';
import { findTaskResultRow } from './task-result-rows.ts';

/** Records a run that tries the errors of a completed one again. Called within a transaction. */
export function createMendingRun(
  connection: SqliteConnection,
  run: NewRun & { readonly mends: string },
  mendings: readonly Mending[],
  now: string,
): void {
  if (!insertRun(connection, run)) return;
  updateRun(connection, run.runId, { mends: run.mends });
  mendings.forEach((mending, position) => mend(connection, run, mending, position, now));
}

function mend(
  connection: SqliteConnection,
  run: NewRun,
  { taskResultId, mends, lost }: Mending,
  position: number,
  now: string,
): void {
  const named = getRow(connection, mends);
  const source = named.reuse === 'full' && named.reused_from !== null ? getRow(connection, named.reused_from) : named;
  const solver = source.reused_from === null ? undefined : findTaskResultRow(connection, source.reused_from);
  connection.run(
    connection.build.insertInto('task_results').values({
      task_result_id: taskResultId,
      run_id: run.runId,
      key: named.key,
      position,
      task_key: named.task_key,
      solver_key: named.solver_key,
      result_key: named.result_key,
      policy: run.policy,
      status: 'pending',
      // Later than whatever lies in its segments, those of solver outputs that were taken over included.
      attempt: Math.max(source.attempt, solver?.attempt ?? 1) + 1,
      segment_count: source.segment_count,
      samples_total: source.samples_total,
      created_at: run.startedAt,
      solved_at: source.solved_at,
      mends: source.samples_errors === 0 ? null : source.task_result_id,
    }),
  );
  if (source.samples_errors === 0) {
    endAsAlias(connection, getRow(connection, taskResultId), source, [], now);
    return;
  }
  copySegments(connection, source.task_result_id, taskResultId, { stages: ['solve', 'score'], keepsQueries: false });
  for (const { stage, segmentIndex } of lost) {
    removeSegment(connection, { taskResultId, stage, segmentIndex });
    // What is solved anew has to be judged.
    if (stage === 'solve') removeSegment(connection, { taskResultId, stage: 'score', segmentIndex });
  }
  reopenSegments(connection, taskResultId, true);
}

function getRow(connection: SqliteConnection, taskResultId: string): TaskResultRow {
  const row = findTaskResultRow(connection, taskResultId);
  if (row !== undefined) return row;
  throw new EvaluationError(
    'store-damaged',
    `The store has no task result ${taskResultId}, whose errors are to be mended.`,
  );
}
