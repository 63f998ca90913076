import { describe, expect, it } from 'vitest';
import { type ComparedMetric, compareMetrics } from '../../../evaluation/compare/compare-metrics.ts';
import { findFlips } from '../../../evaluation/compare/find-flips.ts';
import { pairNothing, pairScores } from '../../../evaluation/compare/pair-scores.ts';
import {
  createSampleScoresReader,
  type NamedValues,
  type SampleScores,
} from '../../../evaluation/compare/sample-scores.ts';
import type { CompleteMetric, CompleteScorer } from '../../../evaluation/plan.ts';
import type { ScoredSample } from '../../../evaluation/score.ts';
import { makeScores } from './make-scores.ts';

function compare(spec: CompleteMetric, first: SampleScores, second: SampleScores, names: readonly string[]) {
  const side = { scorerKey: 'judge', spec };
  const metric: ComparedMetric = {
    first: side,
    second: side,
    values: names.map((name) => ({ first: name, second: name })),
  };
  const pairing = pairScores(first, second);
  const isPaired = pairing.pairs.length > 0;
  return compareMetrics({ first, second, pairing, isPaired, confidence: 0.95, seed: 1 }, [metric])[0] ?? [];
}

const repeat = (times: number, values: NamedValues): NamedValues[] => Array.from({ length: times }, () => values);
const accuracy: CompleteMetric = { type: 'mean', key: 'm', field: 'x', name: 'accuracy' };

describe('metrics', () => {
  it('of right and wrong are tested exactly, from the first pair on, and leave out pairs without a value', () => {
    const first = makeScores([{ x: true }, { x: 1 }, { x: null }, { x: false }]);
    const second = makeScores([{ x: false }, { x: 0 }, { x: 1 }, { x: false }]);
    expect(compare(accuracy, first, second, ['accuracy'])).toEqual([
      expect.objectContaining({
        method: 'mcnemar',
        estimate: -2 / 3,
        pValue: expect.closeTo(0.5, 12),
        samples: [3, 3],
      }),
    ]);
  });

  it('of two sets of samples are compared without pairing them', () => {
    const first = makeScores([...repeat(9, { x: 1 }), { x: 0 }]);
    const others = makeScores([...repeat(3, { x: 1 }), ...repeat(9, { x: 0 })], { prefix: 'other' });
    const [found] = compare(accuracy, first, others, ['accuracy']);
    expect(found).toMatchObject({ method: 'fisher', intervalMethod: 'newcombe', samples: [10, 12] });
    const numbers = makeScores(
      Array.from({ length: 9 }, (_, x) => ({ x })),
      { prefix: 'third' },
    );
    const [drawn] = compare(accuracy, first, numbers, ['accuracy']);
    expect(drawn).toMatchObject({ method: 'two-sample-bootstrap', samples: [10, 9], resamples: 10_000 });
  });

  it('have a share of 0 of a label that no sample of a result has', () => {
    const spec: CompleteMetric = { type: 'frequency', key: 'm', field: 'label' };
    const first = makeScores(repeat(20, { label: 'yes' }));
    const second = makeScores([...repeat(15, { label: 'yes' }), ...repeat(5, { label: 'no' })]);
    const [yes, no] = compare(spec, first, second, ['label_yes', 'label_no']);
    expect(yes).toMatchObject({ estimate: -0.25, method: 'paired-bootstrap' });
    expect(no).toMatchObject({ estimate: 0.25 });
  });

  it('that cannot be compared say why', () => {
    const reason = (spec: CompleteMetric, first: NamedValues[], second: NamedValues[], name: string) =>
      compare(spec, makeScores(first), makeScores(second), [name])[0];
    const six = repeat(6, { x: 0.5 });
    expect(reason({ type: 'max', key: 'm', field: 'x' }, six, six, 'x_max')).toHaveProperty('reason');
    expect(reason(accuracy, repeat(5, { x: 0.5 }), repeat(5, { x: 1 }), 'accuracy')).toEqual({
      reason: 'fewer than 6 samples to compare',
    });
    const labels: CompleteMetric = { ...accuracy, field: 'label' };
    expect(reason(labels, repeat(6, { label: 'much' }), repeat(6, { label: 1 }), 'accuracy')).toEqual({
      reason: 'not every score is a number',
    });
    expect(reason(accuracy, repeat(6, { x: null }), six, 'accuracy')).toEqual({
      reason: 'no sample has a score to compare',
    });
    const weighted: CompleteMetric = {
      type: 'weighted_average',
      key: 'm',
      field: 'label',
      weights: { a: 1 },
      name: 'w',
    };
    const unweighted = [...repeat(6, { label: 'a' }), { label: 'b' }];
    expect(reason(weighted, repeat(7, { label: 'a' }), unweighted, 'w')).toMatchObject({
      reason: expect.stringContaining('no weight'),
    });
    const precision: CompleteMetric = {
      type: 'precision',
      key: 'm',
      num_true_positives_field: 'tp',
      num_false_positives_field: 'fp',
    };
    const zeros = repeat(40, { tp: 0, fp: 0 });
    expect(reason(precision, zeros, zeros, 'precision')).toEqual({ reason: 'zero-denominator' });
    // More than a third of the draws are without the one sample that is not all zeros.
    const rare = [{ tp: 1, fp: 1 }, ...repeat(39, { tp: 0, fp: 0 })];
    expect(reason(precision, rare, rare, 'precision')).toEqual({
      reason: 'it has no value for too many draws of the samples',
    });
  });
});

