import type { Metric } from '../spec/metrics.ts';

/** The metrics of a scorer that lists none: the mean of its main value, under the name that people know (format 9). */
export function meanOf(field: string, name: string): readonly Metric[] {
  return [{ type: 'mean', field, name }];
}
