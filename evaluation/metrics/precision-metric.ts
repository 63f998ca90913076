import { createCountsAccumulator } from './counts-accumulator.ts';
import type { MetricKind } from './metric-kind.ts';
import { divide } from './named-values.ts';

export const precisionMetric: MetricKind<'precision'> = {
  type: 'precision',
  revision: 1,
  create(spec) {
    return createCountsAccumulator(
      spec.name ?? 'precision',
      { true_positives: spec.num_true_positives_field, false_positives: spec.num_false_positives_field },
      (sums) => divide(sums.true_positives, sums.true_positives + sums.false_positives),
    );
  },
};
