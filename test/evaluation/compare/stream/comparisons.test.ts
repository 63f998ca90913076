import { describe, expect, it } from 'vitest';
import type { Comparison } from '../../../../evaluation/compare/stream/comparison.ts';
import { createComparison } from '../../../../evaluation/compare/stream/create-comparison.ts';
import type { CompleteMetric } from '../../../../evaluation/plan.ts';
import type { ScoreValue } from '../../../../evaluation/score.ts';

const mean: CompleteMetric = { type: 'mean', key: 'mean', field: 'x' };

function compare(spec: CompleteMetric, pairs: readonly (readonly [now: ScoreValue, before: ScoreValue])[], value = '') {
  const comparison = createComparison(spec, value) as Comparison;
  for (const [index, [now, before]] of pairs.entries()) comparison.add({ x: now }, { x: before }, `s${index}`);
  return comparison.finish();
}

/** `now` of them right in this run only, `before` in the baseline only, the rest in both. */
function makeOutcomes(total: number, now: number, before: number): (readonly [boolean, boolean])[] {
  return Array.from({ length: total }, (_, index) => [index >= before, index < before || index >= before + now]);
}

describe('the comparison of means', () => {
  it('is the paired t interval', () => {
    // Student (1908): hours of sleep gained with laevo and dextro hyoscyamine; mean difference 1.58, s 1.23.
    const laevo = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
    const dextro = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
    const found = compare(
      mean,
      laevo.map((value, index) => [value, dextro[index] ?? 0] as const),
    );
    expect(found).toMatchObject({ pairs: 10, method: 'paired-t' });
    if ('reason' in found) throw new Error(found.reason);
    expect(found.estimate).toBeCloseTo(1.58, 10);
    expect(found.interval[0]).toBeCloseTo(0.7, 2);
    expect(found.interval[1]).toBeCloseTo(2.46, 2);
  });

  it('of zeros and ones is the interval for matched proportions with half a pair added to each cell', () => {
    // 1600 people asked twice: 86 changed from disapproval to approval, 150 the other way (Agresti, approval ratings).
    const found = compare(
      mean,
      makeOutcomes(1_600, 86, 150).map(([now, before]) => [now, before] as const),
    );
    if ('reason' in found) throw new Error(found.reason);
    expect(found.method).toBe('agresti-min');
    expect(found.estimate).toBeCloseTo(-0.04, 10);
    expect(found.interval[0]).toBeCloseTo(-0.0587, 3);
    expect(found.interval[1]).toBeCloseTo(-0.0212, 3);
  });

  it('is not certain where no pair differs', () => {
    const found = compare(mean, makeOutcomes(20, 0, 0));
    if ('reason' in found) throw new Error(found.reason);
    expect(found.estimate).toBe(0);
    expect(found.interval[0]).toBeLessThan(-0.05);
    expect(found.interval[1]).toBeGreaterThan(0.05);
  });

  it('has nothing to say of fewer than six pairs, and leaves out samples without a value', () => {
    expect(compare(mean, makeOutcomes(5, 0, 5))).toEqual({ reason: 'too-few-pairs' });
    expect(compare(mean, [...makeOutcomes(5, 0, 5), [null, 1], [1, null]])).toEqual({ reason: 'too-few-pairs' });
  });

  it('says why values are no numbers', () => {
    expect(compare(mean, [['yes', 1]])).toEqual({ reason: 'not-numeric: sample s0' });
  });
});

describe('the comparison of other metrics', () => {
  it('by the jackknife is that of means where both exist', () => {
    const pairs = Array.from({ length: 30 }, (_, index) => [Math.sin(index), Math.cos(index * index)] as const);
    const byT = compare(mean, pairs);
    const spec: CompleteMetric = {
      type: 'weighted_average',
      key: 'mean',
      field: 'x',
      weights: { a: 1, b: 0 },
      name: 'w',
    };
    const labels = makeOutcomes(30, 4, 9).map(([now, before]) => [now ? 'a' : 'b', before ? 'a' : 'b'] as const);
    const numbers = labels.map(([now, before]) => [now === 'a' ? 1.5 : 0.5, before === 'a' ? 1.5 : 0.5] as const);
    const [byJackknife, expected] = [compare(spec, labels, 'w'), compare(mean, numbers)];
    if ('reason' in byJackknife || 'reason' in expected || 'reason' in byT) throw new Error('no interval');
    expect(byJackknife.method).toBe('jackknife');
    expect(byJackknife.estimate).toBeCloseTo(expected.estimate, 10);
    expect(byJackknife.interval[0]).toBeCloseTo(expected.interval[0], 10);
    expect(byJackknife.interval[1]).toBeCloseTo(expected.interval[1], 10);
  });

  it('keeps flat memory with many samples, in groups', () => {
    const spec: CompleteMetric = { type: 'std_dev', key: 'spread', field: 'x', name: 'spread' };
    const pairs = Array.from({ length: 1_000 }, (_, index) => [2 * Math.sin(index), Math.sin(index)] as const);
    const found = compare(spec, pairs, 'spread');
    if ('reason' in found) throw new Error(found.reason);
    expect(found.pairs).toBe(1_000);
    expect(found.interval[0]).toBeGreaterThan(0.6);
    expect(found.interval[1]).toBeLessThan(0.8);
  });

  it('is left alone where everything hangs on one sample', () => {
    expect(createComparison({ type: 'max', key: 'max', field: 'x' }, 'max')).toBeUndefined();
  });
});

describe('noise', () => {
  /** Linear congruential; the same numbers each time. */
  function makeRandom(seed: number): () => number {
    let state = seed;
    return () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
  }

  it.each([
    ['right four times out of five', (random: number) => random < 0.8],
    ['right nineteen times out of twenty', (random: number) => random < 0.95],
    ['spread evenly', (random: number) => random],
  ])('of two runs of one model that is %s looks like a fall in one comparison of forty', (_, draw) => {
    const random = makeRandom(7);
    const total = 2_000;
    let falls = 0;
    for (let count = 0; count < total; count += 1) {
      const found = compare(
        mean,
        Array.from({ length: 50 }, () => [draw(random()), draw(random())] as const),
      );
      if (!('reason' in found) && found.interval[1] < 0) falls += 1;
    }
    // Three standard errors of a share of 0.025.
    expect(falls / total).toBeLessThan(0.025 + 3 * Math.sqrt((0.025 * 0.975) / total));
    expect(falls / total).toBeGreaterThan(0.005);
  });
});
