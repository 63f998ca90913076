import type { JsonValue } from '../../contracts/json.ts';
import type { Score, ScoredSample } from '../../evaluation/score.ts';
import type { SampleError, SolvedSample } from '../../evaluation/trace.ts';
import type { UsageDocument, UsageTotals } from '../../evaluation/usage/usage-document.ts';
import type { SampleDocument } from '../stet.ts';

/** A query that left, or was to leave, and brought no answer. */
export interface UnansweredQuery {
  readonly model_key: string;
  readonly trial: number;
  /** Of a judge's query: the scorer that asked. */
  readonly scorer_key?: string;
  readonly input: JsonValue;
  readonly error: Pick<SampleError, 'error_type' | 'message' | 'hint'>;
}

export interface TriedSampleDocument extends SampleDocument {
  readonly unanswered: readonly UnansweredQuery[];
}

/** Queries that left; retries apart. */
export interface SentQueries {
  readonly sent: number;
  readonly retried: number;
}

/** What ends more than one sample, such as a model that refuses everything. */
export type TryError = Pick<SampleError, 'error_type' | 'message' | 'hint'>;

/** Tokens and cost of the answers that came, as runs account for them. */
export interface TryUsage extends UsageTotals {
  readonly usage: readonly UsageDocument[];
}

/** `stet try --json`. */
export interface TryDocument extends TryUsage {
  readonly evaluation: string;
  readonly task: string;
  readonly task_key: string;
  readonly model: string | null;
  readonly samples: readonly TriedSampleDocument[];
  /** Samples with an error of their own. */
  readonly errors: number;
  readonly error: TryError | null;
  readonly model_queries: SentQueries;
  readonly warnings: readonly string[];
}

/** One score of a trial that is not what it was; null where there is none. */
export interface ScoreChange {
  readonly scorer_key: string;
  readonly name: string;
  readonly trial: number;
  readonly before: Score['values'][string];
  readonly after: Score['values'][string];
}

export interface RescoredSampleDocument extends TriedSampleDocument {
  readonly solved: SolvedSample;
  /** Scores as they are stored; null where the run has not scored the sample. */
  readonly before: ScoredSample | null;
  readonly changes: readonly ScoreChange[];
}

/** `stet try --rescore --json`. `scored` of each sample is what the present scoring section makes of it. */
export interface RescoreDocument extends TryUsage {
  readonly run: string;
  /** Task of the run whose solver outputs are scored. */
  readonly task: string;
  readonly evaluation: string;
  /** Parts of the solver key in which the file is not the run, such as `solver`: it might give other answers. */
  readonly solver_differs_in: readonly string[];
  readonly samples: readonly RescoredSampleDocument[];
  /** Samples of the task that were there to choose from, up to the first 5,000. */
  readonly candidates: number;
  readonly changed: number;
  readonly errors: number;
  readonly error: TryError | null;
  readonly model_queries: SentQueries;
  readonly warnings: readonly string[];
}
