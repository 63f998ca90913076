import { describe, expect, it } from 'vitest';
import { startOpenAiTestServer } from '../../support/openai-test-server.ts';
import { ask, failureOf, hastyClock, planModel, startModels, textOf } from '../plan-model.ts';

describe('openai_compatible', () => {
  it('posts the chat with model, parameters and extras under their own names', async () => {
    await using server = await startOpenAiTestServer();
    await using models = startModels({ environment: { KEY: 'key-1', ORG: 'org-1' } });
    const model = planModel({
      generation: {
        temperature: 0,
        max_tokens: 40,
        stop: ['END'],
        reasoning_effort: 'low',
        extra: { top_k: 5, user: 'u' },
      },
      config: {
        connection_type: 'openai_compatible',
        base_url: `${server.baseUrl}/`,
        model_key: 'small-1',
        api_key: { secret: 'LAB', variable: 'KEY' },
        custom_headers: { 'X-Team': 'lab', 'X-Org': { secret: 'ORG', variable: 'ORG' } },
      },
    });
    const messages = [
      { role: 'system', content: 'Be curt.' },
      { role: 'assistant', content: 'Yes?', reasoning_content: 'kept' },
      { role: 'user', content: 'Hello' },
    ];
    const response_format = {
      type: 'json_schema',
      json_schema: { name: 'n', schema: { type: 'object' }, strict: true },
    };
    await ask(models, model, { input: { messages, response_format } });
    const [request] = server.requests;
    expect(request?.path).toBe('/v1/chat/completions');
    expect(request?.headers).toMatchObject({ authorization: 'Bearer key-1', 'x-team': 'lab', 'x-org': 'org-1' });
    expect(request?.body).toEqual({
      model: 'small-1',
      temperature: 0,
      max_tokens: 40,
      stop: ['END'],
      reasoning_effort: 'low',
      top_k: 5,
      user: 'u',
      messages,
      response_format,
    });
  });

  it('gives the choices and the usage as received, and the rest as evidence', async () => {
    await using server = await startOpenAiTestServer();
    await using models = startModels();
    const model = planModel({
      config: { connection_type: 'openai_compatible', base_url: server.baseUrl, model_key: 'small-1' },
    });
    const { output, evidence } = await ask(models, model, 'Hello');
    expect(output).toEqual({
      choices: [{ index: 0, message: { role: 'assistant', content: 'HELLO' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
    });
    expect(evidence).toEqual({
      served_model: 'small-1',
      system_fingerprint: 'fp_test',
      request_id: 'request-0',
      finish_reason: 'stop',
      usage: { num_prompt_tokens: 7, num_completion_tokens: 3 },
      started_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      duration_ms: expect.any(Number),
      retries: [],
    });
    expect(server.requests[0]?.headers['authorization']).toBeUndefined();
  });

  it.each([
    ['no choice', { choices: [] }],
    ['a choice without text and calls', { choices: [{ message: { role: 'assistant', content: null } }] }],
    [
      'tool calls',
      { choices: [{ message: { role: 'assistant', content: null, tool_calls: [{ id: 'c', type: 'function' }] } }] },
    ],
  ])('passes %s on for the solver to judge', async (_title, body) => {
    await using server = await startOpenAiTestServer({ answer: () => ({ body }) });
    await using models = startModels();
    const model = planModel({
      config: { connection_type: 'openai_compatible', base_url: server.baseUrl, model_key: 'm' },
    });
    expect((await ask(models, model, 'Hello')).output).toEqual(body);
  });

  it.each([
    ['an error beside a success status', { body: { error: { message: 'model is loading' } } }, 'model is loading'],
    ['what is not JSON', { body: 'I am text' }, 'I am text'],
  ])('takes %s for a final error', async (_title, answer, said) => {
    await using server = await startOpenAiTestServer({ answer: () => answer });
    await using models = startModels(hastyClock);
    const model = planModel({
      config: { connection_type: 'openai_compatible', base_url: server.baseUrl, model_key: 'm' },
    });
    const error = await failureOf(ask(models, model, 'Hello'));
    expect(error).toMatchObject({ code: 'model-error', message: expect.stringContaining(said) });
    expect(server.count()).toBe(1);
  });

  it('keeps apart what two secrets of equal models say', async () => {
    await using server = await startOpenAiTestServer({ answer: ({ headers }) => String(headers['authorization']) });
    await using models = startModels({ environment: { ONE: 'first', TWO: 'second' } });
    const make = (variable: string) => ({
      ...planModel({
        config: {
          connection_type: 'openai_compatible',
          base_url: server.baseUrl,
          model_key: 'm',
          api_key: { secret: 'KEY', variable },
        },
      }),
      version: 'sha256:same' as const,
    });
    expect(textOf(await ask(models, make('ONE'), 'a'))).toBe('Bearer first');
    expect(textOf(await ask(models, make('TWO'), 'a'))).toBe('Bearer second');
  });
});
