import { sql } from 'kysely';
import type { JsonObject } from '../../contracts/json.ts';
import type { Stage } from '../journal.ts';
import type { SegmentRecord, TaskResultRecord } from '../result-index.ts';
import type { NewTaskResult, RunRecord } from '../run-log.ts';
import { build } from '../sql/build.ts';
import { insertFingerprints, insertRun, insertTaskResults } from '../sql/create-run.ts';
import { findTaskResultRow, updateTaskResult } from '../sql/task-result-rows.ts';
import { execute, find, type Work } from '../sql/work.ts';

/** A result of the shared store, with what its record refers to. */
export interface SharedResult {
  readonly run: RunRecord;
  readonly result: TaskResultRecord;
  readonly fingerprints: { readonly solver: JsonObject; readonly result: JsonObject };
  readonly segments: Readonly<Record<Stage, readonly SegmentRecord[]>>;
}

/** In the origin of a run that was copied from the shared store, and is not one of this. */
const mark = 'imported';

export function isImported({ origin }: Pick<RunRecord, 'origin'>): boolean {
  return origin[mark] === true;
}

/**
 * Copies the records of a completed result, so that results of this store may stand on it as on one of its own; the blobs
 * stay where they are. Its run counts as older than any other. Repeated, it changes nothing.
 */
export function* importResult({ run, result, fingerprints, segments }: SharedResult): Work<void> {
  if ((yield* findTaskResultRow(result.taskResultId)) !== undefined) return;
  yield* importRun(run);
  const task: NewTaskResult = {
    ...result,
    samplesTotal: result.samples.total,
    solverFingerprint: fingerprints.solver,
    resultFingerprint: fingerprints.result,
  };
  yield* insertFingerprints([task]);
  const row = yield* find(
    build
      .selectFrom('task_results')
      .select(sql<number>`coalesce(max(position), -1) + 1`.as('position'))
      .where('run_id', '=', run.runId),
  );
  yield* insertTaskResults({ ...run, policy: result.policy }, [task], row?.position ?? 0);
  yield* updateTaskResult(result.taskResultId, {
    status: result.status,
    attempt: result.attempt,
    reuse: result.reuse,
    reused_from: result.reusedFrom,
    is_current: (yield* hasCurrent(result)) ? 0 : Number(result.isCurrent),
    samples_total: result.samples.total,
    samples_solver_errors: result.samples.solverErrors,
    samples_errors: result.samples.errors,
    samples_excluded: result.samples.excludedFromMetrics,
    queries_sent: result.queries.sent,
    queries_retried: result.queries.retried,
    queries_saved: result.queries.saved,
    usage: result.usage,
    waited_for: result.waitedFor,
    manifest_digest: result.manifest?.digest ?? null,
    manifest_size: result.manifest?.sizeBytes ?? null,
    metrics_digest: result.metrics?.digest ?? null,
    metrics_size: result.metrics?.sizeBytes ?? null,
    answers_stood: result.answersStood,
    result_digest: result.resultDigest,
    created_at: result.createdAt,
    started_at: result.startedAt,
    solved_at: result.solvedAt,
    ended_at: result.endedAt,
  });
  yield* importSegments(result.taskResultId, 'solve', segments.solve);
  yield* importSegments(result.taskResultId, 'score', segments.score);
}

function* importRun(run: RunRecord): Work<void> {
  const isNew = yield* insertRun({
    ...run,
    // A name of the shared store's; here it may be another run's.
    label: null,
    ownerId: null,
    workQueue: null,
    origin: { ...run.origin, [mark]: true },
  });
  if (!isNew) return;
  yield* execute(
    build
      .updateTable('runs')
      .set({
        status: run.status,
        attempt: run.attempt,
        ended_at: run.endedAt,
        worked_ms: run.workedMs,
        // Before all others: "latest" means one of this store's own.
        sequence: sql<number>`(SELECT min(0, min(sequence)) - 1 FROM runs)`,
      })
      .where('run_id', '=', run.runId),
  );
}

function* hasCurrent({ resultKey }: TaskResultRecord): Work<boolean> {
  const current = build
    .selectFrom('task_results')
    .select('task_result_id')
    .where('result_key', '=', resultKey)
    .where('is_current', '=', 1);
  return (yield* find(current)) !== undefined;
}

function* importSegments(taskResultId: string, stage: Stage, segments: readonly SegmentRecord[]): Work<void> {
  for (const segment of segments) {
    yield* execute(
      build.insertInto('segments').values({
        task_result_id: taskResultId,
        stage,
        segment_index: segment.segmentIndex,
        blob_digest: segment.blob.digest,
        blob_size: segment.blob.sizeBytes,
        samples: segment.samples,
        errors: segment.errors,
        queries_sent: segment.queries.sent,
        queries_retried: segment.queries.retried,
        usage: segment.usage ?? null,
        answers_stood: segment.answersStood ?? 0,
        answers_since: segment.answersSince ?? null,
        is_reopened: 0,
      }),
    );
  }
}
