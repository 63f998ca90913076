import { describe, expect, test } from 'vitest';
import type { JsonValue } from '../../../contracts/json.ts';
import { scorerSchema } from '../../../evaluation/spec/scorers.ts';
import { prepareScorer, runScorer } from './run-scorer.ts';

const call = (name: string, given: object = {}) => ({
  type: 'function_call',
  call_id: name,
  name,
  arguments: JSON.stringify(given),
});
const user = { type: 'message', role: 'user', content: 'Go' };
const withItems = (...items: readonly object[]) =>
  ({ trace: { FORMAT: 'open_responses', items }, raw_outputs: [], direct_ios: [] }) as never;

describe('bleu', () => {
  test('is 1 for the reference itself, 0 without a common word, in between otherwise', async () => {
    const spec = { type: 'bleu', ground_truth: '{{ sample.wanted }}' };
    const row = { wanted: 'the cat sat on the mat' };
    expect((await runScorer(spec, { row, answer: row.wanted })).values).toEqual({ bleu_score: 1 });
    expect((await runScorer(spec, { row, answer: 'dogs' })).values).toEqual({ bleu_score: 0 });
    const { bleu_score } = (await runScorer(spec, { row, answer: 'the cat is on a mat' })).values;
    expect(bleu_score).toBeCloseTo(0.19304869754804482, 12);
  });
});

describe('labeler_via_model', () => {
  test('records one of the declared labels in its spelling', async () => {
    const spec = { type: 'labeler_via_model', model_key: 'm', user_prompt: 'Label', valid_labels: ['Joy', 'Fear'] };
    const replies = ['{"label": "anger"}', 'joy'];
    const { score, asked } = await prepareScorer(spec)({ answer: 'x', replies });
    expect(score.values).toEqual({ label: 'Joy' });
    expect(asked).toHaveLength(2);
  });

  test('takes any label where none is declared, but not an empty one or bare words', async () => {
    const spec = { type: 'labeler_via_model', model_key: 'm', user_prompt: 'Label' };
    const replies = ['sunny', '{"label": " "}', '{"label": " sunny ", "reasoning": "bright"}'];
    const { score, asked } = await prepareScorer(spec)({ answer: 'x', replies });
    expect(score).toEqual({ values: { label: 'sunny' }, metadata: { reasoning: 'bright', confidence: null } });
    expect(asked).toHaveLength(3);
  });
});

describe('function_call_coverage', () => {
  const spec = { type: 'function_call_coverage', function_calls: '{{ sample.calls | tojson }}' };
  const made = withItems(call('early'), user, call('search', { q: 'a' }), call('search', { q: 'b' }), call('book'));

  test.each([
    [['search', 'book'], 2, 0, 1],
    [['book', 'search', 'search'], 3, 0, 0],
    [['early'], 0, 1, 3],
    [[{ name: 'search', arguments: { q: 'b' } }, 'search'], 2, 0, 1],
    [['search', { name: 'search', arguments: { q: 'a' } }], 2, 0, 1],
    [['search', 'search', { name: 'search', arguments: { q: 'b' } }], 2, 1, 1],
    [[{ name: 'search', arguments: { q: 'c' } }], 0, 1, 3],
    [[], 0, 0, 3],
  ])('of %j finds %i, misses %i and has %i more', async (calls, found, missed, more) => {
    const { values } = await runScorer(spec, { row: { calls }, solverOutput: made });
    expect(values).toEqual({
      all_required_calls_made: missed === 0,
      required_calls_coverage: calls.length === 0 ? 1 : found / calls.length,
      num_required_calls_made: found,
      num_required_calls_not_made: missed,
      num_unrequired_calls: more,
      num_required_calls_total: calls.length,
    });
  });

  test('in_order wants them as a subsequence, too', async () => {
    const inOrder = { ...spec, mode: 'in_order' };
    const allMade = async (calls: readonly JsonValue[]) =>
      (await runScorer(inOrder, { row: { calls }, solverOutput: made })).values['all_required_calls_made'];
    expect(await allMade(['search', 'book'])).toBe(true);
    expect(await allMade(['book', 'search'])).toBe(false);
    expect(await allMade([{ name: 'search', arguments: { q: 'b' } }, 'book'])).toBe(true);
  });

  test('reads a Python list literal and a list of names, and names a sample whose list is none', async () => {
    const names = { ...spec, function_calls: ['{{ sample.first }}', 'book'] };
    const python = { ...spec, function_calls: "['search', {'name': 'book', 'arguments': None}]" };
    for (const variant of [names, python]) {
      const { values } = await runScorer(variant, { row: { first: 'search' }, solverOutput: made });
      expect(values).toMatchObject({ all_required_calls_made: true, num_required_calls_total: 2 });
    }
    const wrong = { ...spec, function_calls: '{{ sample.first }}' };
    await expect(runScorer(wrong, { row: { first: 'search' }, solverOutput: made })).rejects.toMatchObject({
      code: 'scorer-failed',
      message: expect.stringContaining('sample s7'),
    });
  });
});

describe('json_schema', () => {
  const schema = { type: 'object', required: ['city'], properties: { city: { type: 'string' } } };
  const spec = { type: 'json_schema', schema };

  test.each([
    ['{"city": "Rome"}', []],
    ['```json\n{"city": "Rome"}\n```', []],
    ['{}', ["The value must have required property 'city'."]],
    ['{"city": 3}', ['/city must be string.']],
    ['Rome', ['The answer is not JSON.']],
  ])('judges %j', async (answer, errors) => {
    expect(await runScorer(spec, { row: {}, answer })).toEqual({
      values: { is_valid: errors.length === 0 },
      metadata: { errors },
    });
  });

  test('is refused with what is wrong where the schema is none', () => {
    const { error } = scorerSchema.safeParse({ type: 'json_schema', schema: { type: 'objekt' } });
    expect(error?.issues).toMatchObject([{ path: ['schema'], message: expect.stringContaining('no JSON Schema') }]);
  });
});
