import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { adjustByHolm } from '../../../evaluation/compare/adjust-by-holm.ts';
import { type ComparedMetric, compareMetrics } from '../../../evaluation/compare/compare-metrics.ts';
import {
  normalQuantile,
  normalShareBelow,
  studentReach,
  studentTails,
} from '../../../evaluation/compare/distributions.ts';
import { testPaired, testUnpaired } from '../../../evaluation/compare/exact-tests.ts';
import type { MetricDifference } from '../../../evaluation/compare/metric-difference.ts';
import { pairScores } from '../../../evaluation/compare/pair-scores.ts';
import {
  findPairedInterval,
  findUnpairedInterval,
  findWilsonInterval,
  type PairedCounts,
  type Proportion,
} from '../../../evaluation/compare/proportions.ts';
import type { CompleteMetric } from '../../../evaluation/plan.ts';
import { makeScores } from './make-scores.ts';

// What SciPy and statsmodels make of the same inputs; make-reference.py says with which command the table was made.

interface Reference {
  readonly wilson: readonly { right: number; total: number; confidence: number; interval: [number, number] }[];
  readonly paired: readonly { counts: PairedCounts; p_value: number; interval: [number, number] }[];
  readonly unpaired: readonly {
    first: Proportion;
    second: Proportion;
    p_value: number;
    interval: [number, number];
  }[];
  readonly holm: readonly { p_values: number[]; adjusted: number[] }[];
  readonly distributions: readonly { of: string; at: number; degrees_of_freedom?: number; value: number }[];
  readonly bootstraps: readonly {
    kind: string;
    data: number[][];
    estimate: number;
    interval: [number, number];
    /** Null where it is below 0.002. */
    p_value: number | null;
    deviation: number;
  }[];
}

const reference = JSON.parse(readFileSync(new URL('reference.json', import.meta.url), 'utf8')) as Reference;
const digits = 9;

function expectInterval(found: readonly [number, number], expected: readonly [number, number]): void {
  expect(found[0]).toBeCloseTo(expected[0], digits);
  expect(found[1]).toBeCloseTo(expected[1], digits);
}

describe('statsmodels and SciPy agree with', () => {
  it.each(reference.wilson)('the Wilson interval of $right of $total at $confidence', (row) => {
    expectInterval(findWilsonInterval(row.right, row.total, row.confidence), row.interval);
  });

  it.each(reference.paired)("McNemar's exact p and Newcombe's paired interval of $counts", (row) => {
    expect(testPaired(row.counts)).toBeCloseTo(row.p_value, digits);
    expectInterval(findPairedInterval(row.counts, 0.95), row.interval);
  });

  it.each(reference.unpaired)("Fisher's exact p and Newcombe's interval of $first and $second", (row) => {
    expect(testUnpaired(row.first, row.second)).toBeCloseTo(row.p_value, digits);
    expectInterval(findUnpairedInterval(row.first, row.second, 0.95), row.interval);
  });

  it.each(reference.holm)('the correction by Holm of $p_values', ({ p_values: pValues, adjusted }) => {
    for (const [index, value] of adjustByHolm(pValues).entries()) expect(value).toBeCloseTo(adjusted[index] ?? -1, 12);
  });

  it.each(reference.distributions)('$of at $at ($degrees_of_freedom)', (row) => {
    const { of, at, degrees_of_freedom: freedom = 0, value } = row;
    const found = {
      normal: () => normalShareBelow(at),
      'normal quantile': () => normalQuantile(at),
      student: () => studentTails(at, freedom),
      'student reach': () => studentReach(freedom, at),
    }[of];
    expect(found?.()).toBeCloseTo(value, digits);
  });
});

// Both sides draw: SciPy 200,000 times, Stet 10,000 times. The end of an interval then has a standard error of about 0.045
// standard deviations of the estimate (0.036 of the quantile, 0.025 of the bias correction); four of them are allowed.
const tolerance = 0.18;

describe("SciPy's bootstrap agrees with", () => {
  it.each(reference.bootstraps)('a $kind', (row) => {
    const found = compareColumns(row.kind, row.data);
    expect(found.estimate).toBeCloseTo(row.estimate, 12);
    for (const end of [0, 1] as const) {
      expect(Math.abs(found.interval[end] - row.interval[end])).toBeLessThan(tolerance * row.deviation);
    }
    if (row.p_value === null) expect(found.pValue).toBeLessThan(0.005);
    else expect(Math.abs(normalQuantile(found.pValue / 2) - normalQuantile(row.p_value / 2))).toBeLessThan(tolerance);
  });
});

function compareColumns(kind: string, columns: readonly number[][]): MetricDifference {
  const [pairing, type] = kind.split(' ') as ['paired' | 'unpaired', 'mean' | 'f1_score' | 'std_dev'];
  const spec = (
    type === 'f1_score'
      ? {
          type,
          key: 'm',
          num_true_positives_field: 'v0',
          num_false_positives_field: 'v1',
          num_false_negatives_field: 'v2',
        }
      : { type, key: 'm', field: 'v0' }
  ) as CompleteMetric;
  const half = columns.length / 2;
  const toRows = (side: readonly number[][]) =>
    (side[0] ?? []).map((_, index) =>
      Object.fromEntries(side.map((column, place) => [`v${place}`, column[index] ?? 0])),
    );
  const first = makeScores(toRows(columns.slice(0, half)));
  const second = makeScores(toRows(columns.slice(half)), { prefix: pairing === 'paired' ? 's' : 'other' });
  const name = type === 'f1_score' ? type : `v0_${type}`;
  const metric: ComparedMetric = {
    first: { scorerKey: 'judge', spec },
    second: { scorerKey: 'judge', spec },
    values: [{ first: name, second: name }],
  };
  const request = { first, second, pairing: pairScores(first, second), isPaired: pairing === 'paired' };
  const found = compareMetrics({ ...request, confidence: 0.95, seed: 1 }, [metric])[0]?.[0];
  if (found === undefined || 'reason' in found) throw new Error(found?.reason ?? 'nothing');
  expect(found.method).toBe(pairing === 'paired' ? 'paired-bootstrap' : 'two-sample-bootstrap');
  return found;
}
