import { testPaired, testUnpaired } from './exact-tests.ts';
import type { MetricDifference } from './metric-difference.ts';
import { findPairedInterval, findUnpairedInterval } from './proportions.ts';

/** Whether a list of numbers is of right and wrong alone. */
export function isBinary(values: Float64Array): boolean {
  return values.every((value) => value === 0 || value === 1);
}

/** Right and wrong of the same samples: McNemar's exact test, and the interval for paired proportions. */
export function comparePairedProportions(
  first: Float64Array,
  second: Float64Array,
  confidence: number,
): MetricDifference {
  const counts = { bothRight: 0, gained: 0, lost: 0, bothWrong: 0 };
  for (const [index, before] of first.entries()) {
    if (second[index] === 1) counts[before === 1 ? 'bothRight' : 'gained'] += 1;
    else counts[before === 1 ? 'lost' : 'bothWrong'] += 1;
  }
  return {
    estimate: (counts.gained - counts.lost) / first.length,
    interval: findPairedInterval(counts, confidence),
    pValue: testPaired(counts),
    method: 'mcnemar',
    intervalMethod: 'newcombe-paired',
    resamples: null,
    samples: [first.length, first.length],
  };
}

/** Right and wrong of two sets of samples: Fisher's exact test, and the interval for independent proportions. */
export function compareUnpairedProportions(
  first: Float64Array,
  second: Float64Array,
  confidence: number,
): MetricDifference {
  const [before, after] = [first, second].map((values) => ({
    right: values.reduce((sum, value) => sum + value, 0),
    total: values.length,
  })) as [{ right: number; total: number }, { right: number; total: number }];
  return {
    estimate: after.right / after.total - before.right / before.total,
    interval: findUnpairedInterval(before, after, confidence),
    pValue: testUnpaired(before, after),
    method: 'fisher',
    intervalMethod: 'newcombe',
    resamples: null,
    samples: [before.total, after.total],
  };
}
