import { describe, expect, test } from 'vitest';
import type { ScoreValue } from '../../../evaluation/score.ts';
import { type ScoreAggregator, trialsSchema } from '../../../evaluation/spec/tasks.ts';
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

describe('declared aggregators', () => {
  const of = (values: readonly ScoreValue[], ...aggregators: ScoreAggregator['aggregator'][]) =>
    aggregateTrials(
      values.map((x) => ({ values: { x, y: 1 }, metadata: {} })),
      aggregators.map((aggregator) => ({ score_name: 'x', aggregator })),
    ).values;

  test('take the place of the mean, under their own names or the one that is given', () => {
    expect(of([1, 4, 2], { function: 'min' }, { function: 'max', score_name: 'best' })).toEqual({
      'x.min': 1,
      best: 4,
      'y.mean': 1,
    });
  });

  test('estimate pass@k and pass^k from the share of successes, also for k beyond the trials', () => {
    const threeOfFive = [true, false, 1, 0, true];
    const values = of(threeOfFive, { function: 'pass@k', k: 5 }, { function: 'pass^k', k: 5 });
    expect(values['x.pass@5']).toBeCloseTo(0.98976, 12);
    expect(values['x.pass^5']).toBeCloseTo(0.07776, 12);
  });

  test('are null for values that they cannot take', () => {
    expect(of([1, 2], { function: 'pass@k', k: 1 })['x.pass@1']).toBeNull();
    expect(of(['a', 'a'], { function: 'min' })['x.min']).toBeNull();
    expect(of([null, null], { function: 'max' })['x.max']).toBeNull();
  });

  test('that need k are refused without it, and others with it', () => {
    const parse = (aggregator: object) =>
      trialsSchema.safeParse({ num_trials: 2, score_aggregators: [{ score_name: 'x', aggregator }] });
    expect(parse({ function: 'pass@k' }).error?.issues).toMatchObject([{ message: 'a number k for pass@k' }]);
    expect(parse({ function: 'mean', k: 2 }).success).toBe(false);
    expect(parse({ function: 'pass^k', k: 2 }).success).toBe(true);
  });
});
