import type { DrawnGroup, Statistic } from './statistic.ts';

/** Numbers of which equal ones are of one kind. */
interface NumberGroup extends DrawnGroup {
  readonly units: Float64Array;
  /** Of each kind. */
  readonly values: Float64Array;
}

/** The mean of the differences of the same samples. */
export function createPairedMean(first: Float64Array, second: Float64Array): Statistic {
  const differences = groupNumbers(second.map((value, index) => value - (first[index] as number)));
  return {
    groups: [differences],
    size: 1,
    cost: differences.kindCount,
    evaluate([counts], into) {
      into[0] = findMean(differences.values, counts as Uint32Array);
    },
    evaluateDrawn([drawn], into) {
      into[0] = findMeanOfDrawn(differences.units, drawn as Uint32Array);
    },
  };
}

/** The difference of the means of two sets of samples. */
export function createUnpairedMean(first: Float64Array, second: Float64Array): Statistic {
  const [before, after] = [groupNumbers(first), groupNumbers(second)];
  return {
    groups: [before, after],
    size: 1,
    cost: before.kindCount + after.kindCount,
    evaluate([ofFirst, ofSecond], into) {
      into[0] = findMean(after.values, ofSecond as Uint32Array) - findMean(before.values, ofFirst as Uint32Array);
    },
    evaluateDrawn([ofFirst, ofSecond], into) {
      into[0] =
        findMeanOfDrawn(after.units, ofSecond as Uint32Array) - findMeanOfDrawn(before.units, ofFirst as Uint32Array);
    },
  };
}

function groupNumbers(units: Float64Array): NumberGroup {
  const known = new Map<number, number>();
  const kinds = new Uint32Array(units.length);
  for (let index = 0; index < units.length; index++) {
    const value = units[index] as number;
    const kind = known.get(value) ?? known.size;
    known.set(value, kind);
    kinds[index] = kind;
  }
  return { kinds, kindCount: known.size, units, values: Float64Array.from(known.keys()) };
}

function findMean(values: Float64Array, counts: Uint32Array): number {
  let sum = 0;
  let total = 0;
  for (let kind = 0; kind < values.length; kind++) {
    const count = counts[kind] as number;
    sum += count * (values[kind] as number);
    total += count;
  }
  return sum / total;
}

function findMeanOfDrawn(units: Float64Array, drawn: Uint32Array): number {
  // Two sums: one would wait for itself at every addition.
  let [even, odd] = [0, 0];
  const last = drawn.length - (drawn.length % 2);
  for (let index = 0; index < last; index += 2) {
    even += units[drawn[index] as number] as number;
    odd += units[drawn[index + 1] as number] as number;
  }
  if (last < drawn.length) even += units[drawn[last] as number] as number;
  return (even + odd) / drawn.length;
}
