import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ComparedMetric, compareMetrics } from '../../../evaluation/compare/compare-metrics.ts';
import { createDrawCounts } from '../../../evaluation/compare/draw-counts.ts';
import type { MetricDifference } from '../../../evaluation/compare/metric-difference.ts';
import { arePaired, pairScores } from '../../../evaluation/compare/pair-scores.ts';
import { findPairedInterval } from '../../../evaluation/compare/proportions.ts';
import { createRandom } from '../../../evaluation/compare/random.ts';
import type { NamedValues } from '../../../evaluation/compare/sample-scores.ts';
import { getMetricKind } from '../../../evaluation/metrics/index.ts';
import type { CompleteMetric } from '../../../evaluation/plan.ts';
import { makeScores } from './make-scores.ts';

const specs = {
  mean: { type: 'mean', key: 'm', field: 'x', name: 'value' },
  std_dev: { type: 'std_dev', key: 'm', field: 'x', name: 'value' },
  f1_score: {
    type: 'f1_score',
    key: 'm',
    num_true_positives_field: 'tp',
    num_false_positives_field: 'fp',
    num_false_negatives_field: 'fn',
    name: 'value',
  },
} as const satisfies Record<string, CompleteMetric>;
type Kind = keyof typeof specs;

type Rows = readonly NamedValues[];

function compare(kind: Kind, first: Rows, second: Rows, order?: readonly number[]): MetricDifference {
  const ids = first.map((_, index) => `s${String(index).padStart(4, '0')}`);
  const before = makeScores(first, { ids });
  const after =
    order === undefined
      ? makeScores(second, { ids })
      : makeScores(
          order.map((place) => second[place] ?? {}),
          { ids: order.map((place) => ids[place] ?? '') },
        );
  const side = { scorerKey: 'judge', spec: specs[kind] };
  const metric: ComparedMetric = { first: side, second: side, values: [{ first: 'value', second: 'value' }] };
  const request = { first: before, second: after, pairing: pairScores(before, after), isPaired: true };
  const found = compareMetrics({ ...request, confidence: 0.95, seed: 1 }, [metric])[0]?.[0];
  if (found === undefined || 'reason' in found) throw new Error(found?.reason ?? 'nothing');
  return found;
}

const count = fc.integer({ min: 1, max: 5 });
const row = fc.record({
  x: fc.oneof(
    fc.constantFrom(0, 1),
    fc.integer({ min: -40, max: 40 }).map((value) => value / 8),
  ),
  tp: count,
  fp: count,
  fn: count,
});
const pairs = fc.array(fc.tuple(row, row), { minLength: 6, maxLength: 40 });
const kinds = fc.constantFrom<Kind>('mean', 'std_dev', 'f1_score');
const few = { numRuns: 8 };

