import { describe, expect, test } from 'vitest';
import { prepareScorer, runScorer } from './run-scorer.ts';

const classifier = {
  type: 'model_as_a_judge_classifier',
  model_key: 'judge',
  user_prompt: 'Is {{ model_output.choices[0].message.content }} the capital of {{ sample.country }}?',
  correct_labels: ['right'],
  incorrect_labels: ['wrong'],
};
const run = { row: { country: 'Italy' }, answer: 'Rome' };

describe('model_as_a_judge_classifier', () => {
  test('asks with instruction and prompt, and maps the label', async () => {
    const report = await prepareScorer(classifier)({ ...run, replies: ['{"prediction": "Right", "reasoning": "r"}'] });
    expect(report.score).toEqual({
      values: { is_correct: true },
      metadata: { prediction: 'right', reasoning: 'r', confidence: null },
    });
    expect(report.asked).toEqual([
      {
        messages: [
          { role: 'system', content: expect.stringMatching(/"prediction": <one of "right", "wrong">/) },
          { role: 'user', content: 'Is Rome the capital of Italy?' },
        ],
      },
    ]);
    expect((await runScorer(classifier, { ...run, replies: ['wrong'] })).values).toEqual({ is_correct: false });
  });

  test('puts the own system prompt before the instruction', async () => {
    const spec = { ...classifier, system_prompt: 'You know {{ sample.country }}.' };
    const { asked } = await prepareScorer(spec)({ ...run, replies: ['right'] });
    expect(asked[0]).toHaveProperty('messages.0.content', expect.stringMatching(/^You know Italy\.\n\n.*JSON/s));
  });

  test('sends the shape as response format where told, and not otherwise', async () => {
    const structured = await prepareScorer({ ...classifier, use_structured_outputs: true })({
      ...run,
      replies: ['right'],
    });
    expect(structured.asked[0]).toHaveProperty('response_format', {
      type: 'json_schema',
      json_schema: {
        name: 'judgement',
        strict: true,
        schema: expect.objectContaining({
          properties: expect.objectContaining({ prediction: { type: 'string', enum: ['right', 'wrong'] } }),
        }),
      },
    });
    const plain = await prepareScorer(classifier)({ ...run, replies: ['right'] });
    expect(plain.asked[0]).not.toHaveProperty('response_format');
  });

  test('asks again up to 2 times, with the reply and what is wrong with it', async () => {
    const { score, asked } = await prepareScorer(classifier)({
      ...run,
      replies: ['Hm.', '{"prediction": "?"}', 'right'],
    });
    expect(score.values).toEqual({ is_correct: true });
    expect(asked).toHaveLength(3);
    const [first, second, third] = asked as { messages: unknown[] }[];
    expect(second?.messages).toEqual([
      ...(first?.messages ?? []),
      { role: 'assistant', content: 'Hm.' },
      { role: 'user', content: expect.stringContaining('JSON object') },
    ]);
    expect(third?.messages).toEqual([
      ...(second?.messages ?? []),
      { role: 'assistant', content: '{"prediction": "?"}' },
      { role: 'user', content: expect.stringContaining('"right", "wrong"') },
    ]);
  });

  test('fails after the third invalid reply, with the last one', async () => {
    const replies = ['one', 'two', `three ${'x'.repeat(300)}`];
    await expect(runScorer(classifier, { ...run, replies })).rejects.toMatchObject({
      code: 'judge-reply-invalid',
      message: expect.stringMatching(/sample s7.*Last reply: "three x{194}…"/),
    });
  });

  test('takes a reply without text for an invalid one', async () => {
    const empty = { choices: [{ message: { role: 'assistant', content: null } }] };
    const { asked } = await prepareScorer(classifier)({ ...run, replies: [empty, { choices: [] }, 'right'] });
    expect(asked[1]).toHaveProperty('messages.2', { role: 'assistant', content: '(empty reply)' });
  });

  test('sends extra keys of the reply back with it, but no calls', async () => {
    const message = { role: 'assistant', content: 'Hm.', reasoning_content: 'r', tool_calls: [] };
    const { asked } = await prepareScorer(classifier)({ ...run, replies: [{ choices: [{ message }] }, 'right'] });
    expect(asked[1]).toHaveProperty('messages.2', { role: 'assistant', content: 'Hm.', reasoning_content: 'r' });
  });

  test('passes an error of the model on as it is', async () => {
    await expect(runScorer(classifier, { ...run, replies: [] })).rejects.toThrow('The judge has no more replies.');
  });
});

describe('model_as_a_judge_scorer', () => {
  const scorer = {
    type: 'model_as_a_judge_scorer',
    model_key: 'judge',
    user_prompt: 'Rate it.',
    score_min: 1,
    score_max: 5,
  };

  test('scales the score to 0..1 and records the raw one', async () => {
    const score = await runScorer(scorer, { ...run, replies: ['{"score": 4, "confidence": 1}'] });
    expect(score).toEqual({ values: { score: 0.75 }, metadata: { raw_score: 4, reasoning: null, confidence: 1 } });
    expect((await runScorer(scorer, { ...run, replies: ['1'] })).values).toEqual({ score: 0 });
    expect((await runScorer(scorer, { ...run, replies: ['5'] })).values).toEqual({ score: 1 });
  });

  test('asks again for a score out of range', async () => {
    const { score, asked } = await prepareScorer(scorer)({ ...run, replies: ['{"score": 7}', '{"score": 3}'] });
    expect(score.values).toEqual({ score: 0.5 });
    expect(asked[1]).toHaveProperty('messages.3.content', expect.stringContaining('from 1 to 5'));
  });
});
