import type { MetricResult } from '../metric-value.ts';
import type { CompleteMetric } from '../plan.ts';
import type { ScoreValue } from '../score.ts';
import type { Metric } from '../spec/metrics.ts';

export type MetricOutcome = Pick<MetricResult, 'values' | 'reasons' | 'num_missing' | 'num_left_out' | 'details'>;

/** Takes the scores of one scorer in dataset order and keeps no more than its aggregate: memory is flat. */
export interface MetricAccumulator {
  /**
   * @param times - How often the sample counts, from 1; resampling draws one more than once. Left out: once.
   * @throws {EvaluationError} `metric-failed`, naming the sample.
   */
  add(values: Readonly<Record<string, ScoreValue>>, sampleId: string, times?: number): void;
  finish(): MetricOutcome;
}

/** One type of metric; register it in `metrics/index.ts`. */
export interface MetricKind<Type extends Metric['type'] = Metric['type']> {
  readonly type: Type;
  /** Raised when the value for the same scores can change; part of the result key. */
  readonly revision: number;
  create(spec: Extract<CompleteMetric, { type: Type }>): MetricAccumulator;
}
