import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { isFinal } from '../../contracts/status.ts';
import { decodeUsage } from '../../evaluation/usage/stored-usage.ts';
import { addUsage, onlySent, subtractUsage } from '../../evaluation/usage/usage.ts';
import type { NewTaskResult, ReplacingPlan, RunRecord } from '../run-log.ts';
import { build } from './build.ts';
import { insertFingerprints, insertTaskResults } from './create-run.ts';
import { getRunRow, toRunRecord, updateRun } from './run-rows.ts';
import { copySegments, listSegmentRows, removeScores, removeSegmentRows, reopenSegments } from './segment-rows.ts';
import type { TaskResultRow } from './tables.ts';
import { type TaskResultChanges, updateTaskResult } from './task-result-rows.ts';
import { addLostUsage } from './usage-rows.ts';
import { useColumns } from './use-columns.ts';
import { all, find, type Work } from './work.ts';

/** Opens a failed or cancelled run for another attempt; an open one is returned as it is. */
export function* reopenRun(
  runId: string,
  { ownerId, plan }: { readonly ownerId?: string; readonly plan?: ReplacingPlan } = {},
  now: string,
): Work<RunRecord> {
  const run = yield* getRunRow(runId);
  if (run.status === 'completed') {
    throw new EvaluationError('usage', `Run ${runId} is completed: there is nothing to resume.`);
  }
  if (!isFinal(run.status)) {
    if (ownerId === undefined) return toRunRecord(yield* useColumns(), run);
    throw new EvaluationError('usage', `Run ${runId} has been opened again by another process.`);
  }
  if (plan !== undefined) yield* insertFingerprints(plan.tasks);
  for (const task of yield* listTaskResultRows(runId)) {
    const planned = plan?.tasks.find(({ key }) => key === task.key);
    if (planned !== undefined && planned.resultKey !== task.result_key) yield* replan(task, planned, now);
    else if (task.status !== 'completed') yield* reopenTaskResult(task);
  }
  yield* updateRun(runId, {
    status: 'pending',
    attempt: run.attempt + 1,
    // The clock of the run starts anew; what earlier attempts took is kept beside it.
    worked_ms: run.worked_ms + measureMs(run.started_at, run.ended_at),
    started_at: now,
    ended_at: null,
    paused_at: null,
    ...(ownerId === undefined ? {} : { owner_id: ownerId }),
    ...(plan === undefined ? {} : toRunChanges(plan)),
  });
  return toRunRecord(yield* useColumns(), yield* getRunRow(runId));
}

function* listTaskResultRows(runId: string): Work<readonly TaskResultRow[]> {
  return yield* all(
    build
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
  usage: null,
  // Whoever goes on with it wants it again.
  is_removed: 0,
} as const satisfies TaskResultChanges;

function* reopenTaskResult(task: TaskResultRow, changes: TaskResultChanges = {}): Work<void> {
  yield* reopenSegments(task.task_result_id, task.reuse !== 'partial');
  yield* updateTaskResult(task.task_result_id, { ...unfinished, attempt: task.attempt + 1, ...changes });
}

/** Gives a specification of the run another scoring section: its solver outputs stand, its scores do not. */
function* replan(task: TaskResultRow, planned: NewTaskResult, now: string): Work<void> {
  const changes = { result_key: planned.resultKey, task_key: planned.taskKey, why: null, warnings: '[]' };
  if (task.status !== 'completed') {
    yield* removeScores(task.task_result_id);
    yield* reopenTaskResult(task, changes);
  } else if (task.reuse === 'full') {
    // Nothing stands on an alias, so it may change.
    yield* removeSegmentRows(task.task_result_id);
    yield* updateTaskResult(task.task_result_id, {
      ...unfinished,
      attempt: task.attempt + 1,
      reuse: null,
      reused_from: null,
      queries_saved: 0,
      solved_at: task.solved_at,
      ...changes,
    });
    if (task.reused_from !== null) yield* copySolved(task.reused_from, task.task_result_id, false);
  } else {
    yield* replaceTaskResult(task, planned, now);
  }
}

/**
 * A completed result may be the current one of its key, and other results may stand on it, so it stays as it is: under a
 * position below zero, where no list of the run finds it. Another takes its place in the run.
 */
function* replaceTaskResult(task: TaskResultRow, planned: NewTaskResult, now: string): Work<void> {
  const lowest = yield* find(
    build
      .selectFrom('task_results')
      .select(({ fn }) => fn.min('position').as('position'))
      .where('run_id', '=', task.run_id),
  );
  yield* updateTaskResult(task.task_result_id, { position: Math.min(0, lowest?.position ?? 0) - 1 });
  yield* insertTaskResults({ runId: task.run_id, policy: task.policy, startedAt: now }, [planned], task.position);
  yield* updateTaskResult(planned.taskResultId, { attempt: task.attempt + 1, solved_at: task.solved_at });
  yield* copySolved(task.task_result_id, planned.taskResultId, task.reuse === 'none');
  yield* keepSentOfReplaced(task, planned.taskResultId);
}

/** What the run sent for the other's scores was sent all the same; for solver outputs it is counted with the copies. */
function* keepSentOfReplaced(task: TaskResultRow, taskResultId: string): Work<void> {
  const solver = (yield* listSegmentRows(taskResultId, 'solve')).flatMap(({ usage }) => decodeUsage(usage));
  yield* addLostUsage(taskResultId, subtractUsage(onlySent(decodeUsage(task.usage)), onlySent(addUsage(solver))));
}

/** `sent` says that this run asked these queries itself, in an earlier attempt. */
function* copySolved(sourceId: string, taskResultId: string, sent: boolean): Work<void> {
  yield* copySegments(sourceId, taskResultId, { stages: ['solve'], keepsQueries: sent, areOwn: sent });
}

function measureMs(startedAt: string, endedAt: string | null): number {
  return endedAt === null ? 0 : Math.max(0, Date.parse(endedAt) - Date.parse(startedAt));
}
