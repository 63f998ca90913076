import { textForm } from '../text-form.ts';
import { compareCodePoints } from './code-points.ts';
import type { MetricKind } from './metric-kind.ts';
import { makeOutcome } from './named-values.ts';
import { readField } from './read-field.ts';

/** Share of each distinct value among the samples that have the field; values are the same if their text forms are. */
export const frequencyMetric: MetricKind<'frequency'> = {
  type: 'frequency',
  revision: 1,
  create({ field }) {
    const counts = new Map<string, number>();
    let present = 0;
    let missing = 0;
    return {
      add(values, _sampleId, times = 1) {
        const value = readField(values, field);
        // A number that is none has no share of its own; to count it as absent keeps the sum at 1.
        if (value === undefined || (typeof value === 'number' && !Number.isFinite(value))) {
          missing += times;
          return;
        }
        const form = textForm(value);
        counts.set(form, (counts.get(form) ?? 0) + times);
        present += times;
      },
      finish() {
        const sorted = [...counts].sort(([left], [right]) => compareCodePoints(left, right));
        return makeOutcome(
          sorted.map(([form, count]) => [`${field}_${form}`, count / present]),
          { num_missing: missing },
        );
      },
    };
  },
};
