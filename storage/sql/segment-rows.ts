import { sql } from 'kysely';
import type { SegmentId, Stage } from '../journal.ts';
import type { SegmentRecord, StageSegments } from '../result-index.ts';
import { build } from './build.ts';
import { chunksOf } from './chunks.ts';
import { eachOf } from './each-of.ts';
import type { SegmentRow } from './tables.ts';
import { keepSentOf, toStandingText } from './usage-rows.ts';
import { all, execute, find, type Work } from './work.ts';

/** Rows of one insert; each has a dozen values. */
const maxRowsPerInsert = 200;

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

/** Of both stages, many task results at once. */
export function* listSegmentsOf(taskResultIds: readonly string[]): Work<ReadonlyMap<string, StageSegments>> {
  const rows = yield* all(
    build
      .selectFrom('segments')
      .selectAll()
      .where('task_result_id', 'in', eachOf(taskResultIds))
      .orderBy('segment_index'),
  );
  const found = new Map<string, Record<Stage, SegmentRecord[]>>();
  for (const row of rows) {
    const segments = found.get(row.task_result_id) ?? { solve: [], score: [] };
    segments[row.stage].push(toSegmentRecord(row));
    found.set(row.task_result_id, segments);
  }
  return found;
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
    usage: record.usage ?? null,
    answers_stood: record.answersStood ?? 0,
    answers_since: record.answersSince ?? null,
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
  yield* keepSentOf({ table: 'segments', taskResultId });
  yield* keepSentOf({ table: 'journal_outcomes', taskResultId, stage: 'score' });
  yield* execute(build.deleteFrom('segments').where('task_result_id', '=', taskResultId));
  yield* execute(
    build.deleteFrom('journal_outcomes').where('task_result_id', '=', taskResultId).where('stage', '=', 'score'),
  );
}

/** Drops what judged the solver outputs of a task result, sealed or journalled. */
export function* removeScores(taskResultId: string): Work<void> {
  yield* keepSentOf({ table: 'segments', taskResultId, stage: 'score' });
  yield* keepSentOf({ table: 'journal_outcomes', taskResultId, stage: 'score' });
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
  return copySegments(sourceId, taskResultId, { stages: ['solve'], keepsQueries: true, areOwn: false });
}

/**
 * Gives a task result sealed segments of another: the same blobs under its own name.
 *
 * @param options.keepsQueries - Whether what the source sent for them counts for this one, too.
 * @param options.areOwn - Whether the run of this one sent it: it is usage of its own then, else it stands.
 */
export function* copySegments(
  sourceId: string,
  taskResultId: string,
  options: { readonly stages: readonly Stage[]; readonly keepsQueries: boolean; readonly areOwn: boolean },
): Work<void> {
  for (const stage of options.stages) {
    for (const rows of chunksOf(yield* listSegmentRows(sourceId, stage), maxRowsPerInsert)) {
      const copies = rows.map((row) => ({
        ...row,
        task_result_id: taskResultId,
        ...(options.keepsQueries ? {} : { queries_sent: 0, queries_retried: 0, answers_stood: 0 }),
        usage: options.areOwn ? row.usage : toStandingText(row.usage),
        is_reopened: 0,
      }));
      yield* execute(build.insertInto('segments').values(copies));
    }
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
    answersStood: row.answers_stood,
    answersSince: row.answers_since,
    isReopened: row.is_reopened === 1,
    ...(row.usage === null ? {} : { usage: row.usage }),
  };
}
