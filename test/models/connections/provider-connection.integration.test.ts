import { describe, expect, it } from 'vitest';
import { startOpenAiTestServer, type TestAnswer } from '../../support/openai-test-server.ts';
import { ask, failureOf, hastyClock, planModel, startModels, textOf } from '../plan-model.ts';

type Generation = NonNullable<Parameters<typeof planModel>[0]['generation']>;

const message = (content: readonly object[], more: object = {}): TestAnswer => ({
  headers: { 'request-id': 'req-9', 'x-request-id': '' },
  body: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-served',
    content,
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 10, output_tokens: 4, cache_read_input_tokens: 5 },
    ...more,
  },
});

async function start(answer: TestAnswer, generation: Generation = {}) {
  const server = await startOpenAiTestServer({ answer: () => answer });
  const models = startModels({ ...hastyClock, environment: { ANTHROPIC_API_KEY: 'key-a', OPENAI_API_KEY: 'key-o' } });
  const plan = (provider_id: 'anthropic' | 'openai') =>
    planModel(
      { generation, config: { connection_type: 'provider_connection', provider_id, model_key: 'model-1' } },
      { baseUrl: server.baseUrl },
    );
  return {
    server,
    models,
    plan,
    [Symbol.asyncDispose]: async () => Promise.all([server.close(), models.close()]).then(() => {}),
  };
}

describe('provider_connection with the protocol of OpenAI', () => {
  it('asks the planned address with the key from the environment', async () => {
    await using test = await start('Rome', { max_tokens: 5 });
    expect(textOf(await ask(test.models, test.plan('openai'), 'Hello'))).toBe('Rome');
    const [request] = test.server.requests;
    expect(request?.path).toBe('/v1/chat/completions');
    expect(request?.headers['authorization']).toBe('Bearer key-o');
    expect(request?.body).toEqual({ model: 'model-1', max_tokens: 5, messages: [{ role: 'user', content: 'Hello' }] });
  });
});

describe('provider_connection with the Messages protocol', () => {
  it('translates the chat and its parameters', async () => {
    await using test = await start(message([{ type: 'text', text: 'Rome' }]), {
      temperature: 0,
      stop: 'END',
      extra: { metadata: { user_id: 'u' } },
    });
    const messages = [
      { role: 'system', content: 'Be curt.' },
      { role: 'user', content: 'Capital of Italy?' },
    ];
    await ask(test.models, test.plan('anthropic'), { input: { messages } });
    const [request] = test.server.requests;
    expect(request?.path).toBe('/v1/messages');
    expect(request?.headers).toMatchObject({ 'x-api-key': 'key-a', 'anthropic-version': expect.any(String) });
    expect(request?.body).toMatchObject({
      model: 'model-1',
      max_tokens: 4_096,
      temperature: 0,
      stop_sequences: ['END'],
      system: [{ type: 'text', text: 'Be curt.' }],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Capital of Italy?' }] }],
      metadata: { user_id: 'u' },
    });
  });

  it('gives the answer in chat form with its evidence', async () => {
    await using test = await start(
      message([
        { type: 'thinking', thinking: 'Hm.', signature: 's' },
        { type: 'text', text: 'Rome' },
      ]),
    );
    const { output, evidence } = await ask(test.models, test.plan('anthropic'), 'Capital of Italy?');
    expect(output).toMatchObject({
      choices: [{ message: { role: 'assistant', content: 'Rome', reasoning: 'Hm.' }, finish_reason: 'stop' }],
      usage: { input_tokens: 10, output_tokens: 4 },
    });
    expect(evidence).toMatchObject({
      served_model: 'claude-served',
      request_id: 'req-9',
      finish_reason: 'stop',
      usage: { num_prompt_tokens: 15, num_completion_tokens: 4 },
    });
  });

  it('says that an answer was cut off, and leaves an answer without text to the solver', async () => {
    await using test = await start(message([], { stop_reason: 'max_tokens' }));
    const { output, evidence } = await ask(test.models, test.plan('anthropic'), 'x');
    expect(output).toMatchObject({ choices: [{ message: { content: null }, finish_reason: 'length' }] });
    expect(evidence.finish_reason).toBe('length');
  });

  it('maps errors as every other connection does', async () => {
    await using test = await start({
      status: 400,
      body: { type: 'error', error: { type: 'invalid_request_error', message: 'too long, key-a' } },
    });
    const error = await failureOf(ask(test.models, test.plan('anthropic'), 'x'));
    expect(error).toMatchObject({ code: 'model-error', statusCode: 400, isRetryable: false });
    expect(error.message).toMatch(/too long, \*\*\*$/);
    expect(test.server.count()).toBe(1);
  });

  it('retries and gives up like every other connection', async () => {
    await using test = await start({
      status: 529,
      body: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
    });
    const model = test.plan('anthropic');
    test.models.declare([model], { outagePatienceMs: 60_000 });
    expect(await failureOf(ask(test.models, model, 'x'))).toMatchObject({
      code: 'model-unusable',
      statusCode: 529,
      message: expect.stringContaining('Overloaded'),
    });
    expect(test.server.count()).toBeGreaterThan(1);
  });

  it('takes a body that is no message for a final error', async () => {
    await using test = await start({ body: { hello: 'there' } });
    const error = await failureOf(ask(test.models, test.plan('anthropic'), 'x'));
    expect(error).toMatchObject({ code: 'model-error', message: expect.stringContaining('hello') });
    expect(test.server.count()).toBe(1);
  });

  it('refuses parameters that the protocol does not have', async () => {
    await using test = await start('x', { seed: 3 });
    const error = await failureOf(ask(test.models, test.plan('anthropic'), 'x'));
    expect(error).toMatchObject({ code: 'model-unusable', message: expect.stringContaining('seed') });
    expect(test.server.count()).toBe(0);
  });
});

describe('placeholder', () => {
  it('answers with an empty completion', async () => {
    await using models = startModels();
    expect(textOf(await ask(models, planModel({ config: { connection_type: 'placeholder' } }), 'x'))).toBe('');
  });
});
