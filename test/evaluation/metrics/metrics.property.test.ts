import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareCodePoints } from '../../../evaluation/metrics/code-points.ts';
import { NeumaierSum } from '../../../evaluation/metrics/neumaier-sum.ts';
import { runMetric } from './run-metric.ts';

const label = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e100, max: 1e100 });
const answer = fc.constantFrom('yes', 'no');

test('frequencies sum to 1 wherever a sample has the field', () => {
  fc.assert(
    fc.property(fc.array(label, { minLength: 1 }), (labels) => {
      const { values, num_missing } = runMetric(
        { type: 'frequency', field: 'x' },
        labels.map((x) => ({ x })),
      );
      const shares = Object.values(values).map(Number);
      const sum = shares.reduce((total, share) => total + share, 0);
      if (num_missing === labels.length) expect(shares).toEqual([]);
      else expect(sum).toBeCloseTo(1, 12);
    }),
  );
});

test('the mean of whole numbers is exact, whatever their order', () => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeInteger(), { minLength: 1, maxLength: 50 }), (integers) => {
      const mean = (numbers: readonly number[]) =>
        runMetric(
          { type: 'mean', field: 'x', name: 'n' },
          numbers.map((x) => ({ x })),
        ).values['n'];
      const exact = integers.reduce((sum, integer) => sum + BigInt(integer), 0n);
      fc.pre(exact >= BigInt(Number.MIN_SAFE_INTEGER) && exact <= BigInt(Number.MAX_SAFE_INTEGER));
      expect(mean(integers)).toBe(Number(exact) / integers.length || 0);
      expect(mean(integers.toReversed())).toBe(mean(integers));
    }),
  );
});

test('a compensated sum adds a value and its opposite away', () => {
  fc.assert(
    fc.property(finite, finite, (large, small) => {
      const sum = new NeumaierSum();
      for (const value of [small, large, -large]) sum.add(value);
      expect(Math.abs(sum.value - small)).toBeLessThanOrEqual(Math.abs(small) * Number.EPSILON * 4);
    }),
  );
});

test('min ≤ mean ≤ max, and no deviation means that they are equal', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 2 }), (numbers) => {
      const get = (type: 'min' | 'mean' | 'max' | 'std_dev') =>
        Number(
          runMetric(
            { type, field: 'x', name: 'n' },
            numbers.map((x) => ({ x })),
          ).values['n'],
        );
      expect(get('min')).toBeLessThanOrEqual(get('mean'));
      expect(get('mean')).toBeLessThanOrEqual(get('max'));
      expect(get('std_dev') === 0).toBe(get('min') === get('max'));
    }),
  );
});

test('F1 is the harmonic mean of precision and recall where both are above 0', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(answer, answer), { minLength: 1 }), (rows) => {
      const { values } = runMetric(
        {
          type: 'binary-classification',
          field_gt: 'gt',
          field_pred: 'pred',
          positive_answer: 'yes',
          negative_answer: 'no',
        },
        rows.map(([gt, pred]) => ({ gt, pred })),
      );
      const { precision, recall, f1_score } = values;
      fc.pre(typeof precision === 'number' && typeof recall === 'number' && precision * recall > 0);
      expect(f1_score).toBeCloseTo((2 * Number(precision) * Number(recall)) / (Number(precision) + Number(recall)), 12);
    }),
  );
});

test('a classification with two classes agrees between its binary and its multiclass form', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(answer, answer), { minLength: 1 }), (rows) => {
      const scores = rows.map(([gt, pred]) => ({ gt, pred }));
      const fields = { field_gt: 'gt', field_pred: 'pred' };
      const binary = runMetric(
        { type: 'binary-classification', ...fields, positive_answer: 'yes', negative_answer: 'no' },
        scores,
      ).values;
      const multiclass = runMetric({ type: 'multiclass-classification', ...fields }, scores).values;
      expect(multiclass['accuracy']).toBe(binary['accuracy']);
      for (const name of ['precision', 'recall', 'f1_score']) {
        expect(multiclass[`yes_${name}`] ?? null).toBe(binary[name]);
      }
    }),
  );
});

test('code points order as their sequences do', () => {
  const codePoints = (text: string) => Array.from(text, (character) => character.codePointAt(0) ?? 0);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (left, right) => {
      const [a, b] = [codePoints(left), codePoints(right)];
      const first = a.findIndex((codePoint, index) => codePoint !== b[index]);
      const expected = first === -1 ? a.length - b.length : b[first] === undefined ? 1 : (a[first] ?? 0) - b[first];
      expect(Math.sign(compareCodePoints(left, right))).toBe(Math.sign(expected));
    }),
  );
});
