import { describe, expect, test } from 'vitest';
import { runMetric } from './run-metric.ts';

const labels = (...values: (number | boolean | string | null)[]) => values.map((label) => ({ label }));

describe('frequency', () => {
  test('gives the share of each value among the samples that have one', () => {
    const outcome = runMetric({ type: 'frequency', field: 'label' }, labels('a', 'b', 'a', null, 'a'));
    expect(outcome).toEqual({ values: { label_a: 0.75, label_b: 0.25 }, num_missing: 1 });
  });

  test('tells values apart by their text form', () => {
    const outcome = runMetric({ type: 'frequency', field: 'label' }, labels(3, '3', true, 'true'));
    expect(outcome.values).toEqual({ label_3: 0.5, label_true: 0.5 });
  });

  test('yields no names without samples', () => {
    expect(runMetric({ type: 'frequency', field: 'label' }, [])).toEqual({ values: {}, num_missing: 0 });
  });

  test('takes names that objects have anyway for values like any other', () => {
    const outcome = runMetric({ type: 'frequency', field: 'label' }, labels('constructor', '__proto__'));
    expect(Object.entries(outcome.values)).toEqual([
      ['label___proto__', 0.5],
      ['label_constructor', 0.5],
    ]);
  });
});

describe('weighted_average', () => {
  const weights = { good: 1, fair: 0.5, '3': 0.25, true: 2 };

  test('averages the weights of the labels', () => {
    const outcome = runMetric(
      { type: 'weighted_average', field: 'label', weights },
      labels('good', 'fair', 'fair', null),
    );
    expect(outcome).toMatchObject({ values: { label_weighted_average: 2 / 3 }, num_missing: 1 });
  });

  test('finds weights of numbers and booleans by their text form', () => {
    const outcome = runMetric({ type: 'weighted_average', field: 'label', weights, name: 'w' }, labels(3, true));
    expect(outcome.values).toEqual({ w: 1.125 });
  });

  test('raises on a label without a weight, naming label and sample', () => {
    expect(() => runMetric({ type: 'weighted_average', field: 'label', weights }, labels('good', 'toString'))).toThrow(
      expect.objectContaining({ code: 'metric-failed', message: expect.stringMatching(/sample s1 .*"toString"/) }),
    );
  });

  test('is null without samples and without values', () => {
    expect(runMetric({ type: 'weighted_average', field: 'label', weights }, []).reasons).toEqual({
      label_weighted_average: 'no-samples',
    });
    expect(runMetric({ type: 'weighted_average', field: 'label', weights }, labels(null)).reasons).toEqual({
      label_weighted_average: 'no-values',
    });
  });
});
