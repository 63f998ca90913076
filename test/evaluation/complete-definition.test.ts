import { describe, expect, test } from 'vitest';
import { completeDefinition } from '../../evaluation/complete-definition.ts';
import { definitionSchema } from '../../evaluation/spec/tasks.ts';

function complete(...scorers: object[]) {
  return completeDefinition(
    definitionSchema.parse({
      dataset: { key: 'd' },
      solver: { type: 'pass_through_solver', trace_column: 't' },
      scorers: scorers.map((scorer) => ({
        type: 'string_equals',
        ...('type' in scorer ? {} : { ground_truth: 'x' }),
        ...scorer,
      })),
    }),
  );
}

const keysOf = (...scorers: object[]) => complete(...scorers).scorers.map(({ key }) => key);

describe('scorer keys', () => {
  test('an absent key becomes the type, a second one gets a number', () => {
    expect(keysOf({}, { type: 'includes', text: 'a' }, {}, {})).toEqual([
      'string_equals',
      'includes',
      'string_equals_2',
      'string_equals_3',
    ]);
  });

  test('keys that are written out stand, and are passed over', () => {
    expect(keysOf({}, { key: 'string_equals' }, { key: 'string_equals_2' }, { key: 'own' })).toEqual([
      'string_equals_3',
      'string_equals',
      'string_equals_2',
      'own',
    ]);
  });

  test('two that are equal are an error', () => {
    expect(() => keysOf({ key: 'a' }, { key: 'a' })).toThrow(expect.objectContaining({ code: 'config-duplicate-key' }));
  });
});

describe('metrics', () => {
  const metricsOf = (scorer: object) => complete(scorer).scorers[0]?.metrics;

  test.each([
    ['string_equals', { ground_truth: 'x' }, 'is_correct', 'accuracy'],
    ['string_equals_mcqa', { ground_truth_choice: 'A', choices: '[]' }, 'is_correct', 'accuracy'],
    ['includes', { text: 'a' }, 'is_correct', 'accuracy'],
    ['regex_match', { pattern: 'a' }, 'is_correct', 'accuracy'],
    ['numeric_equals', { ground_truth: '1' }, 'is_correct', 'accuracy'],
    [
      'model_as_a_judge_classifier',
      { model_key: 'm', user_prompt: 'u', correct_labels: ['a'], incorrect_labels: ['b'] },
      'is_correct',
      'accuracy',
    ],
    ['model_as_a_judge_scorer', { model_key: 'm', user_prompt: 'u' }, 'score', 'mean_score'],
  ])('of %s are a mean where absent', (type, fields, field, name) => {
    expect(metricsOf({ type, ...fields })).toEqual([{ type: 'mean', key: 'mean', field, name }]);
  });

  test('are none where the list is empty, and for qa where it is absent', () => {
    expect(metricsOf({ metrics: [] })).toEqual([]);
    expect(metricsOf({ purpose: 'qa' })).toEqual([]);
    expect(metricsOf({ purpose: 'qa', metrics: [{ type: 'frequency', field: 'x' }] })).toHaveLength(1);
  });

  test('get keys from their types, unique per scorer', () => {
    const classification = { type: 'multiclass-classification', field_gt: 'a', field_pred: 'b' };
    const mean = { type: 'mean', field: 'x' };
    const metrics = [classification, mean, mean, { ...mean, key: 'mean_2' }, classification];
    const { scorers } = complete({ metrics }, { metrics: [mean] });
    expect(scorers.map((scorer) => scorer.metrics.map(({ key }) => key))).toEqual([
      ['multiclass_classification', 'mean', 'mean_3', 'mean_2', 'multiclass_classification_2'],
      ['mean'],
    ]);
  });
});

test('what is filled in is what could have been written out', () => {
  const short = complete({}, {});
  const metrics = [{ type: 'mean', key: 'mean', field: 'is_correct', name: 'accuracy' }];
  expect(complete({ key: 'string_equals', metrics }, { key: 'string_equals_2', metrics })).toEqual(short);
  expect(short).not.toHaveProperty('dataset');
});
