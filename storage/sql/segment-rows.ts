import { sql } from 'kysely';
import type { SegmentId, Stage } from '../journal.ts';
import type { SegmentRecord } from '../result-index.ts';
import { build } from './build.ts';
import type { SegmentRow } from './tables.ts';
import { all, execute, find, type Work } from './work.ts';

export function* findSegmentRow(segment: SegmentId): Work<SegmentRow | undefined> {
  return yield* find(
    build
      .selectFrom('segments')
      .selectAll()
      .where('task_result_id', '=', segment.taskResultId)
      .where('stage', '=', segment.stage)
      .where('segment_index', '=', segment.segmentIndex),
  );
}

export function* listSegmentRows(taskResultId: string, stage: Stage): Work<SegmentRow[]> {
  return yield* all(
    build
      .selectFrom('segments')
      .selectAll()
      .where('task_result_id', '=', taskResultId)
      .where('stage', '=', stage)
      .orderBy('segment_index'),
  );
}

/** Writes a sealed segment over a reopened one, or where there is none. */
export function* putSegmentRow(
  { taskResultId, stage, segmentIndex }: SegmentId,
  record: Omit<SegmentRecord, 'segmentIndex' | 'isReopened'>,
): Work<void> {
  const values = {
    blob_digest: record.blob.digest,
    blob_size: record.blob.sizeBytes,
    samples: record.samples,
    errors: record.errors,
    queries_sent: record.queries.sent,
    queries_retried: record.queries.retried,
    is_reopened: 0,
  };
  yield* execute(
    build
      .insertInto('segments')
      .values({ task_result_id: taskResultId, stage, segment_index: segmentIndex, ...values })
      .onConflict((conflict) => conflict.columns(['task_result_id', 'stage', 'segment_index']).doUpdateSet(values)),
  );
}

/** Drops every segment of a task result, and the score outcomes in its journal: they judged other solver outputs. */
export function* removeSegmentRows(taskResultId: string): Work<void> {
  yield* execute(build.deleteFrom('segments').where('task_result_id', '=', taskResultId));
  yield* execute(
    build.deleteFrom('journal_outcomes').where('task_result_id', '=', taskResultId).where('stage', '=', 'score'),
  );
}

/** Drops what judged the solver outputs of a task result, sealed or journalled. */
export function* removeScores(taskResultId: string): Work<void> {
  for (const table of ['segments', 'journal_answers', 'journal_outcomes'] as const) {
    yield* execute(build.deleteFrom(table).where('task_result_id', '=', taskResultId).where('stage', '=', 'score'));
  }
}

export function* removeSegment({ taskResultId, stage, segmentIndex }: SegmentId): Work<void> {
  yield* execute(
    build
      .deleteFrom('segments')
      .where('task_result_id', '=', taskResultId)
      .where('stage', '=', stage)
      .where('segment_index', '=', segmentIndex),
  );
}

/** Gives a task result the solver outputs of another: the same blobs under its own name. */
export function copySolveSegments(sourceId: string, taskResultId: string): Work<void> {
  return copySegments(sourceId, taskResultId, { stages: ['solve'], keepsQueries: true });
}

/**
 * Gives a task result sealed segments of another: the same blobs under its own name.
 *
 * @param options.keepsQueries - Whether what the source sent for them counts for this one, too.
 */
export function* copySegments(
  sourceId: string,
  taskResultId: string,
  options: { readonly stages: readonly Stage[]; readonly keepsQueries: boolean },
): Work<void> {
  const queries = sql.raw(options.keepsQueries ? 'queries_sent, queries_retried' : '0, 0');
  for (const stage of options.stages) {
    yield* execute(
      sql`INSERT INTO segments (task_result_id, stage, segment_index, blob_digest, blob_size, samples, errors,
            queries_sent, queries_retried, is_reopened)
          SELECT ${taskResultId}, stage, segment_index, blob_digest, blob_size, samples, errors, ${queries}, 0
          FROM segments WHERE task_result_id = ${sourceId} AND stage = ${stage}`,
    );
  }
}

/**
 * Opens the segments with errors of a task result again. Solver outputs that were taken over are another result's work
 * and keep their errors. A score segment follows its solve segment: what is solved anew has to be judged.
 */
export function* reopenSegments(taskResultId: string, solvedItself: boolean): Work<void> {
  if (solvedItself) {
    yield* execute(
      sql`UPDATE segments SET is_reopened = 1 WHERE task_result_id = ${taskResultId} AND stage = 'solve' AND errors > 0`,
    );
  }
  yield* execute(
    sql`UPDATE segments SET is_reopened = 1
        WHERE task_result_id = ${taskResultId} AND stage = 'score' AND (errors > 0 OR segment_index IN (
          SELECT segment_index FROM segments
          WHERE task_result_id = ${taskResultId} AND stage = 'solve' AND is_reopened = 1))`,
  );
}

export function toSegmentRecord(row: SegmentRow): SegmentRecord {
  return {
    segmentIndex: row.segment_index,
    blob: { digest: row.blob_digest, sizeBytes: row.blob_size },
    samples: row.samples,
    errors: row.errors,
    queries: { sent: row.queries_sent, retried: row.queries_retried },
    isReopened: row.is_reopened === 1,
  };
}
