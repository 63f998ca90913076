import type { Answer } from '../evaluation/model-io.ts';
import type { StoredUsage } from '../evaluation/usage/stored-usage.ts';

export const stages = ['solve', 'score'] as const;
export type Stage = (typeof stages)[number];

/** Names one segment of one stage of a task result. */
export interface SegmentId {
  readonly taskResultId: string;
  readonly stage: Stage;
  readonly segmentIndex: number;
}

/**
 * A segment as one attempt of its task result works on it: what an earlier attempt brings late, after the run was opened
 * again, is told apart by it.
 */
export interface SegmentWork extends SegmentId {
  readonly attempt: number;
}

/** A later attempt of the task result is at work, or it has ended: what this one finds out does not count any more. */
export class AttemptSuperseded extends Error {
  override readonly name = 'AttemptSuperseded';

  constructor() {
    super('This attempt of the task result is over.');
  }
}

/** Names one query: the same name is never sent twice once its answer is recorded. */
export interface AnswerId {
  readonly sampleIndex: number;
  readonly trial: number;
  /** Key of the scorer that asks; empty in stage `solve`. */
  readonly scorerKey: string;
  readonly modelKey: string;
  /** Digest of the canonical JSON of the model input. */
  readonly requestDigest: string;
  /** How often this trial had asked exactly this before, from 0. */
  readonly occurrence: number;
}

export interface JournalAnswer extends AnswerId {
  readonly answer: Answer;
}

/** What a sample came to. */
export interface JournalOutcome {
  readonly sampleIndex: number;
  /** JSON text of a `SolvedSample` or a `ScoredSample`: made once, written here, and again when the segment is sealed. */
  readonly text: string;
  /** Whether it has an error of this stage. */
  readonly hasError: boolean;
  readonly queries: { readonly sent: number; readonly retried: number };
  /** What these queries came to; left out where there is none. */
  readonly usage?: StoredUsage;
}

/**
 * Answers and sample outcomes of work not yet sealed. First write wins: an append under a taken name changes nothing and
 * returns what stands. An append resolves when its row is on disk; rows of a few milliseconds share one commit.
 *
 * Every write says for which attempt of the task result it is, and is checked in the transaction that writes. Of an
 * earlier attempt only answers of stage `solve` are still taken: they are what the model said, whoever asked. Its scores
 * may be those of another scoring section.
 */
export interface Journal {
  load(segment: SegmentId): Promise<{
    readonly answers: readonly JournalAnswer[];
    readonly outcomes: readonly Pick<JournalOutcome, 'sampleIndex' | 'text'>[];
  }>;
  appendAnswer(segment: SegmentWork, answer: JournalAnswer): Promise<Answer>;
  /**
   * Records an outcome. The outcome holds its answers, so answers of this sample that still wait for their commit need
   * not be written: they are withdrawn, and their promises resolve with the outcome's commit. Where the outcome is not the
   * one that stands, they are written after all. Returns the text that stands.
   *
   * @throws {AttemptSuperseded}
   */
  appendOutcome(segment: SegmentWork, outcome: JournalOutcome): Promise<string>;
  /**
   * Removes outcomes that a new attempt tries again, with all answers of their samples but `standing`, which it keeps: an
   * outcome holds answers that are written nowhere else.
   *
   * @param lost - What left for them and is in none of `standing`: it stays counted.
   * @throws {AttemptSuperseded}
   */
  removeOutcomes(
    segment: SegmentWork,
    sampleIndexes: readonly number[],
    standing: readonly JournalAnswer[],
    lost?: StoredUsage,
  ): Promise<void>;
}