describe('samples', () => {
  const judge = { key: 'judge', metrics: [] } as unknown as CompleteScorer;
  const score = (values: NamedValues) => ({ values, metadata: {} });

  function makeSample(id: string, change: Partial<ScoredSample>): ScoredSample {
    return {
      sample_index: 0,
      sample_id: id,
      attempt: 1,
      trials: [],
      scores: { judge: score({ x: 1 }) },
      action_records: [],
      errors: [],
      ...change,
    };
  }

  function read(samples: readonly ScoredSample[]): SampleScores {
    const reader = createSampleScoresReader([judge]);
    for (const sample of samples) reader.add(sample);
    return reader.finish();
  }

  it('that a rule excludes, or that have an error, count on neither side', () => {
    const well = Array.from({ length: 4 }, (_, index) => makeSample(`s${index}`, {}));
    const [first = makeSample('', {}), second = makeSample('', {}), ...rest] = well;
    const harmed = read([
      { ...first, action_records: [{ action: 'exclude_from_metrics', rule_key: 'r' }] },
      { ...second, scores: {}, errors: [{ stage: 'score', error_type: 'scorer-failed', message: 'x' }] },
      ...rest,
    ]);
    expect(compare(accuracy, read(well), harmed, ['accuracy'])).toEqual([
      expect.objectContaining({ samples: [2, 2], estimate: 0 }),
    ]);
    expect([...harmed.errors]).toEqual([['s1', ['score: scorer-failed']]]);
    expect(harmed.excluded).toBe(1);
  });

  it('of several trials turn round where more than half of the trials do', () => {
    const tried = (id: string, right: number, of: number) =>
      makeSample(id, {
        trials: Array.from({ length: of }, (_, trial) => ({
          trial,
          scorer_key: 'judge',
          score: score({ ok: trial < right, length: 7 }),
          queries: [],
          failed_queries: { sent: 0, retried: 0 },
        })),
        scores: { judge: score({ 'ok.mean': right / of, 'length.mean': 7 }) },
      });
    const first = read([tried('a', 3, 3), tried('b', 1, 3), tried('c', 1, 2), tried('d', 2, 3)]);
    const second = read([tried('d', 3, 3), tried('c', 0, 2), tried('b', 2, 3), tried('a', 1, 3)]);
    expect(findFlips(first, second, pairScores(first, second))).toEqual([
      { scorer: 'judge', score: 'ok', toRight: ['b'], toWrong: ['a'] },
    ]);
    expect(findFlips(first, second, pairNothing(first, second))).toEqual([]);
  });
});
