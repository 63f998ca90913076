import type { Answer } from '../../evaluation/model-io.ts';
import type { AnswerId, JournalAnswer, JournalOutcome, SegmentId, SegmentWork } from '../journal.ts';
import type { SqliteConnection, SqliteValue } from './connection.ts';
import type { JournalAnswers } from './tables.ts';

const segmentColumns = 'task_result_id, stage, segment_index';
const answerColumns = 'sample_index, trial, scorer_key, model_key, request_digest, occurrence';
const ofSegment = 'task_result_id = ? AND stage = ? AND segment_index = ?';
const ofAnswer = `${ofSegment} AND sample_index = ? AND trial = ? AND scorer_key = ? AND model_key = ? AND request_digest = ? AND occurrence = ?`;

export interface JournalState {
  /** It is sealed and not reopened, or its task result is completed or gone: it has no rows. */
  readonly isClosed: boolean;
  /** Another attempt of the task result is at work. */
  readonly isSuperseded: boolean;
}

type AnswerRow = Omit<JournalAnswers, 'task_result_id' | 'stage' | 'segment_index'>;

/** The statements of the journal, prepared: every answer and every outcome of a run passes here. */
export class JournalRows {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  /** Which rows a segment takes, from one attempt of its task result. */
  findState({ attempt, ...segment }: SegmentWork): JournalState {
    const sql = `SELECT t.attempt, t.status = 'completed' OR EXISTS (
        SELECT 1 FROM segments WHERE ${ofSegment} AND is_reopened = 0
      ) AS is_closed FROM task_results AS t WHERE t.task_result_id = ?`;
    const [row] = this.#connection
      .prepare<{ attempt: number; is_closed: number }>(sql)
      .all([...valuesOfSegment(segment), segment.taskResultId]);
    if (row === undefined) return { isClosed: true, isSuperseded: true };
    return { isClosed: row.is_closed === 1, isSuperseded: row.attempt !== attempt };
  }

  /** True where the name was free. */
  insertAnswer(segment: SegmentId, id: AnswerId, answerJson: string): boolean {
    const sql = `INSERT INTO journal_answers (${segmentColumns}, ${answerColumns}, answer)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
    return this.#connection.prepare(sql).run([...valuesOfAnswer(segment, id), answerJson]) > 0;
  }

  findAnswer(segment: SegmentId, id: AnswerId): Answer | undefined {
    const sql = `SELECT answer FROM journal_answers WHERE ${ofAnswer}`;
    const [row] = this.#connection.prepare<{ answer: string }>(sql).all(valuesOfAnswer(segment, id));
    return row === undefined ? undefined : (JSON.parse(row.answer) as Answer);
  }

  listAnswers(segment: SegmentId): readonly JournalAnswer[] {
    const sql = `SELECT ${answerColumns}, answer FROM journal_answers WHERE ${ofSegment} ORDER BY ${answerColumns}`;
    return this.#connection
      .prepare<AnswerRow>(sql)
      .all(valuesOfSegment(segment))
      .map((row) => ({
        sampleIndex: row.sample_index,
        trial: row.trial,
        scorerKey: row.scorer_key,
        modelKey: row.model_key,
        requestDigest: row.request_digest,
        occurrence: row.occurrence,
        answer: JSON.parse(row.answer) as Answer,
      }));
  }

  /** True where the sample had no outcome yet. */
  insertOutcome(segment: SegmentId, { sampleIndex, text, hasError, queries }: JournalOutcome): boolean {
    const sql = `INSERT INTO journal_outcomes (${segmentColumns}, sample_index, has_error, queries_sent, queries_retried, outcome)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
    const values = [...valuesOfSegment(segment), sampleIndex, hasError ? 1 : 0, queries.sent, queries.retried, text];
    return this.#connection.prepare(sql).run(values) > 0;
  }

  findOutcome(segment: SegmentId, sampleIndex: number): string | undefined {
    const sql = `SELECT outcome FROM journal_outcomes WHERE ${ofSegment} AND sample_index = ?`;
    const [row] = this.#connection.prepare<{ outcome: string }>(sql).all([...valuesOfSegment(segment), sampleIndex]);
    return row?.outcome;
  }

  listOutcomes(segment: SegmentId): readonly Pick<JournalOutcome, 'sampleIndex' | 'text'>[] {
    const sql = `SELECT sample_index, outcome FROM journal_outcomes WHERE ${ofSegment} ORDER BY sample_index`;
    return this.#connection
      .prepare<{ sample_index: number; outcome: string }>(sql)
      .all(valuesOfSegment(segment))
      .map((row) => ({ sampleIndex: row.sample_index, text: row.outcome }));
  }

  /** Removes outcome and answers of one sample. */
  removeSample(segment: SegmentId, sampleIndex: number): void {
    for (const table of ['journal_answers', 'journal_outcomes']) {
      const sql = `DELETE FROM ${table} WHERE ${ofSegment} AND sample_index = ?`;
      this.#connection.prepare(sql).run([...valuesOfSegment(segment), sampleIndex]);
    }
  }

  /** Removes the outcomes of a segment; its answers stay. */
  removeOutcomes(segment: SegmentId): void {
    this.#connection.prepare(`DELETE FROM journal_outcomes WHERE ${ofSegment}`).run(valuesOfSegment(segment));
  }

  /** Removes everything of a segment. */
  removeSegment(segment: SegmentId): void {
    for (const table of ['journal_answers', 'journal_outcomes']) {
      this.#connection.prepare(`DELETE FROM ${table} WHERE ${ofSegment}`).run(valuesOfSegment(segment));
    }
  }

  /** Removes everything of a task result. */
  removeTaskResult(taskResultId: string): void {
    for (const table of ['journal_answers', 'journal_outcomes']) {
      this.#connection.prepare(`DELETE FROM ${table} WHERE task_result_id = ?`).run([taskResultId]);
    }
  }
}

function valuesOfSegment({ taskResultId, stage, segmentIndex }: SegmentId): readonly SqliteValue[] {
  return [taskResultId, stage, segmentIndex];
}

function valuesOfAnswer(segment: SegmentId, id: AnswerId): readonly SqliteValue[] {
  const { sampleIndex, trial, scorerKey, modelKey, requestDigest, occurrence } = id;
  return [...valuesOfSegment(segment), sampleIndex, trial, scorerKey, modelKey, requestDigest, occurrence];
}
