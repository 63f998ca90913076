import type { MetricOutcome } from './metric-kind.ts';

/** A number, or the reason why there is none. */
export type NumberOrReason = number | { readonly reason: string };

export const zeroDenominator = { reason: 'zero-denominator' } as const;

/** A quotient of counts; null with a reason where the denominator is 0. */
export function divide(numerator: number, denominator: number): NumberOrReason {
  return denominator === 0 ? zeroDenominator : numerator / denominator;
}

/** Builds the outcome of a metric: null values have their reason beside them, and every number is finite. */
export function makeOutcome(
  named: readonly (readonly [name: string, value: NumberOrReason])[],
  counts: Omit<MetricOutcome, 'values' | 'reasons'>,
): MetricOutcome {
  const values: [string, number | null][] = [];
  const reasons: [string, string][] = [];
  for (const [name, value] of named) {
    if (typeof value === 'number' && Number.isFinite(value)) {
      values.push([name, value]);
    } else {
      values.push([name, null]);
      // Finite values whose sum is beyond double precision end here as well.
      reasons.push([name, typeof value === 'number' ? 'not-a-number' : value.reason]);
    }
  }
  return {
    values: Object.fromEntries(values),
    ...(reasons.length === 0 ? {} : { reasons: Object.fromEntries(reasons) }),
    ...counts,
  };
}

/** Why a metric has nothing to say: no sample at all, or none that has its fields. */
export function emptyReason(samples: number): { readonly reason: string } {
  return { reason: samples === 0 ? 'no-samples' : 'no-values' };
}