describe('a comparison', () => {
  it('turns round with its sides', () => {
    fc.assert(
      fc.property(kinds, pairs, (kind, all) => {
        const [first, second] = [all.map(([left]) => left), all.map(([, right]) => right)];
        const there = compare(kind, first, second);
        const back = compare(kind, second, first);
        expect(back.estimate).toBeCloseTo(-there.estimate, 9);
        expect(back.interval[0]).toBeCloseTo(-there.interval[1], 9);
        expect(back.interval[1]).toBeCloseTo(-there.interval[0], 9);
        expect(back.pValue).toBeCloseTo(there.pValue, 9);
      }),
      few,
    );
  });

  it('of a result with itself finds nothing', () => {
    fc.assert(
      fc.property(kinds, fc.array(row, { minLength: 6, maxLength: 40 }), (kind, rows) => {
        const { estimate, interval, pValue } = compare(kind, rows, rows);
        expect(estimate).toBe(0);
        expect(pValue).toBe(1);
        expect(interval[0]).toBeLessThanOrEqual(0);
        expect(interval[1]).toBeGreaterThanOrEqual(0);
      }),
      few,
    );
  });

  it('does not hang on the order of samples', () => {
    const shuffled = pairs.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray([...all.keys()], { minLength: all.length })),
    );
    fc.assert(
      fc.property(kinds, shuffled, (kind, [all, order]) => {
        const [first, second] = [all.map(([left]) => left), all.map(([, right]) => right)];
        expect(compare(kind, first, second, order)).toEqual(compare(kind, first, second));
      }),
      few,
    );
  });

  it('holds the estimate in its interval, within what can be', () => {
    fc.assert(
      fc.property(fc.tuple(fc.nat(60), fc.nat(60), fc.nat(60), fc.nat(60)), ([bothRight, gained, lost, bothWrong]) => {
        const total = bothRight + gained + lost + bothWrong;
        fc.pre(total > 0);
        const [lower, upper] = findPairedInterval({ bothRight, gained, lost, bothWrong }, 0.95);
        const estimate = (gained - lost) / total;
        expect(lower).toBeLessThanOrEqual(estimate);
        expect(upper).toBeGreaterThanOrEqual(estimate);
        expect(lower).toBeGreaterThanOrEqual(-1);
        expect(upper).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('samples', () => {
  it('are compared one by one where half of the smaller result is in both', () => {
    const ids = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => `s${from + index}`);
    const make = (own: readonly string[]) =>
      makeScores(
        own.map(() => ({ x: 1 })),
        { ids: own },
      );
    expect(arePaired(pairScores(make(ids(0, 10)), make(ids(5, 500))))).toBe(true);
    expect(arePaired(pairScores(make(ids(0, 10)), make(ids(6, 500))))).toBe(false);
    expect(arePaired(pairScores(make([]), make([])))).toBe(false);
  });
});

describe('a sample that counts several times', () => {
  const label = fc.constantFrom('a', 'b', 'c');
  const scored = fc.record({
    x: fc.integer({ min: -9, max: 9 }),
    tp: count,
    fp: count,
    fn: count,
    gt: label,
    pred: label,
  });
  const all: readonly CompleteMetric[] = [
    ...Object.values(specs),
    { type: 'frequency', key: 'm', field: 'gt' },
    { type: 'min', key: 'm', field: 'x' },
    { type: 'max', key: 'm', field: 'x' },
    { type: 'weighted_average', key: 'm', field: 'gt', weights: { a: 1, b: 0.5, c: 0 } },
    { type: 'precision', key: 'm', num_true_positives_field: 'tp', num_false_positives_field: 'fp' },
    { type: 'recall', key: 'm', num_true_positives_field: 'tp', num_false_negatives_field: 'fn' },
    {
      type: 'binary-classification',
      key: 'm',
      field_gt: 'gt',
      field_pred: 'pred',
      positive_answer: 'a',
      negative_answer: 'b',
    },
    { type: 'multiclass-classification', key: 'm', field_gt: 'gt', field_pred: 'pred' },
  ];

  it.each(all.map((spec) => ({ spec, type: spec.type })))('is in $type like as many samples', ({ spec }) => {
    fc.assert(
      fc.property(fc.array(fc.tuple(scored, fc.integer({ min: 1, max: 4 })), { minLength: 1 }), (samples) => {
        const [once, weighted] = [getMetricKind(spec.type).create(spec), getMetricKind(spec.type).create(spec)];
        for (const [values, times] of samples) {
          for (let time = 0; time < times; time++) once.add(values, 's');
          weighted.add(values, 's', times);
        }
        const [expected, found] = [once.finish(), weighted.finish()];
        expect(Object.keys(found.values)).toEqual(Object.keys(expected.values));
        for (const [name, value] of Object.entries(expected.values)) {
          if (value === null) expect(found.values[name]).toBeNull();
          else expect(found.values[name]).toBeCloseTo(value, 9);
        }
        expect(found.num_missing).toBe(expected.num_missing);
      }),
      { numRuns: 40 },
    );
  });
});

describe('counts drawn at once', () => {
  it.each([[[3, 1, 6]], [[500, 20, 1, 479]], [[2_000, 8_000]]])(
    'of %j are as many as there are units, and on average each kind as often as it occurs',
    (base) => {
      const draw = createDrawCounts(Uint32Array.from(base));
      const random = createRandom(3);
      const total = base.reduce((sum, own) => sum + own, 0);
      const into = new Uint32Array(base.length);
      const sums = base.map(() => 0);
      const squares = base.map(() => 0);
      const rounds = 20_000;
      let others = 0;
      for (let round = 0; round < rounds; round++) {
        draw(into, random);
        if (into.reduce((sum, own) => sum + own, 0) !== total) others += 1;
        for (const [kind, own] of into.entries()) {
          sums[kind] = (sums[kind] ?? 0) + own;
          squares[kind] = (squares[kind] ?? 0) + (own - (base[kind] ?? 0)) ** 2;
        }
      }
      for (const [kind, own] of base.entries()) {
        const variance = own * (1 - own / total);
        // Five standard errors of a mean, and of a variance.
        expect(Math.abs((sums[kind] ?? 0) / rounds - own)).toBeLessThan(5 * Math.sqrt(variance / rounds));
        expect(Math.abs((squares[kind] ?? 0) / rounds / variance - 1)).toBeLessThan(5 * Math.sqrt(3 / rounds));
      }
    },
  );
});

describe('over many experiments', () => {
  const random = createRandom(11);
  const rounds = 200;

  /** Share of experiments whose interval holds the true difference. */
  function findCoverage(samples: number, draw: () => readonly [number, number], truth: number): number {
    let held = 0;
    for (let round = 0; round < rounds; round++) {
      const drawn = Array.from({ length: samples }, draw);
      const { interval } = compare(
        'mean',
        drawn.map(([x]) => ({ x })),
        drawn.map(([, x]) => ({ x })),
      );
      if (interval[0] <= truth && truth <= interval[1]) held += 1;
    }
    return held / rounds;
  }

  it.each([
    ['right and wrong', 30, () => [Number(random.next() < 0.8), Number(random.next() < 0.9)] as const, 0.1],
    ['right and wrong of few', 12, () => [Number(random.next() < 0.8), Number(random.next() < 0.8)] as const, 0],
    ['numbers', 15, () => [random.next(), random.next() + 0.2] as const, 0.2],
    ['skewed numbers', 30, () => [Math.log(random.next()), 2 * Math.log(random.next())] as const, -1],
  ])('the interval of %s holds the truth as often as it says', (_, samples, draw, truth) => {
    // Three standard errors below 0.95; too wide an interval would hold always.
    expect(findCoverage(samples, draw, truth)).toBeGreaterThan(0.95 - 3 * Math.sqrt((0.95 * 0.05) / rounds));
  });
});
