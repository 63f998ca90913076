import type { Interval } from './proportions.ts';

/** How two results are compared in one metric; docs/diff.md says when which. */
export const comparisonMethods = ['mcnemar', 'fisher', 'paired-bootstrap', 'two-sample-bootstrap'] as const;
export type ComparisonMethod = (typeof comparisonMethods)[number];
export const intervalMethods = ['newcombe-paired', 'newcombe', 'bca'] as const;
export type IntervalMethod = (typeof intervalMethods)[number];

/** Second − first in one value of a metric. */
export interface MetricDifference {
  readonly estimate: number;
  readonly interval: Interval;
  /** Two-sided, of this comparison alone. */
  readonly pValue: number;
  readonly method: ComparisonMethod;
  readonly intervalMethod: IntervalMethod;
  /** Null for what needs none. */
  readonly resamples: number | null;
  /** Samples that are compared; equal where they are paired. */
  readonly samples: readonly [first: number, second: number];
}

/** Why there is no difference that could be relied on. */
export interface NoDifference {
  readonly reason: string;
}
