import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findNumber, parseNumber } from '../../../evaluation/scorers/find-numbers.ts';
import { runScorer } from './run-scorer.ts';

describe('numeric_equals', () => {
  const spec = { type: 'numeric_equals', ground_truth: '{{ sample.truth }}' };

  test('compares the last number of the answer by default', async () => {
    expect(await runScorer(spec, { row: { truth: '1,234' }, answer: 'First 5, so $1,234.00.' })).toEqual({
      values: { is_correct: true },
      metadata: { predicted: 1234, expected: 1234 },
    });
  });

  test.each([
    ['first', '1 or 2', 1],
    ['last', '1 or 2', 2],
    ['whole', ' 2 ', 2],
    ['whole', '2.', null],
    ['whole', 'it is 2', null],
    ['last', 'none', null],
    ['last', '', null],
  ])('extract %s from %j: %s', async (extract, answer, predicted) => {
    const score = await runScorer({ ...spec, extract }, { row: { truth: 2 }, answer });
    expect(score).toMatchObject({ values: { is_correct: predicted === 2 }, metadata: { predicted } });
  });

  test.each([
    [{}, '10', true],
    [{}, '10.0000001', false],
    [{ tolerance: 0.5 }, '10.5', true],
    [{ tolerance: 0.5 }, '10.51', false],
    [{ relative_tolerance: 0.1 }, '9', true],
    [{ relative_tolerance: 0.1 }, '11.1', false],
    [{ tolerance: 2, relative_tolerance: 0.1 }, '12', true],
  ])('with %j the answer %s is within reach of 10: %s', async (tolerances, answer, is_correct) => {
    const score = await runScorer({ ...spec, ...tolerances }, { row: { truth: 10 }, answer });
    expect(score.values).toEqual({ is_correct });
  });

  test('the relative tolerance is that of a negative ground truth without its sign', async () => {
    const score = await runScorer({ ...spec, relative_tolerance: 0.1 }, { row: { truth: -10 }, answer: '-11' });
    expect(score.values).toEqual({ is_correct: true });
  });

  test.each(['', 'ten', '10 francs', '1e999'])(
    'a ground truth that is no number is a score error: %j',
    async (truth) => {
      await expect(runScorer(spec, { row: { truth }, answer: '10' })).rejects.toMatchObject({ code: 'scorer-failed' });
    },
  );
});

test.each([
  ['1,234,567.5', [1234567.5, 1234567.5]],
  ['1,23', [1, 23]],
  ['1,2345', [1, 2345]],
  ['12345,678', [12345, 678]],
  ['GPT-4', [4, 4]],
  ['3-5', [3, 5]],
  ['3 - 5', [3, 5]],
  ['from -3 to +4', [-3, 4]],
  ['\u22127 degrees', [-7, -7]],
  ['.5 and -.25', [0.5, -0.25]],
  ['1.2.3', [1.2, 3]],
  ['2e3, 2E-1', [2000, 0.2]],
  ['2e', [2, 2]],
  ['$42.', [42, 42]],
  ['**42**', [42, 42]],
  ['50%', [50, 50]],
])('finds the numbers of %j', (text, [first, last]) => {
  expect([findNumber(text, 'first'), findNumber(text, 'last')]).toEqual([first, last]);
});

test('reads back every number in the ways that people write it', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e12, max: 1e12 }), (integer) => {
      expect(parseNumber(integer.toLocaleString('en-US'))).toBe(integer);
      expect(findNumber(`It is ${integer.toLocaleString('en-US')}.`, 'last')).toBe(integer);
    }),
  );
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (double) => {
      expect(parseNumber(String(double))).toBe(Object.is(double, -0) ? 0 : double);
    }),
  );
});
