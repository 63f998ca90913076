import { describe, expect, test } from 'vitest';
import { runMetric } from './run-metric.ts';

const tp = 'num_true_positives_field';
const fp = 'num_false_positives_field';
const fn = 'num_false_negatives_field';
const precision = { type: 'precision', [tp]: 'tp', [fp]: 'fp' } as const;
const recall = { type: 'recall', [tp]: 'tp', [fn]: 'fn' } as const;
const f1 = { type: 'f1_score', [tp]: 'tp', [fp]: 'fp', [fn]: 'fn' } as const;

const counts = (...rows: [number, number, number][]) => rows.map(([t, p, n]) => ({ tp: t, fp: p, fn: n }));

test('counts are summed over the samples before they are divided', () => {
  const scores = counts([1, 0, 3], [3, 4, 1]);
  expect(runMetric(precision, scores).values).toEqual({ precision: 4 / 8 });
  expect(runMetric(recall, scores).values).toEqual({ recall: 4 / 8 });
  expect(runMetric(f1, scores).values).toEqual({ f1_score: 8 / 16 });
});

test('the summed counts are exported beside the value', () => {
  expect(runMetric(f1, counts([1, 2, 3], [1, 0, 0])).details).toEqual({
    true_positives: 2,
    false_positives: 2,
    false_negatives: 3,
  });
});

test('a zero denominator gives null', () => {
  expect(runMetric(precision, counts([0, 0, 5])).reasons).toEqual({ precision: 'zero-denominator' });
  expect(runMetric(recall, counts([0, 5, 0])).reasons).toEqual({ recall: 'zero-denominator' });
  expect(runMetric(f1, counts([0, 0, 0])).reasons).toEqual({ f1_score: 'zero-denominator' });
});

test('F1 is 0 and not null when only the true positives are 0', () => {
  expect(runMetric(f1, counts([0, 3, 0])).values).toEqual({ f1_score: 0 });
  expect(runMetric(f1, counts([0, 0, 3])).values).toEqual({ f1_score: 0 });
});

describe.each([precision, recall, f1])('$type', (spec) => {
  test('leaves out a sample that lacks one of its fields, whole', () => {
    const outcome = runMetric(spec, [...counts([1, 1, 1]), { fp: 9, fn: 9 }, { tp: null, fp: 9, fn: 9 }]);
    expect(outcome.num_missing).toBe(2);
    expect(outcome.values).toEqual(runMetric(spec, counts([1, 1, 1])).values);
  });

  test('is null with its reason where there is nothing to count', () => {
    expect(runMetric(spec, []).reasons).toEqual({ [spec.type]: 'no-samples' });
    expect(runMetric(spec, [{}]).reasons).toEqual({ [spec.type]: 'no-values' });
    expect(runMetric(spec, [{ tp: 'one', fp: 1, fn: 1 }]).reasons).toEqual({ [spec.type]: 'not-numeric: sample s0' });
  });

  test('takes the name it is given', () => {
    expect(runMetric({ ...spec, name: 'other' }, counts([1, 0, 0])).values).toEqual({ other: 1 });
  });
});
