import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { isFinal } from '../../contracts/status.ts';
import type { NewTaskResult, ReplacingPlan, RunRecord } from '../run-log.ts';
import type { SqliteConnection } from './connection.ts';
import { insertFingerprints, insertTaskResults } from './create-run.ts';
import { getRunRow, toRunRecord, updateRun } from './run-rows.ts';
import { copySegments, removeScores, removeSegmentRows, reopenSegments } from './segment-rows.ts';
import type { TaskResultRow } from './tables.ts';
import { type TaskResultChanges, updateTaskResult } from './task-result-rows.ts';

/** Opens a failed or cancelled run for another attempt; an open one is returned as it is. Called within a transaction. */
export function reopenRun(
  connection: SqliteConnection,
  runId: string,
  { ownerId, plan }: { readonly ownerId?: string; readonly plan?: ReplacingPlan } = {},
  now: string,
): RunRecord {
  const run = getRunRow(connection, runId);
  if (run.status === 'completed') {
    throw new EvaluationError('usage', `Run ${runId} is completed: there is nothing to resume.`);
  }
  if (!isFinal(run.status)) {
    if (ownerId === undefined) return toRunRecord(run);
    throw new EvaluationError('usage', `Run ${runId} has been opened again by another process.`);
  }
  if (plan !== undefined) insertFingerprints(connection, plan.tasks);
  for (const task of listTaskResultRows(connection, runId)) {
    const planned = plan?.tasks.find(({ key }) => key === task.key);
    if (planned !== undefined && planned.resultKey !== task.result_key) replan(connection, task, planned, now);
    else if (task.status !== 'completed') reopenTaskResult(connection, task);
  }
  updateRun(connection, runId, {
    status: 'pending',
    attempt: run.attempt + 1,
    // The clock of the run starts anew; what earlier attempts took is kept beside it.
    worked_ms: run.worked_ms + measureMs(run.started_at, run.ended_at),
    started_at: now,
    ended_at: null,
    ...(ownerId === undefined ? {} : { owner_id: ownerId }),
    ...(plan === undefined ? {} : toRunChanges(plan)),
  });
  return toRunRecord(getRunRow(connection, runId));
}

function listTaskResultRows(connection: SqliteConnection, runId: string): readonly TaskResultRow[] {
  return connection.all(
    connection.build
      .selectFrom('task_results')
      .selectAll()
      .where('run_id', '=', runId)
      .where('position', '>=', 0)
      .orderBy('position'),
  );
}

function toRunChanges({ evaluationKey, planDigest, plan, file, origin }: ReplacingPlan) {
  return { evaluation_key: evaluationKey, plan_digest: planDigest, plan, file, origin: JSON.stringify(origin) };
}

/** What the next attempt begins with: the summary of an earlier one would end it with the old numbers. */
const unfinished = {
  status: 'pending',
  error: null,
  ended_at: null,
  samples_solver_errors: 0,
  samples_errors: 0,
  samples_excluded: 0,
  manifest_digest: null,
  manifest_size: null,
  metrics_digest: null,
  metrics_size: null,
  result_digest: null,
  // Whoever goes on with it wants it again.
  is_removed: 0,
} as const satisfies TaskResultChanges;

function reopenTaskResult(connection: SqliteConnection, task: TaskResultRow, changes: TaskResultChanges = {}): void {
  reopenSegments(connection, task.task_result_id, task.reuse !== 'partial');
  updateTaskResult(connection, task.task_result_id, { ...unfinished, attempt: task.attempt + 1, ...changes });
}

/** Gives a specification of the run another scoring section: its solver outputs stand, its scores do not. */
function replan(connection: SqliteConnection, task: TaskResultRow, planned: NewTaskResult, now: string): void {
  const changes = { result_key: planned.resultKey, task_key: planned.taskKey, why: null, warnings: '[]' };
  if (task.status !== 'completed') {
    removeScores(connection, task.task_result_id);
    reopenTaskResult(connection, task, changes);
  } else if (task.reuse === 'full') {
    // Nothing stands on an alias, so it may change.
    removeSegmentRows(connection, task.task_result_id);
    updateTaskResult(connection, task.task_result_id, {
      ...unfinished,
      attempt: task.attempt + 1,
      reuse: null,
      reused_from: null,
      queries_saved: 0,
      solved_at: task.solved_at,
      ...changes,
    });
    if (task.reused_from !== null) copySolved(connection, task.reused_from, task.task_result_id, false);
  } else {
    replaceTaskResult(connection, task, planned, now);
  }
}

/**
 * A completed result may be the current one of its key, and other results may stand on it, so it stays as it is: under a
 * position below zero, where no list of the run finds it. Another takes its place in the run.
 */
function replaceTaskResult(
  connection: SqliteConnection,
  task: TaskResultRow,
  planned: NewTaskResult,
  now: string,
): void {
  const lowest = connection.find(
    connection.build
      .selectFrom('task_results')
      .select(({ fn }) => fn.min('position').as('position'))
      .where('run_id', '=', task.run_id),
  );
  updateTaskResult(connection, task.task_result_id, { position: Math.min(0, lowest?.position ?? 0) - 1 });
  insertTaskResults(connection, { runId: task.run_id, policy: task.policy, startedAt: now }, [planned], task.position);
  updateTaskResult(connection, planned.taskResultId, { attempt: task.attempt + 1, solved_at: task.solved_at });
  copySolved(connection, task.task_result_id, planned.taskResultId, task.reuse === 'none');
}

/** `sent` says that this run asked these queries itself, in an earlier attempt. */
function copySolved(connection: SqliteConnection, sourceId: string, taskResultId: string, sent: boolean): void {
  copySegments(connection, sourceId, taskResultId, { stages: ['solve'], keepsQueries: sent });
}

function measureMs(startedAt: string, endedAt: string | null): number {
  return endedAt === null ? 0 : Math.max(0, Date.parse(endedAt) - Date.parse(startedAt));
}
