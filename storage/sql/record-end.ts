import { sql } from 'kysely';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { type FinalStatus, isFinal } from '../../contracts/status.ts';
import type { JudgedResult, RecordedError } from '../result-index.ts';
import { build } from './build.ts';
import { removeTaskResultFromJournal } from './journal-rows.ts';
import { endAsAlias } from './record-decision.ts';
import type { TaskResultRow } from './tables.ts';
import { findOpenTaskResultRow, findTaskResultRow, isSuperseded, updateTaskResult } from './task-result-rows.ts';
import { removeWait } from './wait-rows.ts';
import { all, find, type Work } from './work.ts';

/**
 * Completes a task result from its summary and decides what look-ups find; false where the current result has to be judged
 * first.
 */
export function* publish(
  taskResultId: string,
  judged: JudgedResult | null,
  { now, attempt }: { readonly now: string; readonly attempt: number | undefined },
): Work<boolean> {
  const row = yield* findOpenTaskResultRow(taskResultId, attempt);
  if (row === undefined) return true;
  if (row.manifest_digest === null || row.metrics_digest === null || row.result_digest === null) {
    throw new EvaluationError('internal', `Task result ${taskResultId} cannot be published before its summary.`);
  }
  const becomesCurrent = yield* takeCurrentPlace(row, judged);
  if (becomesCurrent === undefined) return false;
  // Everything is sealed by now; what is left came from attempts that nobody waits for.
  yield* removeTaskResultFromJournal(taskResultId);
  yield* removeWait(taskResultId);
  yield* updateTaskResult(taskResultId, {
    status: 'completed',
    reuse: row.reuse ?? 'none',
    is_current: becomesCurrent ? 1 : 0,
    error: null,
    solved_at: yield* findAge(row, now),
    ended_at: now,
  });
  const published = yield* findTaskResultRow(taskResultId);
  if (published === undefined) return true;
  for (const twin of yield* listOpenTwins(row)) yield* endAsAlias(twin, published, { warnings: [] }, now);
  return true;
}

/** Since when its parts are known: where answers of other results stood singly, it is as old as the oldest of them. */
function* findAge(row: TaskResultRow, now: string): Work<string> {
  const solvedAt = row.solved_at ?? now;
  const oldest = yield* find(
    build
      .selectFrom('segments')
      .select(({ fn }) => fn.min('answers_since').as('since'))
      .where('task_result_id', '=', row.task_result_id),
  );
  const since = oldest?.since ?? null;
  return since !== null && since < solvedAt ? since : solvedAt;
}

/** Ends a task result that did not come to its end, and its twins with it. */
export function* recordEnd(
  taskResultId: string,
  end: { readonly status: Exclude<FinalStatus, 'completed'>; readonly error: RecordedError | null },
  { now, attempt }: { readonly now: string; readonly attempt: number | undefined },
): Work<FinalStatus> {
  const row = yield* findTaskResultRow(taskResultId);
  if (row === undefined) throw new EvaluationError('internal', `The store has no task result ${taskResultId}.`);
  if (isFinal(row.status)) return row.status;
  if (isSuperseded(row, attempt)) return end.status;
  const twins = yield* listOpenTwins(row);
  // A twin that only waited must not end the one at work.
  const ended = row.status === 'running' ? twins : twins.filter((twin) => twin.status !== 'running');
  for (const { task_result_id: id } of [row, ...ended]) {
    yield* removeWait(id);
    yield* updateTaskResult(id, {
      status: end.status,
      error: end.error === null ? null : JSON.stringify(end.error),
      ended_at: now,
    });
  }
  return end.status;
}

/** Makes room where the result is to be the current one of its key; undefined where nobody judged the present one. */
function* takeCurrentPlace(row: TaskResultRow, judged: JudgedResult | null): Work<boolean | undefined> {
  if (row.policy === 'no-cache') return false;
  const current = yield* find(
    build
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
  yield* updateTaskResult(current.task_result_id, { is_current: 0 });
  return true;
}

/**
 * Other unfinished specifications of the run that want the same result: under `reuse` those of the same key, and of what
 * tries errors again those that began with the same result. `update` and `no-cache` share nothing else.
 */
function* listOpenTwins(row: TaskResultRow): Work<readonly TaskResultRow[]> {
  if (row.policy !== 'reuse' && row.mends === null) return [];
  const sameKey = yield* all(
    build
      .selectFrom('task_results')
      .selectAll()
      .where('run_id', '=', row.run_id)
      .where('result_key', '=', row.result_key)
      .where('task_result_id', '<>', row.task_result_id)
      .where('status', 'in', ['pending', 'running']),
  );
  return sameKey.filter((twin) => twin.mends === row.mends);
}
