import type { SegmentId, Stage } from '../journal.ts';
import type { SegmentRecord } from '../result-index.ts';
import type { SqliteConnection } from './connection.ts';
import type { SegmentRow } from './tables.ts';

export function findSegmentRow(connection: SqliteConnection, segment: SegmentId): SegmentRow | undefined {
  return connection.find(
    connection.build
      .selectFrom('segments')
      .selectAll()
      .where('task_result_id', '=', segment.taskResultId)
      .where('stage', '=', segment.stage)
      .where('segment_index', '=', segment.segmentIndex),
  );
}

export function listSegmentRows(connection: SqliteConnection, taskResultId: string, stage: Stage): SegmentRow[] {
  return connection.all(
    connection.build
      .selectFrom('segments')
      .selectAll()
      .where('task_result_id', '=', taskResultId)
      .where('stage', '=', stage)
      .orderBy('segment_index'),
  );
}

/** Writes a sealed segment over a reopened one, or where there is none. */
export function putSegmentRow(
  connection: SqliteConnection,
  { taskResultId, stage, segmentIndex }: SegmentId,
  record: Omit<SegmentRecord, 'segmentIndex' | 'isReopened'>,
): void {
  const values = {
    blob_digest: record.blob.digest,
    blob_size: record.blob.sizeBytes,
    samples: record.samples,
    errors: record.errors,
    queries_sent: record.queries.sent,
    queries_retried: record.queries.retried,
    is_reopened: 0,
  };
  connection.run(
    connection.build
      .insertInto('segments')
      .values({ task_result_id: taskResultId, stage, segment_index: segmentIndex, ...values })
      .onConflict((conflict) => conflict.columns(['task_result_id', 'stage', 'segment_index']).doUpdateSet(values)),
  );
}

/** Drops every segment of a task result, and the score outcomes in its journal: they judged other solver outputs. */
export function removeSegmentRows(connection: SqliteConnection, taskResultId: string): void {
  connection.run(connection.build.deleteFrom('segments').where('task_result_id', '=', taskResultId));
  connection.run(
    connection.build
      .deleteFrom('journal_outcomes')
      .where('task_result_id', '=', taskResultId)
      .where('stage', '=', 'score'),
  );
}

/** Drops what judged the solver outputs of a task result, sealed or journalled. */
export function removeScores(connection: SqliteConnection, taskResultId: string): void {
  for (const table of ['segments', 'journal_answers', 'journal_outcomes']) {
    connection.prepare(`DELETE FROM ${table} WHERE task_result_id = ? AND stage = 'score'`).run([taskResultId]);
  }
}

export function removeSegment(connection: SqliteConnection, { taskResultId, stage, segmentIndex }: SegmentId): void {
  connection
    .prepare('DELETE FROM segments WHERE task_result_id = ? AND stage = ? AND segment_index = ?')
    .run([taskResultId, stage, segmentIndex]);
}

/** Gives a task result the solver outputs of another: the same blobs under its own name. */
export function copySolveSegments(connection: SqliteConnection, sourceId: string, taskResultId: string): void {
  copySegments(connection, sourceId, taskResultId, { stages: ['solve'], keepsQueries: true });
}

/**
 * Gives a task result sealed segments of another: the same blobs under its own name.
 *
 * @param options.keepsQueries - Whether what the source sent for them counts for this one, too.
 */
export function copySegments(
  connection: SqliteConnection,
  sourceId: string,
  taskResultId: string,
  options: { readonly stages: readonly Stage[]; readonly keepsQueries: boolean },
): void {
  const queries = options.keepsQueries ? 'queries_sent, queries_retried' : '0, 0';
  const copy = connection.prepare(
    `INSERT INTO segments
     SELECT ?, stage, segment_index, blob_digest, blob_size, samples, errors, ${queries}, 0
     FROM segments WHERE task_result_id = ? AND stage = ?`,
  );
  for (const stage of options.stages) copy.run([taskResultId, sourceId, stage]);
}

/**
 * Opens the segments with errors of a task result again. Solver outputs that were taken over are another result's work
 * and keep their errors. A score segment follows its solve segment: what is solved anew has to be judged.
 */
export function reopenSegments(connection: SqliteConnection, taskResultId: string, solvedItself: boolean): void {
  if (solvedItself) {
    connection
      .prepare(`UPDATE segments SET is_reopened = 1 WHERE task_result_id = ? AND stage = 'solve' AND errors > 0`)
      .run([taskResultId]);
  }
  connection
    .prepare(
      `UPDATE segments SET is_reopened = 1 WHERE task_result_id = ? AND stage = 'score' AND (errors > 0 OR
         segment_index IN (SELECT segment_index FROM segments WHERE task_result_id = ? AND stage = 'solve' AND is_reopened = 1))`,
    )
    .run([taskResultId, taskResultId]);
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
