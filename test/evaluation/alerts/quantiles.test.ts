import { expect, test } from 'vitest';
import { normalQuantile, studentQuantile } from '../../../evaluation/alerts/quantiles.ts';

// NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, column 0.975.
test.each([
  [1, 12.706],
  [2, 4.303],
  [3, 3.182],
  [4, 2.776],
  [5, 2.571],
  [6, 2.447],
  [10, 2.228],
  [15, 2.131],
  [30, 2.042],
  [49, 2.01],
  [100, 1.984],
])('the quantile of t with %i degrees of freedom is %f', (degreesOfFreedom, expected) => {
  expect(studentQuantile(degreesOfFreedom)).toBeCloseTo(expected, 3);
});

test('falls towards that of the normal distribution', () => {
  const quantiles = Array.from({ length: 200 }, (_, index) => studentQuantile(index + 1));
  expect(quantiles).toEqual(quantiles.toSorted((left, right) => right - left));
  expect(studentQuantile(1_000_000)).toBeCloseTo(normalQuantile, 5);
});
