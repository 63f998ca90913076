import { normalReach } from './distributions.ts';

export type Interval = readonly [lower: number, upper: number];

/**
 * How the same samples came out twice. `gained` are right in the second only, `lost` in the first only.
 */
export interface PairedCounts {
  readonly bothRight: number;
  readonly gained: number;
  readonly lost: number;
  readonly bothWrong: number;
}

/**
 * Wilson score interval of a proportion; both ends within [0, 1].
 *
 * @param right - From 0 to `total`.
 * @param total - At least 1.
 * @see Wilson (1927), https://doi.org/10.1080/01621459.1927.10502953
 */
export function findWilsonInterval(right: number, total: number, confidence: number): Interval {
  const z = normalReach(confidence);
  const share = right / total;
  const centre = share + z ** 2 / (2 * total);
  const reach = z * Math.sqrt((share * (1 - share)) / total + z ** 2 / (4 * total ** 2));
  const scale = 1 + z ** 2 / total;
  // Exactly at the ends, where rounding would leave a hair's breadth.
  return [right === 0 ? 0 : (centre - reach) / scale, right === total ? 1 : (centre + reach) / scale];
}

/**
 * Difference second − first of two proportions of the same samples: the square-and-add interval of the two Wilson
 * intervals, with the correlation of the pairs, corrected for continuity. It is within [−1, 1], has a width where no pair
 * differs, and keeps its level from few pairs on.
 *
 * @see Newcombe (1998), method 10 of "… differences between binomial proportions based on paired data",
 *   https://doi.org/10.1002/(SICI)1097-0258(19981130)17:22<2635::AID-SIM954>3.0.CO;2-C
 */
export function findPairedInterval(counts: PairedCounts, confidence: number): Interval {
  const { bothRight, gained, lost, bothWrong } = counts;
  const total = bothRight + gained + lost + bothWrong;
  const first = { right: bothRight + lost, total };
  const second = { right: bothRight + gained, total };
  return squareAndAdd(first, second, findCorrelation(counts), confidence);
}

/**
 * Difference second − first of the proportions of two sets of samples.
 *
 * @see Newcombe (1998), method 10 of "Interval estimation for the difference between independent proportions",
 *   https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I
 */
export function findUnpairedInterval(first: Proportion, second: Proportion, confidence: number): Interval {
  return squareAndAdd(first, second, 0, confidence);
}

export interface Proportion {
  readonly right: number;
  readonly total: number;
}

function squareAndAdd(first: Proportion, second: Proportion, correlation: number, confidence: number): Interval {
  const [before, after] = [first.right / first.total, second.right / second.total];
  const [beforeLower, beforeUpper] = findWilsonInterval(first.right, first.total, confidence);
  const [afterLower, afterUpper] = findWilsonInterval(second.right, second.total, confidence);
  const difference = after - before;
  const lower = addSquares(after - afterLower, beforeUpper - before, correlation);
  const upper = addSquares(afterUpper - after, before - beforeLower, correlation);
  return [difference - lower, difference + upper];
}

function addSquares(left: number, right: number, correlation: number): number {
  return Math.sqrt(Math.max(0, left ** 2 - 2 * correlation * left * right + right ** 2));
}

/** Phi of the pairs, a positive one corrected for continuity; 0 where a side is all right or all wrong. */
function findCorrelation({ bothRight, gained, lost, bothWrong }: PairedCounts): number {
  const total = bothRight + gained + lost + bothWrong;
  const margins = (bothRight + lost) * (gained + bothWrong) * (bothRight + gained) * (lost + bothWrong);
  if (margins === 0) return 0;
  const product = bothRight * bothWrong - gained * lost;
  return (product > 0 ? Math.max(0, product - total / 2) : product) / Math.sqrt(margins);
}
