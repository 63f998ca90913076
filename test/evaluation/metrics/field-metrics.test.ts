import { describe, expect, test } from 'vitest';
import { runMetric } from './run-metric.ts';

const x = (...values: (number | boolean | string | null)[]) => values.map((value) => ({ x: value }));

describe.each(['mean', 'min', 'max', 'std_dev'] as const)('%s', (type) => {
  test('names its value after field and type where no name is given', () => {
    expect(runMetric({ type, field: 'x' }, x(1, 2)).values).toHaveProperty(`x_${type}`);
    expect(runMetric({ type, field: 'x', name: 'n' }, x(1, 2)).values).toHaveProperty('n');
  });

  test('is null without samples', () => {
    const outcome = runMetric({ type, field: 'x', name: 'n' }, []);
    expect(outcome).toMatchObject({ values: { n: null }, reasons: { n: 'no-samples' }, num_missing: 0 });
  });

  test('is null where no sample has the field', () => {
    const outcome = runMetric({ type, field: 'x', name: 'n' }, [{ y: 1 }, { x: null }]);
    expect(outcome).toMatchObject({ values: { n: null }, reasons: { n: 'no-values' }, num_missing: 2 });
  });

  test('is null where a value is text, and names the first such sample', () => {
    const outcome = runMetric({ type, field: 'x', name: 'n' }, x(1, 'a', 2, 'b'));
    expect(outcome).toMatchObject({ values: { n: null }, reasons: { n: 'not-numeric: sample s1' } });
  });

  test('is null where a value is not finite', () => {
    expect(runMetric({ type, field: 'x', name: 'n' }, x(1, Number.NaN)).reasons).toEqual({
      n: 'not-a-number: sample s1',
    });
    expect(runMetric({ type, field: 'x', name: 'n' }, x(Number.POSITIVE_INFINITY)).values).toEqual({ n: null });
  });

  test('leaves out and counts samples without a value', () => {
    const withGaps = runMetric({ type, field: 'x', name: 'n' }, [...x(4, null, 2), {}]);
    expect(withGaps.num_missing).toBe(2);
    expect(withGaps.values).toEqual(runMetric({ type, field: 'x', name: 'n' }, x(4, 2)).values);
  });

  test('reads the mean over trials where the field itself is not there', () => {
    const outcome = runMetric({ type, field: 'x', name: 'n' }, [{ 'x.mean': 0.5 }, { 'x.mean': 1 }]);
    expect(outcome.values).toEqual(runMetric({ type, field: 'x', name: 'n' }, x(0.5, 1)).values);
  });
});

test('mean counts booleans as 1 and 0', () => {
  expect(runMetric({ type: 'mean', field: 'x' }, x(true, false, true, true)).values).toEqual({ x_mean: 0.75 });
});

test('mean keeps small values beside a large one', () => {
  const values = x(1e16, 1, 1, -1e16);
  expect(runMetric({ type: 'mean', field: 'x' }, values).values).toEqual({ x_mean: 0.5 });
});

test('mean of values whose sum is beyond double precision is null', () => {
  const outcome = runMetric({ type: 'mean', field: 'x' }, x(Number.MAX_VALUE, Number.MAX_VALUE));
  expect(outcome).toMatchObject({ values: { x_mean: null }, reasons: { x_mean: 'not-a-number' } });
});

test('min and max take the extremes, booleans included', () => {
  expect(runMetric({ type: 'min', field: 'x' }, x(3, true, 2)).values).toEqual({ x_min: 1 });
  expect(runMetric({ type: 'max', field: 'x' }, x(-3, false, -2)).values).toEqual({ x_max: 0 });
});

test('std_dev divides by n − 1', () => {
  expect(runMetric({ type: 'std_dev', field: 'x' }, x(2, 4, 4, 4, 5, 5, 7, 9)).values['x_std_dev']).toBeCloseTo(
    Math.sqrt(32 / 7),
    12,
  );
});

test('std_dev of one value is null, of equal values 0', () => {
  expect(runMetric({ type: 'std_dev', field: 'x' }, x(2)).reasons).toEqual({ x_std_dev: 'single-value' });
  expect(runMetric({ type: 'std_dev', field: 'x' }, x(2, 2)).values).toEqual({ x_std_dev: 0 });
});

test('std_dev does not lose small deviations from a great mean', () => {
  const values = x(1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16);
  expect(runMetric({ type: 'std_dev', field: 'x' }, values).values['x_std_dev']).toBeCloseTo(Math.sqrt(30), 9);
});
