import type { AlertDifference } from '../../../contracts/alert-finding.ts';
import type { NamedValues } from '../sample-scores.ts';

/**
 * With fewer pairs not even a change of all of them in one direction is beyond chance at this level: of five, one in 16
 * such tables arises by chance (the sign test), and an interval would say what its numbers cannot bear.
 */
export const minPairs = 6;

/** Two-sided level of the intervals. */
export const confidence = 0.95;

/** Compares one metric of two runs over the samples that both have; memory does not grow with them. */
export interface Comparison {
  /** The scores of one sample, now and in the baseline. */
  add(present: NamedValues, baseline: NamedValues, sampleId: string): void;
  /** The difference, or why there is none that could be relied on. */
  finish(): AlertDifference | { readonly reason: string };
}
