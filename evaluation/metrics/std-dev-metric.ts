import { createFieldAccumulator } from './field-accumulator.ts';
import type { MetricKind } from './metric-kind.ts';

/**
 * Sample standard deviation, divisor n − 1, in one pass.
 *
 * @see Welford (1962), https://doi.org/10.1080/00401706.1962.10490022
 */
export const stdDevMetric: MetricKind<'std_dev'> = {
  type: 'std_dev',
  revision: 1,
  create({ field, name = `${field}_std_dev` }) {
    let count = 0;
    let mean = 0;
    let squares = 0;
    return createFieldAccumulator(field, name, {
      add(value, times) {
        count += times;
        const before = value - mean;
        mean += (before * times) / count;
        squares += before * (value - mean) * times;
      },
      finish: () => (count === 1 ? { reason: 'single-value' } : Math.sqrt(squares / (count - 1))),
    });
  },
};
