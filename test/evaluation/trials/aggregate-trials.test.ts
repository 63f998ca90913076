import { expect, test } from 'vitest';
import type { ScoreValue } from '../../../evaluation/score.ts';
import { aggregateTrials } from '../../../evaluation/trials/aggregate-trials.ts';

const aggregate = (...trials: Record<string, ScoreValue>[]) =>
  aggregateTrials(trials.map((values, trial) => ({ values, metadata: { trial } })));

test('the score of a single trial is that of the sample, as it is', () => {
  expect(aggregate({ ok: true, label: 'a', none: null })).toEqual({
    values: { ok: true, label: 'a', none: null },
    metadata: { trial: 0 },
  });
});

test('numbers and booleans become their mean, text becomes nothing', () => {
  expect(
    aggregate({ ok: true, x: 1, label: 'a' }, { ok: false, x: 2, label: 'a' }, { ok: true, x: 6, label: 'b' }),
  ).toEqual({
    values: { 'ok.mean': 2 / 3, 'x.mean': 3 },
    metadata: {},
  });
});

test('a trial without a value is left out of its mean', () => {
  expect(aggregate({ x: 1 }, { x: null }, {}, { x: 2 }).values).toEqual({ 'x.mean': 1.5 });
  expect(aggregate({ x: null }, {}).values).toEqual({ 'x.mean': null });
});

test('a value that is text in one trial becomes nothing', () => {
  expect(aggregate({ x: 1 }, { x: 'one' }).values).toEqual({});
});
