import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judgeAlert } from '../../../evaluation/alerts/judge-alert.ts';
import { parseAlert } from '../../../evaluation/alerts/parse-alert.ts';
import type { Comparison } from '../../../evaluation/compare/stream/comparison.ts';
import { createComparison } from '../../../evaluation/compare/stream/create-comparison.ts';
import { pairByKey } from '../../../evaluation/compare/stream/pair-by-key.ts';

const value = fc.oneof(fc.constantFrom(0, 1), fc.double({ min: -100, max: 100, noNaN: true }));
const pairs = fc.array(fc.tuple(value, value), { minLength: 6, maxLength: 60 });

function compare(all: readonly (readonly [number, number])[]) {
  const comparison = createComparison({ type: 'mean', key: 'mean', field: 'x' }, 'x_mean') as Comparison;
  for (const [index, [now, before]] of all.entries()) comparison.add({ x: now }, { x: before }, `s${index}`);
  const found = comparison.finish();
  if ('reason' in found) throw new Error(found.reason);
  return found;
}

test('the interval turns round with the runs', () => {
  fc.assert(
    fc.property(pairs, (all) => {
      const [there, back] = [compare(all), compare(all.map(([now, before]) => [before, now] as const))];
      expect(back.estimate).toBeCloseTo(-there.estimate, 8);
      expect(back.interval[0]).toBeCloseTo(-there.interval[1], 8);
      expect(back.interval[1]).toBeCloseTo(-there.interval[0], 8);
    }),
  );
});

test('a run compared with itself never fires', () => {
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 6 }),
      fc.constantFrom('x < -0', 'x <= -0', 'x > +0', 'x >= +0'),
      (all, text) => {
        const evidence = { task: 'task', metric: 'x', value: 0, baseline: { run: 'before', value: 0 } };
        const difference = compare(all.map((one) => [one, one] as const));
        expect(judgeAlert(parseAlert(text), { ...evidence, difference }).verdict).toBe('quiet');
      },
    ),
  );
});

test('what fires is beyond the threshold and apart from zero, and what is both fires', () => {
  const number = fc.double({ min: -1, max: 1, noNaN: true });
  fc.assert(
    fc.property(number, number, number, fc.boolean(), (threshold, estimate, reach, isFall) => {
      const bound = Math.abs(threshold).toFixed(6);
      const alert = parseAlert(isFall ? `x < -${bound}` : `x > +${bound}`);
      const interval = [estimate - Math.abs(reach), estimate + Math.abs(reach)] as const;
      const difference = { estimate, interval, pairs: 10, method: 'paired-t' as const };
      const { verdict } = judgeAlert(alert, {
        task: 'task',
        metric: 'x',
        value: 0,
        baseline: { run: 'before', value: 0 },
        difference,
      });
      const expected = isFall
        ? estimate < -Number(bound) && interval[1] < 0
        : estimate > Number(bound) && interval[0] > 0;
      expect(verdict).toBe(expected ? 'fired' : 'quiet');
    }),
  );
});

test('pairing finds every key that both streams have, in whatever order, once', async () => {
  const keys = fc.uniqueArray(fc.integer({ min: 0, max: 30 }));
  await fc.assert(
    fc.asyncProperty(keys, keys, async (left, right) => {
      const found: number[] = [];
      for await (const [one, other] of pairByKey(stream(left), stream(right), String)) {
        expect(one).toBe(other);
        found.push(one);
      }
      const expected = left.filter((key) => right.includes(key));
      expect(new Set(found)).toEqual(new Set(expected));
      expect(found).toHaveLength(expected.length);
    }),
  );
});

async function* stream(keys: readonly number[]): AsyncGenerator<number> {
  yield* keys;
}
