import { describe, expect, test } from 'vitest';
import type { ScoreValue } from '../../../evaluation/score.ts';
import { runMetric } from './run-metric.ts';

const pairs = (...rows: [ScoreValue, ScoreValue][]) => rows.map(([gt, pred]) => ({ gt, pred }));

describe('binary-classification', () => {
  const spec = {
    type: 'binary-classification',
    field_gt: 'gt',
    field_pred: 'pred',
    positive_answer: 'yes',
    negative_answer: 'no',
  } as const;

  test('computes its four values and exports the confusion counts', () => {
    const scores = pairs(['yes', 'yes'], ['yes', 'yes'], ['yes', 'no'], ['no', 'yes'], ['no', 'no']);
    expect(runMetric(spec, scores)).toEqual({
      values: { accuracy: 3 / 5, precision: 2 / 3, recall: 2 / 3, f1_score: 4 / 6 },
      num_missing: 0,
      num_left_out: 0,
      details: { true_positives: 2, false_positives: 1, true_negatives: 1, false_negatives: 1 },
    });
  });

  test('counts only samples whose two values are both one of the answers', () => {
    const outcome = runMetric(
      spec,
      pairs(['yes', 'maybe'], ['perhaps', 'no'], ['Yes', 'yes'], ['no', 'no'], ['yes', null]),
    );
    expect(outcome).toMatchObject({ values: { accuracy: 1 }, num_left_out: 3, num_missing: 1 });
  });

  test('compares text forms, booleans without case', () => {
    const answers = { ...spec, positive_answer: true, negative_answer: 0 };
    const outcome = runMetric(answers, pairs([true, 'TRUE'], ['0', 0], [false, true]));
    expect(outcome).toMatchObject({ values: { accuracy: 1 }, num_left_out: 1 });
  });

  test('zero denominators are null, one by one', () => {
    expect(runMetric(spec, pairs(['no', 'no']))).toMatchObject({
      values: { accuracy: 1, precision: null, recall: null, f1_score: null },
      reasons: { precision: 'zero-denominator', recall: 'zero-denominator', f1_score: 'zero-denominator' },
    });
    expect(runMetric(spec, pairs(['yes', 'no'])).values).toEqual({
      accuracy: 0,
      precision: null,
      recall: 0,
      f1_score: 0,
    });
    expect(runMetric(spec, pairs(['what', 'ever'])).reasons).toMatchObject({ accuracy: 'zero-denominator' });
  });

  test('every value is null without samples, and without values', () => {
    const names = ['accuracy', 'precision', 'recall', 'f1_score'];
    expect(runMetric(spec, []).reasons).toEqual(Object.fromEntries(names.map((name) => [name, 'no-samples'])));
    expect(runMetric(spec, [{ gt: 'yes' }]).reasons).toEqual(
      Object.fromEntries(names.map((name) => [name, 'no-values'])),
    );
  });
});

describe('multiclass-classification', () => {
  const spec = { type: 'multiclass-classification', field_gt: 'gt', field_pred: 'pred' } as const;

  test('scores each class found in either field, and their plain means', () => {
    const outcome = runMetric(spec, pairs(['a', 'a'], ['a', 'b'], ['b', 'b'], ['c', 'b'], ['a', 'd']));
    expect(outcome.values).toEqual({
      accuracy: 2 / 5,
      a_precision: 1,
      a_recall: 1 / 3,
      a_f1_score: 2 / 4,
      b_precision: 1 / 3,
      b_recall: 1,
      b_f1_score: 2 / 4,
      c_precision: null,
      c_recall: 0,
      c_f1_score: 0,
      d_precision: 0,
      d_recall: null,
      d_f1_score: 0,
      macro_precision: (1 + 1 / 3 + 0) / 3,
      macro_recall: (1 / 3 + 1 + 0) / 3,
      macro_f1_score: 1 / 4,
    });
    expect(outcome.reasons).toEqual({ c_precision: 'zero-denominator', d_recall: 'zero-denominator' });
  });

  test('orders classes by code point and exports the confusion counts', () => {
    const outcome = runMetric(spec, pairs(['\u{1F600}', '\uFB01'], [10, 'Z'], ['10', 'Z']));
    expect(Object.keys(outcome.values).filter((name) => name.endsWith('_recall'))).toEqual([
      '10_recall',
      'Z_recall',
      '\uFB01_recall',
      '\u{1F600}_recall',
      'macro_recall',
    ]);
    expect(outcome.details).toEqual({
      confusion: [
        { ground_truth: '10', prediction: 'Z', count: 2 },
        { ground_truth: '\u{1F600}', prediction: '\uFB01', count: 1 },
      ],
    });
  });

  test('leaves out samples without both values', () => {
    expect(runMetric(spec, pairs(['a', 'a'], ['a', null], [null, 'b']))).toMatchObject({
      values: { accuracy: 1, macro_recall: 1 },
      num_missing: 2,
    });
  });

  test('has its overall values, null, where there is nothing to count', () => {
    const names = ['accuracy', 'macro_precision', 'macro_recall', 'macro_f1_score'];
    expect(runMetric(spec, []).reasons).toEqual(Object.fromEntries(names.map((name) => [name, 'no-samples'])));
    expect(runMetric(spec, [{}]).reasons).toEqual(Object.fromEntries(names.map((name) => [name, 'no-values'])));
  });
});
