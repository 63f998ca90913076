import { createFieldAccumulator } from './field-accumulator.ts';
import type { MetricKind } from './metric-kind.ts';

export const minMetric: MetricKind<'min'> = {
  type: 'min',
  revision: 1,
  create({ field, name = `${field}_min` }) {
    let smallest = Number.POSITIVE_INFINITY;
    return createFieldAccumulator(field, name, {
      add(value) {
        if (value < smallest) smallest = value;
      },
      finish: () => smallest,
    });
  },
};
