import type { Digest } from '../contracts/digest.ts';
import type { Stage } from './journal.ts';
import type { TaskResultRecord } from './result-index.ts';

/** A result whose single answers may stand elsewhere. */
export interface AnswerSource {
  readonly result: TaskResultRecord;
  /** Stages of which all answers are listed. */
  readonly listed: ReadonlySet<Stage>;
}

/** An answer within a result, under the key of what it answers. */
export interface ListedAnswer {
  readonly key: Digest;
  readonly stage: Stage;
  readonly segmentIndex: number;
  readonly sampleIndex: number;
  /** Of the scorer that asked; empty in stage `solve`. */
  readonly scorerKey: string;
}

/** Where an answer lies. */
export interface AnswerPlace extends Omit<ListedAnswer, 'key'> {
  readonly taskResultId: string;
  /** The sealed segment, as it is registered now. */
  readonly blob: Digest;
}

/**
 * Where single answers of stored results lie, by what they answer (`reuse.answers`). A result is listed when somebody first
 * looks for answers in it, and never otherwise. What is listed is a hint: whoever reads the place finds out.
 */
export interface AnswerIndex {
  /**
   * The latest completed, reusable results that computed something, those of one run left out; the one that ended last first.
   *
   * @param options.limit - How many at most.
   */
  findSources(options: {
    readonly exceptRunId: string | undefined;
    readonly limit: number;
  }): Promise<readonly AnswerSource[]>;
  /** Lists answers of a result; repeated, it changes nothing. Of a result that is not there any more nothing is listed. */
  listAnswers(taskResultId: string, answers: readonly ListedAnswer[]): Promise<void>;
  /** Notes that all answers of a stage of a result are listed. */
  finishListing(taskResultId: string, stage: Stage): Promise<void>;
  /** By key, where answers of a stage lie in results that may be reused at this moment. */
  findAnswers(stage: Stage, keys: readonly Digest[]): Promise<ReadonlyMap<Digest, readonly AnswerPlace[]>>;
}
