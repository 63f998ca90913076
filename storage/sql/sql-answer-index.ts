import type { Digest } from '../../contracts/digest.ts';
import type { AnswerIndex, AnswerPlace, AnswerSource, ListedAnswer } from '../answer-index.ts';
import type { Stage } from '../journal.ts';
import { build } from './build.ts';
import { chunksOf } from './chunks.ts';
import type { Database } from './database.ts';
import { eachOf } from './each-of.ts';
import type { StoredAnswers } from './tables.ts';
import { findTaskResultRow, listTaskResultRecords } from './task-result-rows.ts';
import { useColumns } from './use-columns.ts';
import { all, execute, type Work } from './work.ts';

/** Rows of one insert; each has six values, and SQLite takes 32,766 in a statement. */
const maxRowsPerInsert = 400;

/** The answer index in a database. */
export function createSqlAnswerIndex(database: Database, now: () => string): AnswerIndex {
  return {
    findSources: (options) => database.snapshot(() => findSources(options)),
    listAnswers: (taskResultId, answers) => database.transaction(() => listAnswers(taskResultId, answers)),
    finishListing: (taskResultId, stage) => database.transaction(() => finishListing(taskResultId, stage, now())),
    findAnswers: (stage, keys) => database.snapshot(() => findAnswers(stage, keys)),
  };
}

function* findSources(options: {
  readonly exceptRunId: string | undefined;
  readonly limit: number;
}): Work<readonly AnswerSource[]> {
  const results = yield* listTaskResultRecords(
    build
      .selectFrom('task_results')
      .selectAll()
      .where('status', '=', 'completed')
      .where('policy', '<>', 'no-cache')
      .where('reuse', '<>', 'full')
      .where('is_removed', '=', 0)
      .where('run_id', '<>', options.exceptRunId ?? '')
      .orderBy('ended_at', 'desc')
      .orderBy('task_result_id', 'desc')
      .limit(options.limit),
  );
  const listed = yield* all(
    build
      .selectFrom('answer_sources')
      .select(['task_result_id', 'stage'])
      .where('task_result_id', 'in', eachOf(results.map(({ taskResultId }) => taskResultId))),
  );
  return results.map((result) => ({
    result,
    listed: new Set<Stage>(listed.flatMap((row) => (row.task_result_id === result.taskResultId ? [row.stage] : []))),
  }));
}

function* listAnswers(taskResultId: string, answers: readonly ListedAnswer[]): Work<void> {
  // Somebody may have erased it since it was read.
  if ((yield* findTaskResultRow(taskResultId)) === undefined) return;
  const columns = yield* useColumns();
  const rows = answers.map((answer) => ({
    answer_key: columns.hide(answer.key),
    task_result_id: taskResultId,
    stage: answer.stage,
    segment_index: answer.segmentIndex,
    sample_index: answer.sampleIndex,
    scorer_key: answer.scorerKey,
  }));
  for (const chunk of chunksOf(rows, maxRowsPerInsert)) {
    yield* execute(
      build
        .insertInto('stored_answers')
        .values(chunk)
        .onConflict((conflict) => conflict.doNothing()),
    );
  }
}

function* finishListing(taskResultId: string, stage: Stage, now: string): Work<void> {
  if ((yield* findTaskResultRow(taskResultId)) === undefined) return;
  yield* execute(
    build
      .insertInto('answer_sources')
      .values({ task_result_id: taskResultId, stage, listed_at: now })
      .onConflict((conflict) => conflict.doNothing()),
  );
}

function* findAnswers(stage: Stage, keys: readonly Digest[]): Work<ReadonlyMap<Digest, readonly AnswerPlace[]>> {
  const columns = yield* useColumns();
  const byHidden = new Map(keys.map((key) => [columns.hide(key), key]));
  const rows = yield* all(
    build
      .selectFrom('stored_answers')
      .selectAll()
      .where('answer_key', 'in', eachOf([...byHidden.keys()]))
      .where('stage', '=', stage),
  );
  if (rows.length === 0) return new Map();
  const blobs = yield* findBlobs(stage, rows);
  const found = new Map<Digest, AnswerPlace[]>();
  for (const row of rows) {
    const key = byHidden.get(row.answer_key);
    const blob = blobs.get(nameSegment(row));
    if (key === undefined || blob === undefined) continue;
    const place: AnswerPlace = {
      taskResultId: row.task_result_id,
      stage,
      segmentIndex: row.segment_index,
      sampleIndex: row.sample_index,
      scorerKey: row.scorer_key,
      blob,
    };
    const known = found.get(key);
    if (known === undefined) found.set(key, [place]);
    else known.push(place);
  }
  return found;
}

/** The segments of those results that may be reused. Apart from the answers: many of these lie in few of those. */
function* findBlobs(
  stage: Stage,
  rows: readonly Pick<StoredAnswers, 'task_result_id' | 'segment_index'>[],
): Work<ReadonlyMap<string, Digest>> {
  const segments = yield* all(
    build
      .selectFrom('segments')
      .innerJoin('task_results', 'task_results.task_result_id', 'segments.task_result_id')
      .select(['segments.task_result_id', 'segment_index', 'blob_digest'])
      .where('segments.task_result_id', 'in', eachOf([...new Set(rows.map((row) => row.task_result_id))]))
      .where('segment_index', 'in', [...new Set(rows.map((row) => row.segment_index))])
      .where('stage', '=', stage)
      .where('status', '=', 'completed')
      .where('policy', '<>', 'no-cache')
      .where('is_removed', '=', 0),
  );
  return new Map(segments.map((segment) => [nameSegment(segment), segment.blob_digest]));
}

function nameSegment(row: Pick<StoredAnswers, 'task_result_id' | 'segment_index'>): string {
  return `${row.task_result_id} ${row.segment_index}`;
}
