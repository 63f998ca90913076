import type { Digest } from '../../contracts/digest.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { NewRun, NewTaskResult } from '../run-log.ts';
import { build } from './build.ts';
import { chunksOf } from './chunks.ts';
import { insertFingerprintRows } from './fingerprint-rows.ts';
import { useColumns } from './use-columns.ts';
import { execute, find, type Work } from './work.ts';

/** Rows of one insert: each has about ten values, and SQLite takes 32,766 in a statement. */
const maxRowsPerInsert = 200;

/** Records a run with its task results, all pending. Repeated, it changes nothing. */
export function* createRun(run: NewRun, taskResults: readonly NewTaskResult[]): Work<void> {
  if (!(yield* insertRun(run))) return;
  yield* insertFingerprints(taskResults);
  yield* insertTaskResults(run, taskResults, 0);
}

/** False where the run is recorded already. */
export function* insertRun(run: NewRun): Work<boolean> {
  const existing = yield* find(build.selectFrom('runs').select('plan_digest').where('run_id', '=', run.runId));
  if (existing !== undefined) {
    if (existing.plan_digest === run.planDigest) return false;
    throw new EvaluationError('internal', `The id ${run.runId} belongs to a run of another plan.`);
  }
  const columns = yield* useColumns();
  const key = { run_id: run.runId };
  yield* execute(
    build.insertInto('runs').values({
      ...key,
      evaluation_key: run.evaluationKey,
      label: run.label,
      plan_digest: run.planDigest,
      plan: run.plan,
      policy: run.policy,
      status: 'pending',
      attempt: 1,
      owner_id: run.ownerId,
      work_queue: run.workQueue ?? null,
      trigger: run.trigger ?? 'command',
      schedule_name: run.scheduleName ?? null,
      scheduled_at: run.scheduledAt ?? null,
      alerts:
        run.alerts === undefined || run.alerts === null
          ? null
          : columns.seal('runs', 'alerts', key, JSON.stringify(run.alerts)),
      file: run.file,
      origin: columns.seal('runs', 'origin', key, JSON.stringify(run.origin)),
      started_at: run.startedAt,
      ended_at: null,
      worked_ms: 0,
      limits: run.limits === undefined || run.limits === null ? null : JSON.stringify(run.limits),
    }),
  );
  return true;
}

/** Pending task results of a run, from a position on; their fingerprints are there already. */
export function* insertTaskResults(
  run: Pick<NewRun, 'runId' | 'policy' | 'startedAt'>,
  taskResults: readonly NewTaskResult[],
  firstPosition: number,
): Work<void> {
  const columns = yield* useColumns();
  const rows = taskResults.map((task, index) => ({
    task_result_id: task.taskResultId,
    run_id: run.runId,
    key: task.key,
    position: firstPosition + index,
    task_key: task.taskKey,
    solver_key: task.solverKey,
    result_key: task.resultKey,
    policy: run.policy,
    status: 'pending' as const,
    attempt: 1,
    segment_count: task.segmentCount,
    samples_total: task.samplesTotal,
    warnings: columns.seal('task_results', 'warnings', { task_result_id: task.taskResultId }, '[]'),
    created_at: run.startedAt,
  }));
  for (const chunk of chunksOf(rows, maxRowsPerInsert)) {
    yield* execute(build.insertInto('task_results').values(chunk));
  }
}

/** Each fingerprint is kept once, however many task results share it. */
export function* insertFingerprints(taskResults: readonly NewTaskResult[]): Work<void> {
  const byDigest = new Map<Digest, JsonObject>();
  for (const task of taskResults) {
    byDigest.set(task.solverKey, task.solverFingerprint);
    byDigest.set(task.resultKey, task.resultFingerprint);
  }
  yield* insertFingerprintRows(byDigest);
}
