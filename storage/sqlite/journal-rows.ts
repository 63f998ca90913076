import type { Answer } from '../../evaluation/model-io.ts';
import type { ColumnCodec } from '../encryption/column-codec.ts';
import type { SealedText } from '../encryption/sealed-text.ts';
import type { AnswerId, JournalOutcome, SegmentId } from '../journal.ts';
import { nameAnswer, nameOutcome, sealAnswer } from '../sql/journal-rows.ts';
import type { SqliteConnection, SqliteValue } from './connection.ts';

const segmentColumns = 'task_result_id, stage, segment_index';
const answerColumns = 'sample_index, trial, scorer_key, model_key, request_digest, occurrence';
const ofSegment = 'task_result_id = ? AND stage = ? AND segment_index = ?';
const ofAnswer = `${ofSegment} AND sample_index = ? AND trial = ? AND scorer_key = ? AND model_key = ? AND request_digest = ? AND occurrence = ?`;

/** The statements of an append, prepared: every answer and every outcome of a run passes here. */
export class JournalRows {
  readonly #connection: SqliteConnection;

  readonly #columns: ColumnCodec;

  constructor(connection: SqliteConnection, columns: ColumnCodec) {
    this.#connection = connection;
    this.#columns = columns;
  }

  /** True where the name was free. */
  insertAnswer(segment: SegmentId, id: AnswerId, answerJson: string): boolean {
    const sql = `INSERT INTO journal_answers (${segmentColumns}, ${answerColumns}, answer)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
    const { answer } = sealAnswer(this.#columns, segment, id, answerJson);
    return this.#connection.prepare(sql).run([...valuesOfAnswer(segment, id), answer]) > 0;
  }

  findAnswer(segment: SegmentId, id: AnswerId): Answer | undefined {
    const sql = `SELECT answer FROM journal_answers WHERE ${ofAnswer}`;
    const [row] = this.#connection.prepare<{ answer: SealedText }>(sql).all(valuesOfAnswer(segment, id));
    if (row === undefined) return undefined;
    const text = this.#columns.open('journal_answers', 'answer', nameAnswer(segment, id), row.answer);
    return JSON.parse(text) as Answer;
  }

  /** True where the sample had no outcome yet. */
  insertOutcome(segment: SegmentId, { sampleIndex, text, hasError, queries, usage }: JournalOutcome): boolean {
    const sql = `INSERT INTO journal_outcomes (${segmentColumns}, sample_index, has_error, queries_sent, queries_retried, usage, outcome)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
    const outcome = this.#columns.seal('journal_outcomes', 'outcome', nameOutcome(segment, sampleIndex), text);
    const counted = [hasError ? 1 : 0, queries.sent, queries.retried, usage ?? null];
    const values = [...valuesOfSegment(segment), sampleIndex, ...counted, outcome];
    return this.#connection.prepare(sql).run(values) > 0;
  }

  findOutcome(segment: SegmentId, sampleIndex: number): string | undefined {
    const sql = `SELECT outcome FROM journal_outcomes WHERE ${ofSegment} AND sample_index = ?`;
    const [row] = this.#connection
      .prepare<{ outcome: SealedText }>(sql)
      .all([...valuesOfSegment(segment), sampleIndex]);
    if (row === undefined) return undefined;
    return this.#columns.open('journal_outcomes', 'outcome', nameOutcome(segment, sampleIndex), row.outcome);
  }
}

function valuesOfSegment({ taskResultId, stage, segmentIndex }: SegmentId): readonly SqliteValue[] {
  return [taskResultId, stage, segmentIndex];
}

function valuesOfAnswer(segment: SegmentId, id: AnswerId): readonly SqliteValue[] {
  const { sampleIndex, trial, scorerKey, modelKey, requestDigest, occurrence } = id;
  return [...valuesOfSegment(segment), sampleIndex, trial, scorerKey, modelKey, requestDigest, occurrence];
}
