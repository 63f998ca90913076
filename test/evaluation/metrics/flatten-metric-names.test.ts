import { expect, test } from 'vitest';
import type { MetricResult } from '../../../evaluation/metric-value.ts';
import { flattenMetricNames } from '../../../evaluation/metrics/flatten-metric-names.ts';

function result(
  scorer_key: string,
  metric_key: string,
  values: Record<string, number | null>,
  reasons?: Record<string, string>,
): MetricResult {
  return { scorer_key, metric_key, metric_type: 'mean', scorer_purpose: 'score', values, ...(reasons && { reasons }) };
}

test('a name that only one value has stays', () => {
  const flat = flattenMetricNames([result('s', 'm', { accuracy: 1 }), result('t', 'm', { other: 2 })]);
  expect(flat).toEqual({ values: { accuracy: 1, other: 2 }, reasons: {} });
});

test('names that clash all get the key of their metric', () => {
  const flat = flattenMetricNames([result('s', 'a', { accuracy: 1, free: 3 }), result('s', 'b', { accuracy: 2 })]);
  expect(flat.values).toEqual({ a_accuracy: 1, free: 3, b_accuracy: 2 });
});

test('names that still clash get the key of their scorer as well, and only those', () => {
  const flat = flattenMetricNames([
    result('s', 'mean', { accuracy: 1 }),
    result('t', 'mean', { accuracy: 2 }),
    result('t', 'own', { accuracy: 3 }),
  ]);
  expect(flat.values).toEqual({ s_mean_accuracy: 1, t_mean_accuracy: 2, own_accuracy: 3 });
});

test('a value that has its name to itself keeps it against a name made longer', () => {
  const flat = flattenMetricNames([
    result('s', 'a', { b: 1 }),
    result('s', 'c', { b: 2 }),
    result('t', 'z', { a_b: 3 }),
  ]);
  expect(flat.values).toEqual({ s_a_b: 1, c_b: 2, a_b: 3 });
});

test('no value gets lost, even where the longest names are equal', () => {
  const flat = flattenMetricNames([
    result('a', 'b_c', { n: 1 }),
    result('a', 'd', { n: 2 }),
    result('x', 'b_c', { n: 3 }),
    result('a_b', 'c', { n: 4 }),
    result('y', 'c', { n: 5 }),
  ]);
  expect(new Set(Object.values(flat.values))).toEqual(new Set([1, 2, 3, 4, 5]));
});

test('reasons go with their values', () => {
  const flat = flattenMetricNames([
    result('s', 'a', { x: null }, { x: 'no-samples' }),
    result('s', 'b', { x: null }, { x: 'no-values' }),
  ]);
  expect(flat.reasons).toEqual({ a_x: 'no-samples', b_x: 'no-values' });
});
