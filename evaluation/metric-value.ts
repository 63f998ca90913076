import type { JsonObject } from '../contracts/json.ts';

/** What one metric computed (format 10, 22.1). A null value has a reason. */
export interface MetricResult {
  readonly metric_key: string;
  readonly metric_type: string;
  readonly scorer_key: string;
  readonly scorer_purpose: 'score' | 'qa';
  /** Name → number, or null with the reason beside it. */
  readonly values: Readonly<Record<string, number | null>>;
  readonly reasons?: Readonly<Record<string, string>>;
  /** Samples left out because a field was missing or null. */
  readonly num_missing?: number;
  /** Samples of a binary classification whose values are not both one of the answers. */
  readonly num_left_out?: number;
  /** Confusion counts and the like, exported beside the values. */
  readonly details?: JsonObject;
}
