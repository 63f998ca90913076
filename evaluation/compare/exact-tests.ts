import { incompleteBeta, logGamma } from './incomplete-beta.ts';
import type { PairedCounts, Proportion } from './proportions.ts';

/**
 * Two-sided p-value of McNemar's test, exact: whether as many samples were gained as lost, by the binomial distribution of
 * those that differ. 1 where none does.
 *
 * @see McNemar (1947), https://doi.org/10.1007/BF02295996
 */
export function testPaired({ gained, lost }: Pick<PairedCounts, 'gained' | 'lost'>): number {
  const differing = gained + lost;
  const fewer = Math.min(gained, lost);
  if (gained === lost) return 1;
  // The binomial distribution up to `fewer`, of `differing` tosses of a fair coin.
  return Math.min(1, 2 * incompleteBeta(0.5, differing - fewer, fewer + 1));
}

/**
 * Two-sided p-value of Fisher's exact test: the tables with the same margins that are no more likely than the one found.
 *
 * @see Fisher (1922), https://doi.org/10.2307/2340521
 */
export function testUnpaired(first: Proportion, second: Proportion): number {
  const right = first.right + second.right;
  const total = first.total + second.total;
  const least = Math.max(0, right - second.total);
  const most = Math.min(right, first.total);
  const logShare = (count: number) =>
    logChoose(first.total, count) + logChoose(second.total, right - count) - logChoose(total, right);
  // Equal likelihoods differ in their last digits.
  const found = logShare(first.right) + 1e-7;
  let [tails, others] = [0, 0];
  for (let count = least; count <= most; count++) {
    const share = logShare(count);
    if (share <= found) tails += Math.exp(share);
    else others += Math.exp(share);
  }
  // Exactly 1 where no table is more likely.
  return tails / (tails + others);
}

function logChoose(total: number, chosen: number): number {
  return logGamma(total + 1) - logGamma(chosen + 1) - logGamma(total - chosen + 1);
}
