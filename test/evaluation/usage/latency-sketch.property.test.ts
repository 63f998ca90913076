import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addSketches,
  countLatencies,
  findLatencyQuantile,
  latencyRelativeError,
  sketchLatencies,
  subtractSketches,
} from '../../../evaluation/usage/latency-sketch.ts';

const duration = fc.oneof(
  fc.integer({ min: 1, max: 2000 }),
  fc.double({ min: 1, max: 10_000_000, noNaN: true }),
  fc.constantFrom(1, 2, 10, 100, 1000),
);
const durations = fc.array(duration, { minLength: 1, maxLength: 200 });

/** Nearest rank. */
function findExactQuantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

describe('a sketch of latencies', () => {
  it('has quantiles within the stated error of the exact ones', () => {
    fc.assert(
      fc.property(durations, fc.constantFrom(0.01, 0.25, 0.5, 0.9, 0.99, 1), (values, share) => {
        const exact = findExactQuantile(values, share);
        const found = findLatencyQuantile(sketchLatencies(values), share) ?? Number.NaN;
        // A rounding error of the logarithm may put a duration on the edge of a bucket into the next one.
        expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact * latencyRelativeError * (1 + 1e-9));
      }),
    );
  });

  it('adds up to the sketch of all durations, and gives a part back', () => {
    fc.assert(
      fc.property(durations, durations, (one, other) => {
        const sum = addSketches(sketchLatencies(one), sketchLatencies(other));
        expect(sum).toEqual(sketchLatencies([...one, ...other]));
        expect(countLatencies(sum)).toBe(one.length + other.length);
        expect(subtractSketches(sum, sketchLatencies(other))).toEqual(sketchLatencies(one));
      }),
    );
  });

  it('has no quantile where it is empty', () => {
    expect(findLatencyQuantile(sketchLatencies([]), 0.5)).toBeUndefined();
  });
});
