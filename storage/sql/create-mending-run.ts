import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { Mending, NewRun } from '../run-log.ts';
import { build } from './build.ts';
import { insertRun } from './create-run.ts';
import { endAsAlias } from './record-decision.ts';
import { updateRun } from './run-rows.ts';
import { copySegments, removeSegment, reopenSegments } from './segment-rows.ts';
import type { TaskResultRow } from './tables.ts';
import { findTaskResultRow } from './task-result-rows.ts';
import { useColumns } from './use-columns.ts';
import { execute, type Work } from './work.ts';

/** Records a run that tries the errors of a completed one again. */
export function* createMendingRun(
  run: NewRun & { readonly mends: string },
  mendings: readonly Mending[],
  now: string,
): Work<void> {
  if (!(yield* insertRun(run))) return;
  yield* updateRun(run.runId, { mends: run.mends });
  for (const [position, mending] of mendings.entries()) yield* mend(run, mending, position, now);
}

function* mend(run: NewRun, { taskResultId, mends, lost }: Mending, position: number, now: string): Work<void> {
  const named = yield* getRow(mends);
  const source = named.reuse === 'full' && named.reused_from !== null ? yield* getRow(named.reused_from) : named;
  const solver = source.reused_from === null ? undefined : yield* findTaskResultRow(source.reused_from);
  yield* execute(
    build.insertInto('task_results').values({
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
      warnings: (yield* useColumns()).seal('task_results', 'warnings', { task_result_id: taskResultId }, '[]'),
      created_at: run.startedAt,
      solved_at: source.solved_at,
      mends: source.samples_errors === 0 ? null : source.task_result_id,
    }),
  );
  if (source.samples_errors === 0) {
    yield* endAsAlias(yield* getRow(taskResultId), source, { warnings: [] }, now);
    return;
  }
  yield* copySegments(source.task_result_id, taskResultId, {
    stages: ['solve', 'score'],
    keepsQueries: false,
    areOwn: false,
  });
  for (const { stage, segmentIndex } of lost) {
    yield* removeSegment({ taskResultId, stage, segmentIndex });
    // What is solved anew has to be judged.
    if (stage === 'solve') yield* removeSegment({ taskResultId, stage: 'score', segmentIndex });
  }
  yield* reopenSegments(taskResultId, true);
}

function* getRow(taskResultId: string): Work<TaskResultRow> {
  const row = yield* findTaskResultRow(taskResultId);
  if (row !== undefined) return row;
  throw new EvaluationError(
    'store-damaged',
    `The store has no task result ${taskResultId}, whose errors are to be mended.`,
  );
}
