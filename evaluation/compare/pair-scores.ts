import { compareCodePoints } from '../metrics/code-points.ts';
import type { SampleScores } from './sample-scores.ts';

/** Places of one sample in the two results. */
export type Pair = readonly [first: number, second: number];

/** How the samples of two results stand to each other; in the order of their ids, so that no other order counts. */
export interface Pairing {
  readonly pairs: readonly Pair[];
  readonly onlyInFirst: readonly number[];
  readonly onlyInSecond: readonly number[];
}

export function pairScores(first: SampleScores, second: SampleScores): Pairing {
  const places = new Map(second.ids.map((id, index) => [id, index]));
  const pairs: Pair[] = [];
  const onlyInFirst: number[] = [];
  for (const index of sortByIds(first)) {
    const other = places.get(first.ids[index] as string);
    if (other === undefined) onlyInFirst.push(index);
    else pairs.push([index, other]);
  }
  const paired = new Set(pairs.map(([, index]) => index));
  return { pairs, onlyInFirst, onlyInSecond: sortByIds(second).filter((index) => !paired.has(index)) };
}

/**
 * Whether results are compared sample by sample: at least half of the samples of the smaller one are in both. What is to be
 * said of few common samples among many is less than what all of them say, each result for itself.
 */
export function arePaired({ pairs, onlyInFirst, onlyInSecond }: Pairing): boolean {
  const smaller = pairs.length + Math.min(onlyInFirst.length, onlyInSecond.length);
  return pairs.length > 0 && pairs.length * 2 >= smaller;
}

/** No sample is the other's, whatever it is called. */
export function pairNothing(first: SampleScores, second: SampleScores): Pairing {
  return { pairs: [], onlyInFirst: sortByIds(first), onlyInSecond: sortByIds(second) };
}

function sortByIds({ ids }: SampleScores): number[] {
  return ids
    .map((_, index) => index)
    .sort((left, right) => compareCodePoints(ids[left] as string, ids[right] as string));
}
