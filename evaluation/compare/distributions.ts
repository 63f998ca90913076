import { incompleteBeta } from './incomplete-beta.ts';

/**
 * Share of the standard normal distribution below `z`; absolute error below 1e-15.
 *
 * @see Marsaglia (2004), Evaluating the normal distribution, https://doi.org/10.18637/jss.v011.i04
 */
export function normalShareBelow(z: number): number {
  if (z < -9) return 0;
  if (z > 9) return 1;
  let [sum, term] = [z, z];
  for (let factor = 3; sum !== sum + term || factor === 3; factor += 2) {
    term *= z ** 2 / factor;
    sum += term;
    if (term === 0) break;
  }
  return 0.5 + sum * Math.exp(-(z ** 2) / 2 - 0.5 * Math.log(2 * Math.PI));
}

/** @param probability - Above 0, below 1. */
export function normalQuantile(probability: number): number {
  if (probability === 0.5) return 0;
  // By symmetry: the upper tail has the digits of the lower one.
  if (probability > 0.5) return -normalQuantile(1 - probability);
  return findRoot((z) => normalShareBelow(z) - probability, [-9, 0]);
}

/** Both tails of Student's t distribution beyond ±t: the p-value of a two-sided test. */
export function studentTails(t: number, degreesOfFreedom: number): number {
  return incompleteBeta(degreesOfFreedom / (degreesOfFreedom + t ** 2), degreesOfFreedom / 2, 0.5);
}

/**
 * How far an interval of Student's t distribution reaches to either side.
 *
 * @param confidence - Two-sided level, for example 0.95.
 */
export function studentReach(degreesOfFreedom: number, confidence: number): number {
  let upper = 2;
  while (studentTails(upper, degreesOfFreedom) > 1 - confidence) upper *= 2;
  return findRoot((t) => 1 - confidence - studentTails(t, degreesOfFreedom), [0, upper]);
}

/** How far an interval of the standard normal distribution reaches to either side. */
export function normalReach(confidence: number): number {
  return -normalQuantile((1 - confidence) / 2);
}

/** Where a rising function crosses zero, by halving. */
function findRoot(rising: (value: number) => number, between: readonly [number, number]): number {
  let [lower, upper] = between;
  for (;;) {
    const middle = (lower + upper) / 2;
    if (middle === lower || middle === upper) return middle;
    if (rising(middle) < 0) lower = middle;
    else upper = middle;
  }
}
