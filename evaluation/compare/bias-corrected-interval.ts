import { normalQuantile, normalShareBelow, studentReach, studentTails } from './distributions.ts';
import type { Interval } from './proportions.ts';

export interface BootstrapEvidence {
  readonly estimate: number;
  /** NaN where a draw had no value. */
  readonly replicates: Float64Array;
  readonly acceleration: number;
  /** Units drawn, of the smaller group. */
  readonly units: number;
}

export interface BootstrapFinding {
  readonly interval: Interval;
  readonly pValue: number;
}

/** A draw without a value says nothing; with more of them than this share the others are no fair picture. */
const maxShareWithoutValue = 0.05;

/**
 * The bias-corrected and accelerated bootstrap interval (BCa), at a level widened for the number of units as Student's
 * t is over the normal distribution: without that, intervals from few samples are too narrow. The p-value is the level at
 * which this interval would just reach zero, so that the two never disagree.
 *
 * Undefined where too many draws have no value.
 *
 * @see Efron (1987), https://doi.org/10.1080/01621459.1987.10478410
 * @see Hesterberg (2015), What teachers should know about the bootstrap, 3.3, "expanded percentile interval",
 *   https://doi.org/10.1080/00031305.2015.1089789
 */
export function findBiasCorrectedInterval(
  evidence: BootstrapEvidence,
  confidence: number,
): BootstrapFinding | undefined {
  const { estimate, replicates, acceleration, units } = evidence;
  const sorted = replicates.filter((value) => !Number.isNaN(value)).sort();
  if (Number.isNaN(estimate) || sorted.length < replicates.length * (1 - maxShareWithoutValue)) return undefined;
  const [least, most] = [sorted[0] ?? estimate, sorted.at(-1) ?? estimate];
  if (least === most) return { interval: [least, most], pValue: estimate === 0 ? 1 : 1 / sorted.length };

  const bias = normalQuantile(findShareBelow(sorted, estimate));
  const widening = Math.sqrt(units / (units - 1));
  const reach = studentReach(units - 1, confidence) * widening;
  const interval = [findBound(-reach), findBound(reach)] as const;
  return { interval, pValue: findPValue() };

  function findBound(z: number): number {
    const shifted = bias + z;
    const slope = 1 - acceleration * shifted;
    // An acceleration so strong turns the scale round; then the bound is beyond all that was drawn.
    if (slope <= 0) return shifted < 0 ? (least as number) : (most as number);
    return interpolate(sorted, normalShareBelow(bias + shifted / slope));
  }

  /** `findBound` solved for the level at which it gives 0. */
  function findPValue(): number {
    const shifted = normalQuantile(findShareBelow(sorted, 0)) - bias;
    const slope = 1 + acceleration * shifted;
    const z = slope <= 0 ? Number.POSITIVE_INFINITY : shifted / slope - bias;
    const pValue = Number.isFinite(z) ? studentTails(z / widening, units - 1) : 0;
    return Math.min(1, Math.max(pValue, 1 / sorted.length));
  }
}

/** Of numbers that are equal but for their last digits half count; never 0 or 1, which no number of draws can show. */
function findShareBelow(sorted: Float64Array, limit: number): number {
  const hair = 1e-12 * Math.max(Math.abs(sorted[0] ?? 0), Math.abs(sorted.at(-1) ?? 0));
  const below = countBelow(sorted, limit - hair);
  const notAbove = countBelow(sorted, limit + hair);
  const share = (below + notAbove) / (2 * sorted.length);
  const smallest = 0.5 / sorted.length;
  return Math.min(1 - smallest, Math.max(smallest, share));
}

function countBelow(sorted: Float64Array, limit: number): number {
  let [lower, upper] = [0, sorted.length];
  while (lower < upper) {
    const middle = (lower + upper) >>> 1;
    if ((sorted[middle] as number) < limit) lower = middle + 1;
    else upper = middle;
  }
  return lower;
}

/** Quantile by straight lines between neighbours, so that turning all numbers round turns the quantiles round. */
function interpolate(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const lower = sorted[below] as number;
  const upper = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return lower + (upper - lower) * (place - below);
}
