import { createFieldAccumulator } from './field-accumulator.ts';
import type { MetricKind } from './metric-kind.ts';

export const maxMetric: MetricKind<'max'> = {
  type: 'max',
  revision: 1,
  create({ field, name = `${field}_max` }) {
    let greatest = Number.NEGATIVE_INFINITY;
    return createFieldAccumulator(field, name, {
      add(value) {
        if (value > greatest) greatest = value;
      },
      finish: () => greatest,
    });
  },
};
