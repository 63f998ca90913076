import { createCountsAccumulator } from './counts-accumulator.ts';
import type { MetricKind } from './metric-kind.ts';
import { divide } from './named-values.ts';

export const recallMetric: MetricKind<'recall'> = {
  type: 'recall',
  revision: 1,
  create(spec) {
    return createCountsAccumulator(
      spec.name ?? 'recall',
      { true_positives: spec.num_true_positives_field, false_negatives: spec.num_false_negatives_field },
      (sums) => divide(sums.true_positives, sums.true_positives + sums.false_negatives),
    );
  },
};
