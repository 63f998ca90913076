import { createFieldAccumulator } from './field-accumulator.ts';
import type { MetricKind } from './metric-kind.ts';
import { NeumaierSum } from './neumaier-sum.ts';

export const meanMetric: MetricKind<'mean'> = {
  type: 'mean',
  revision: 1,
  create({ field, name = `${field}_mean` }) {
    const sum = new NeumaierSum();
    let count = 0;
    return createFieldAccumulator(field, name, {
      add(value, times) {
        sum.add(value * times);
        count += times;
      },
      finish: () => sum.value / count,
    });
  },
};
