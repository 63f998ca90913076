import { describe, expect, test } from 'vitest';
import { runScorer } from './run-scorer.ts';

const noText = { trace: { FORMAT: 'open_responses', items: [] }, raw_outputs: [], direct_ios: [] } as const;

describe('string_equals', () => {
  const spec = { type: 'string_equals', ground_truth: '{{ sample.capital }}' };

  test('is correct for the same text, and records both', async () => {
    expect(await runScorer(spec, { row: { capital: 'Bern' }, answer: 'Bern' })).toEqual({
      values: { is_correct: true },
      metadata: { answer_gt: 'Bern', answer_pred: 'Bern' },
    });
  });

  test.each(['Bern ', ' Bern', 'bern', ''])('does not trim or fold: %j is wrong', async (answer) => {
    expect((await runScorer(spec, { row: { capital: 'Bern' }, answer })).values).toEqual({ is_correct: false });
  });

  test('judges the rendered value instead of the output text where there is one', async () => {
    const score = await runScorer(
      { ...spec, value: '{{ sample.other }}' },
      { row: { capital: 'A', other: 'A' }, answer: 'B' },
    );
    expect(score.values).toEqual({ is_correct: true });
  });

  test('an output without text is a score error', async () => {
    await expect(runScorer(spec, { row: { capital: 'A' }, solverOutput: noText })).rejects.toMatchObject({
      name: 'EvaluationError',
    });
  });

  test('an undefined name is a score error that says which', async () => {
    await expect(runScorer(spec, { row: { capitol: 'A' }, answer: 'A' })).rejects.toMatchObject({
      code: 'template-undefined',
      message: expect.stringMatching(/scorers\.string_equals\.ground_truth, sample s7: .*capital/),
    });
  });
});

describe('string_equals_mcqa', () => {
  const spec = { type: 'string_equals_mcqa', ground_truth_choice: '{{ sample.truth }}', choices: '["A", "B"]' };
  const row = { truth: 'B', choices: ['A', 'B'] };

  test('compares the first character of the answer', async () => {
    expect(await runScorer(spec, { row, answer: 'B) because' })).toEqual({
      values: { is_correct: true },
      metadata: {
        ground_truth_choices: ['A', 'B'],
        ground_truth_correct_choice: 'B',
        predicted_choice: 'B',
        completion_validity: 'valid',
      },
    });
  });

  test.each([
    ['A', 'A', 'valid'],
    [' B', ' ', 'invalid'],
    ['b', 'b', 'invalid'],
    ['\u{1F600}!', '\u{1F600}', 'invalid'],
    ['', '', 'unknown'],
  ])('answer %j predicts %j: %s', async (answer, predicted_choice, completion_validity) => {
    const score = await runScorer(spec, { row, answer });
    expect(score).toMatchObject({ values: { is_correct: false }, metadata: { predicted_choice, completion_validity } });
  });

  test.each([
    ['JSON', '["A", "B"]'],
    ['a Python list', "['A', 'B']"],
    ['a rendered list', '{{ sample.choices | tojson }}'],
    ['a printed list', '{{ sample.choices }}'],
    ['a list of templates', ['A', '{{ sample.truth }}']],
  ])('takes choices as %s', async (_form, choices) => {
    expect((await runScorer({ ...spec, choices }, { row, answer: 'B' })).metadata).toMatchObject({
      ground_truth_choices: ['A', 'B'],
      completion_validity: 'valid',
    });
  });

  test.each(['A, B', '{"A": 1}', '3', ''])('choices that are no list are a score error: %j', async (choices) => {
    await expect(runScorer({ ...spec, choices }, { row, answer: 'B' })).rejects.toMatchObject({
      code: 'scorer-failed',
    });
  });

  test('an empty answer is wrong even where the ground truth is empty', async () => {
    expect((await runScorer(spec, { row: { truth: '' }, answer: '' })).values).toEqual({ is_correct: false });
  });
});

describe('includes', () => {
  test.each([
    ['all', 'ab cd', true, ['ab', 'cd'], []],
    ['all', 'ab', false, ['ab'], ['cd']],
    ['any', 'xcdx', true, ['cd'], ['ab']],
    ['any', 'AB CD', false, [], ['ab', 'cd']],
  ])('match %s in %j: %s', async (match, answer, is_correct, found, missing) => {
    const spec = { type: 'includes', text: ['{{ sample.first }}', 'cd'], match };
    expect(await runScorer(spec, { row: { first: 'ab' }, answer })).toEqual({
      values: { is_correct },
      metadata: { found, missing },
    });
  });

  test('ignores case where told, and records the texts as written', async () => {
    const spec = { type: 'includes', text: 'Straße', ignore_case: true };
    expect(await runScorer(spec, { answer: 'DIE STRAßE' })).toMatchObject({
      values: { is_correct: true },
      metadata: { found: ['Straße'] },
    });
  });

  test('takes a single template as one text, whatever it looks like', async () => {
    expect((await runScorer({ type: 'includes', text: '["a", "b"]' }, { answer: 'a b' })).metadata).toEqual({
      found: [],
      missing: ['["a", "b"]'],
    });
  });
});
