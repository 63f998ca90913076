import { describe, expect, it } from 'vitest';
import { parseRecording } from '../../../evaluation/recording.ts';
import { ask, digestOf, failureOf, hastyClock, planModel, startModels, textOf } from '../plan-model.ts';

async function record(lines: readonly object[], written: { max_retries?: number; request_timeout?: number } = {}) {
  const text = lines.map((line) => JSON.stringify(line)).join('\n');
  const models = startModels({ ...hastyClock, blobs: [text] });
  const model = planModel(
    { ...written, config: { connection_type: 'recorded', file_path: './answers.jsonl' } },
    { recording: { digest: digestOf(text), sizeBytes: text.length } },
  );
  return { models, model };
}

describe('recorded', () => {
  it('answers with the first line all of whose conditions hold', async () => {
    const { models, model } = await record([
      { sample_id: 'a', trial: 1, content: 'a, second trial' },
      { last_user_includes: 'Italy', sample_id: 'b', content: 'b about Italy' },
      { sample_id: 'a', content: 'a' },
      { last_user: 'Capital of Italy?', content: 'Rome' },
      { last_user_includes: 'Italy', content: 'about Italy' },
      { call: 1, content: 'second call' },
      { content: 'fallback' },
      { last_user: 'later exact', content: 'never: the fallback comes first' },
    ]);
    const text = async (
      ...parameters: Parameters<typeof ask> extends [unknown, unknown, ...infer Rest] ? Rest : never
    ) => textOf(await ask(models, model, ...parameters));
    expect(await text('x', { sampleId: 'a', trial: 1 })).toBe('a, second trial');
    expect(await text('x', { sampleId: 'a' })).toBe('a');
    expect(await text('In Italy', { sampleId: 'b' })).toBe('b about Italy');
    expect(await text('Capital of Italy?')).toBe('Rome');
    expect(await text('Tell me of Italy')).toBe('about Italy');
    expect(await text('x', { call: 1 })).toBe('second call');
    expect(await text('later exact')).toBe('fallback');
    await models.close();
  });

  it('handles an error as if the service had sent it, for the first sends only', async () => {
    const { models, model } = await record([
      { last_user_includes: 'Italy', attempts: 1, error: { status: 503, message: 'busy' } },
      { last_user_includes: 'Italy', content: 'Rome', usage: { num_prompt_tokens: 14, num_completion_tokens: 1 } },
      { error: { status: 400, message: 'no such thing' } },
    ]);
    const { output, evidence } = await ask(models, model, 'Italy');
    expect(textOf({ output })).toBe('Rome');
    expect(evidence).toMatchObject({
      usage: { num_prompt_tokens: 14, num_completion_tokens: 1 },
      retries: [{ status: 503 }],
    });
    expect(await failureOf(ask(models, model, 'x'))).toMatchObject({
      code: 'model-error',
      statusCode: 400,
      retries: 0,
    });
    await models.close();
  });

  it('gives a whole output as it stands', async () => {
    const output = { items: [{ type: 'message', role: 'assistant', content: 'Hi' }], usage: { input_tokens: 2 } };
    const { models, model } = await record([{ output }]);
    const answer = await ask(models, model, { input: 'anything' });
    expect(answer.output).toEqual(output);
    expect(answer.evidence.usage).toEqual({ num_prompt_tokens: 2 });
    await models.close();
  });

  it('waits as long as the line says, and times out where that is too long', async () => {
    const { models, model } = await record(
      [
        { sample_id: 'slow', delay_ms: 5_000, content: 'x' },
        { delay_ms: 30, content: 'y' },
      ],
      {
        request_timeout: 0.1,
        max_retries: 0,
      },
    );
    const { evidence } = await ask(models, model, 'x');
    expect(evidence.duration_ms).toBeGreaterThanOrEqual(29);
    expect((await failureOf(ask(models, model, 'x', { sampleId: 'slow' }))).message).toContain('time-out');
    await models.close();
  });

  it('names sample and call where no line answers', async () => {
    const { models, model } = await record([{ sample_id: 'other', content: 'x' }]);
    const error = await failureOf(ask(models, model, 'x', { sampleId: 'mine', call: 2 }));
    expect(error).toMatchObject({ code: 'recording-missing', retries: 0 });
    expect(error.message).toMatch(/"mine".*call 2/);
    await models.close();
  });

  it('does not read the whole recording for every query', async () => {
    const count = 20_000;
    const { models, model } = await record(
      Array.from({ length: count }, (_, index) => ({ last_user: `question ${index}`, content: `answer ${index}` })),
    );
    expect(textOf(await ask(models, model, 'question 0'))).toBe('answer 0');
    const start = performance.now();
    for (let index = count - 2_000; index < count; index++) await ask(models, model, `question ${index}`);
    // Reading 20,000 lines 2,000 times takes far longer than looking them up.
    expect(performance.now() - start).toBeLessThan(1_500);
    await models.close();
  });

  it.each([
    ['{"content": "x"}\nnot json', 2],
    ['{"content": "x", "output": {}}', 1],
    ['{"sample_id": "a"}', 1],
    ['\n\n{"content": "x", "lastuser": "y"}', 3],
  ])('names the line that is wrong in %j', (text, line) => {
    expect(() => parseRecording(text, 'answers.jsonl')).toThrow(`answers.jsonl, line ${line}`);
  });
});
