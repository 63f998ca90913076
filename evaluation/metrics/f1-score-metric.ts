import { createCountsAccumulator } from './counts-accumulator.ts';
import type { MetricKind } from './metric-kind.ts';
import { divide } from './named-values.ts';

export const f1ScoreMetric: MetricKind<'f1_score'> = {
  type: 'f1_score',
  revision: 1,
  create(spec) {
    return createCountsAccumulator(
      spec.name ?? 'f1_score',
      {
        true_positives: spec.num_true_positives_field,
        false_positives: spec.num_false_positives_field,
        false_negatives: spec.num_false_negatives_field,
      },
      // Over the counts, not over precision and recall: 0, and not null, when only the true positives are 0.
      (sums) => divide(2 * sums.true_positives, 2 * sums.true_positives + sums.false_positives + sums.false_negatives),
    );
  },
};
