import { sql } from 'kysely';
import type { Answer } from '../../evaluation/model-io.ts';
import { decodeUsage, type StoredUsage } from '../../evaluation/usage/stored-usage.ts';
import type { ColumnCodec } from '../encryption/column-codec.ts';
import { openRow } from '../encryption/sealed-rows.ts';
import type { AnswerId, JournalAnswer, JournalOutcome, SegmentId, SegmentWork } from '../journal.ts';
import { build } from './build.ts';
import { chunksOf } from './chunks.ts';
import type { JournalAnswers } from './tables.ts';
import { addLostUsage } from './usage-rows.ts';
import { useColumns } from './use-columns.ts';
import { all, execute, find, type Work } from './work.ts';

const journalTables = ['journal_answers', 'journal_outcomes'] as const;
/** Rows of one insert; each has ten values. */
const maxRowsPerInsert = 200;

export interface JournalState {
  /** It is sealed and not reopened, or its task result is completed or gone: it has no rows. */
  readonly isClosed: boolean;
  /** Another attempt of the task result is at work. */
  readonly isSuperseded: boolean;
}

/** Which rows a segment takes, from one attempt of its task result. */
export function* findJournalState({ taskResultId, stage, segmentIndex, attempt }: SegmentWork): Work<JournalState> {
  const row = yield* find(
    sql<{ attempt: number; is_closed: number }>`
      SELECT attempt, CASE WHEN status = 'completed' OR EXISTS (
          SELECT 1 FROM segments WHERE segments.task_result_id = task_results.task_result_id
            AND stage = ${stage} AND segment_index = ${segmentIndex} AND is_reopened = 0
        ) THEN 1 ELSE 0 END AS is_closed
      FROM task_results WHERE task_result_id = ${taskResultId}`,
  );
  if (row === undefined) return { isClosed: true, isSuperseded: true };
  return { isClosed: row.is_closed === 1, isSuperseded: row.attempt !== attempt };
}

/** What a model said to a solver is true whoever asked; a judge may be another one by now. */
export function takesAnswer({ stage }: SegmentId, { isClosed, isSuperseded }: JournalState): boolean {
  return !isClosed && (!isSuperseded || stage === 'solve');
}

export function* loadJournal(segment: SegmentId) {
  return { answers: yield* listAnswers(segment), outcomes: yield* listOutcomes(segment) };
}

/**
 * Removes outcomes that a new attempt tries again, with all answers of their samples but `standing`; false, changing
 * nothing, where that attempt is superseded itself.
 */
export function* removeOutcomes(
  segment: SegmentWork,
  sampleIndexes: readonly number[],
  standing: readonly JournalAnswer[],
  lost: StoredUsage | null = null,
): Work<boolean> {
  if ((yield* findJournalState(segment)).isSuperseded) return false;
  for (const sampleIndex of sampleIndexes) {
    for (const table of journalTables) {
      yield* execute(deleteOfSegment(table, segment).where('sample_index', '=', sampleIndex));
    }
  }
  yield* insertAnswers(segment, standing);
  yield* addLostUsage(segment.taskResultId, decodeUsage(lost));
  return true;
}

function* listAnswers(segment: SegmentId): Work<readonly JournalAnswer[]> {
  const columns = yield* useColumns();
  const rows = yield* all(
    build
      .selectFrom('journal_answers')
      .selectAll()
      .where('task_result_id', '=', segment.taskResultId)
      .where('stage', '=', segment.stage)
      .where('segment_index', '=', segment.segmentIndex)
      .orderBy('sample_index')
      .orderBy('trial')
      .orderBy('scorer_key')
      .orderBy('model_key')
      .orderBy('request_digest')
      .orderBy('occurrence'),
  );
  return rows.map((row) => ({
    sampleIndex: row.sample_index,
    trial: row.trial,
    scorerKey: row.scorer_key,
    modelKey: row.model_key,
    requestDigest: row.request_digest,
    occurrence: row.occurrence,
    answer: JSON.parse(openRow(columns, 'journal_answers', row).answer) as Answer,
  }));
}

function* listOutcomes(segment: SegmentId): Work<readonly Pick<JournalOutcome, 'sampleIndex' | 'text'>[]> {
  const columns = yield* useColumns();
  const rows = yield* all(
    build
      .selectFrom('journal_outcomes')
      .selectAll()
      .where('task_result_id', '=', segment.taskResultId)
      .where('stage', '=', segment.stage)
      .where('segment_index', '=', segment.segmentIndex)
      .orderBy('sample_index'),
  );
  return rows.map((row) => ({
    sampleIndex: row.sample_index,
    text: openRow(columns, 'journal_outcomes', row).outcome,
  }));
}

/** What stands under a taken name stays. */
function* insertAnswers(segment: SegmentId, answers: readonly JournalAnswer[]): Work<void> {
  const columns = yield* useColumns();
  for (const chunk of chunksOf(answers, maxRowsPerInsert)) {
    yield* execute(
      build
        .insertInto('journal_answers')
        .values(chunk.map(({ answer, ...id }) => sealAnswer(columns, segment, id, JSON.stringify(answer))))
        .onConflict((conflict) => conflict.doNothing()),
    );
  }
}

/** The row of an answer. */
export function sealAnswer(columns: ColumnCodec, segment: SegmentId, id: AnswerId, answerJson: string): JournalAnswers {
  const name = nameAnswer(segment, id);
  return { ...name, answer: columns.seal('journal_answers', 'answer', name, answerJson) };
}

/** The columns that name an answer. */
export function nameAnswer(segment: SegmentId, id: AnswerId): Omit<JournalAnswers, 'answer'> {
  return {
    task_result_id: segment.taskResultId,
    stage: segment.stage,
    segment_index: segment.segmentIndex,
    sample_index: id.sampleIndex,
    trial: id.trial,
    scorer_key: id.scorerKey,
    model_key: id.modelKey,
    request_digest: id.requestDigest,
    occurrence: id.occurrence,
  };
}

/** The columns that name an outcome. */
export function nameOutcome(segment: SegmentId, sampleIndex: number) {
  return {
    task_result_id: segment.taskResultId,
    stage: segment.stage,
    segment_index: segment.segmentIndex,
    sample_index: sampleIndex,
  };
}

/** Removes the outcomes of a segment; its answers stay. */
export function* removeOutcomesFromJournal(segment: SegmentId): Work<void> {
  yield* execute(deleteOfSegment('journal_outcomes', segment));
}

/** Removes everything of a segment. */
export function* removeSegmentFromJournal(segment: SegmentId): Work<void> {
  for (const table of journalTables) yield* execute(deleteOfSegment(table, segment));
}

/** Removes everything of a task result. */
export function* removeTaskResultFromJournal(taskResultId: string): Work<void> {
  for (const table of journalTables) {
    yield* execute(build.deleteFrom(table).where('task_result_id', '=', taskResultId));
  }
}

function deleteOfSegment(table: (typeof journalTables)[number], segment: SegmentId) {
  return build
    .deleteFrom(table)
    .where('task_result_id', '=', segment.taskResultId)
    .where('stage', '=', segment.stage)
    .where('segment_index', '=', segment.segmentIndex);
}
