import type { Digest } from '../contracts/digest.ts';
import type { JsonObject } from '../contracts/json.ts';
import type { RecordedQuery, SampleError } from './trace.ts';

export type ScoreValue = boolean | number | string | null;

/** Named values of one scorer for one trial or sample, with what explains them. */
export interface Score {
  readonly values: Readonly<Record<string, ScoreValue>>;
  readonly metadata: JsonObject;
}

/** One scorer's verdict on one trial; `score` is null exactly if `error` is there. */
export interface ScoredTrial {
  readonly trial: number;
  readonly scorer_key: string;
  readonly score: Score | null;
  readonly queries: readonly RecordedQuery[];
  readonly failed_queries: { readonly sent: number; readonly retried: number };
  readonly error?: SampleError;
}

export interface ActionRecord {
  readonly action: 'exclude_from_metrics';
  readonly rule_key: string;
}

/** All verdicts on one sample; one line of a segment's score blob. */
export interface ScoredSample {
  readonly sample_index: number;
  readonly sample_id: string;
  readonly attempt: number;
  readonly trials: readonly ScoredTrial[];
  /** Scorer key → the sample's score, aggregated over trials; absent for a scorer that failed on any trial. */
  readonly scores: Readonly<Record<string, Score>>;
  readonly action_records: readonly ActionRecord[];
  /** Digest of all that the sample came to, made where solver outputs and scores are at hand; see `result-digest.ts`. */
  readonly digest?: Digest;
  /** All errors of this sample: those of the solver carried along, of scorers, of action rules. */
  readonly errors: readonly SampleError[];
}
