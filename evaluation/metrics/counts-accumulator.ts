import type { MetricAccumulator } from './metric-kind.ts';
import { emptyReason, makeOutcome, type NumberOrReason } from './named-values.ts';
import { NeumaierSum } from './neumaier-sum.ts';
import { NumberReader } from './number-reading.ts';
import { readField } from './read-field.ts';

/** A metric over fields that count something in each sample: the counts are summed over the samples first. */
export function createCountsAccumulator<Count extends string>(
  name: string,
  fields: Readonly<Record<Count, string>>,
  combine: (sums: Readonly<Record<Count, number>>) => NumberOrReason,
): MetricAccumulator {
  const counts = Object.keys(fields) as Count[];
  const sums = counts.map((count) => ({ count, field: fields[count], sum: new NeumaierSum() }));
  const reader = new NumberReader();
  let samples = 0;
  let missing = 0;
  return {
    add(values, sampleId, times = 1) {
      samples += times;
      const read = sums.map(({ field }) => readField(values, field));
      if (read.includes(undefined)) {
        missing += times;
        return;
      }
      for (const [index, value] of read.entries()) {
        const number = value === undefined ? undefined : reader.read(value, sampleId);
        if (number !== undefined) sums[index]?.sum.add(number * times);
      }
    },
    finish() {
      const totals = Object.fromEntries(sums.map(({ count, sum }) => [count, sum.value])) as Record<Count, number>;
      const { defect } = reader;
      const empty = samples === missing;
      const value = defect !== undefined ? { reason: defect } : empty ? emptyReason(samples) : combine(totals);
      return makeOutcome([[name, value]], { num_missing: missing, ...(empty ? {} : { details: totals }) });
    },
  };
}
