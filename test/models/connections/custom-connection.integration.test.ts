import { describe, expect, it } from 'vitest';
import type { ModelAdapter } from '../../../evaluation/spec/models.ts';
import { modelAdapterSchema } from '../../../evaluation/spec/models.ts';
import { startOpenAiTestServer } from '../../support/openai-test-server.ts';
import { ask, failureOf, hastyClock, planModel, startModels, textOf } from '../plan-model.ts';

function makeAdapter(input: string, output: string): ModelAdapter {
  const jinja = (source_code: string) => ({ language: 'jinja' as const, source_code });
  return modelAdapterSchema.parse({ key: 'mine', process_input: jinja(input), process_output: jinja(output) });
}

const plainText = makeAdapter(
  '{"prompt": {{ input.messages[-1].content | tojson }}, "model": {{ model_info.model_key | tojson }}, "heat": {{ kwargs.temperature }}, "task": "{{ model_info.task }}"}',
  '{% if status_code == 200 %}{"choices": [{"message": {"role": "assistant", "content": {{ body | tojson }}}}]}{% else %}{"error": "status {{ status_code }}"}{% endif %}',
);

describe('custom_connection', () => {
  it('sends the input with model and parameters, and takes the body for the output', async () => {
    await using server = await startOpenAiTestServer({
      answer: () => ({ body: { label: 'cat', scores: [0.9, 0.1] } }),
    });
    await using models = startModels();
    const model = planModel({
      task: 'custom',
      generation: { temperature: 0.5 },
      config: { url: `${server.baseUrl}/classify?version=2`, model_key: 'c1' },
    });
    const { output } = await ask(models, model, { input: { image: 'x' } });
    expect(output).toEqual({ label: 'cat', scores: [0.9, 0.1] });
    expect(server.requests[0]).toMatchObject({
      path: '/v1/classify?version=2',
      body: { image: 'x', model: 'c1', temperature: 0.5 },
    });
  });

  it('translates with the templates of a user', async () => {
    await using server = await startOpenAiTestServer({
      answer: () => ({ body: 'Say "hi"', headers: { 'content-type': 'text/plain' } }),
    });
    await using models = startModels();
    const model = planModel(
      { generation: { temperature: 1 }, config: { url: server.baseUrl, adapter: { key: 'mine' }, model_key: 'k' } },
      { adapter: plainText },
    );
    expect(textOf(await ask(models, model, 'Hello'))).toBe('Say "hi"');
    expect(server.requests[0]?.body).toEqual({ prompt: 'Hello', model: 'k', heat: 1, task: 'chat_completion' });
  });

  it('shows the output template every final response', async () => {
    await using server = await startOpenAiTestServer({ answer: ({ index }) => (index === 0 ? { status: 422 } : 'x') });
    await using models = startModels();
    const model = planModel(
      { generation: { temperature: 1 }, config: { url: server.baseUrl, adapter: { key: 'mine' } } },
      { adapter: plainText },
    );
    const error = await failureOf(ask(models, model, 'Hello'));
    expect(error).toMatchObject({
      code: 'model-error',
      statusCode: 422,
      message: expect.stringContaining('status 422'),
    });
    expect(server.count()).toBe(1);
  });

  it('lets a template make an answer of a 4xx, 404 only once the model has answered', async () => {
    await using server = await startOpenAiTestServer({
      answer: ({ prompt }) => (prompt.includes('unknown') ? { status: 404 } : 'x'),
    });
    const adapter = makeAdapter(
      '{{ input.messages[-1].content | tojson }}',
      '{"choices": [{"message": {"role": "assistant", "content": "{{ status_code }}"}}]}',
    );
    const model = planModel({ config: { url: server.baseUrl, adapter: { key: 'mine' } } }, { adapter });
    await using strict = startModels(hastyClock);
    expect((await failureOf(ask(strict, model, 'unknown'))).code).toBe('model-unusable');
    await using models = startModels();
    await ask(models, model, 'known');
    expect(textOf(await ask(models, model, 'unknown'))).toBe('404');
  });

  it('quotes 200 characters of a rendering that is not JSON', async () => {
    await using server = await startOpenAiTestServer({ answer: () => 'x' });
    await using models = startModels(hastyClock);
    const adapter = makeAdapter('{}', `rendered ${'y'.repeat(500)}`);
    const model = planModel({ config: { url: server.baseUrl, adapter: { key: 'mine' } } }, { adapter });
    const error = await failureOf(ask(models, model, 'Hello'));
    expect(error.code).toBe('model-error');
    expect(error.message).toContain(`rendered ${'y'.repeat(191)}…`);
    expect(error.message).not.toContain('y'.repeat(192));
  });

  it('takes a plain text that looks like a page for an answer when a template reads it', async () => {
    await using server = await startOpenAiTestServer({
      answer: () => ({ body: '<html>my page</html>', headers: { 'content-type': 'text/plain' } }),
    });
    await using models = startModels();
    const model = planModel(
      { generation: { temperature: 1 }, config: { url: server.baseUrl, adapter: { key: 'mine' } } },
      { adapter: plainText },
    );
    expect(textOf(await ask(models, model, 'Hello'))).toBe('<html>my page</html>');
  });

  it('does not take an error status for an output when the built-in adapter passes bodies on', async () => {
    await using server = await startOpenAiTestServer({
      answer: () => ({ status: 400, body: { detail: 'bad field' } }),
    });
    await using models = startModels();
    const error = await failureOf(ask(models, planModel({ config: { url: server.baseUrl } }), 'Hello'));
    expect(error).toMatchObject({
      code: 'model-error',
      statusCode: 400,
      message: expect.stringContaining('bad field'),
    });
  });

  it('speaks the responses protocol', async () => {
    const items = [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Rome' }] }];
    await using server = await startOpenAiTestServer({
      answer: () => ({
        body: {
          id: 'r1',
          model: 'm-2',
          status: 'completed',
          error: null,
          output: items,
          usage: { input_tokens: 5, output_tokens: 2 },
        },
      }),
    });
    await using models = startModels();
    const model = planModel({
      generation: { max_tokens: 9, reasoning_effort: 'low', temperature: 0 },
      config: { url: `${server.baseUrl}/responses`, adapter: { key: 'latticeflow$openai_responses' }, model_key: 'm' },
    });
    const input = {
      messages: [
        { role: 'system', content: 'Be curt.' },
        { role: 'user', content: [{ type: 'text', text: 'Capital?' }] },
      ],
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema: {}, strict: true } },
    };
    const { output, evidence } = await ask(models, model, { input });
    expect(server.requests[0]?.body).toEqual({
      model: 'm',
      max_output_tokens: 9,
      reasoning: { effort: 'low' },
      temperature: 0,
      input: [
        { role: 'system', content: 'Be curt.' },
        { role: 'user', content: [{ type: 'input_text', text: 'Capital?' }] },
      ],
      text: { format: { type: 'json_schema', name: 'n', schema: {}, strict: true } },
    });
    expect(output).toEqual({ items, usage: { input_tokens: 5, output_tokens: 2 } });
    expect(evidence).toMatchObject({
      served_model: 'm-2',
      finish_reason: 'completed',
      usage: { num_prompt_tokens: 5, num_completion_tokens: 2 },
    });
  });

  it('sends nothing when a template of the request has an undefined name', async () => {
    await using server = await startOpenAiTestServer();
    await using models = startModels();
    const adapter = makeAdapter('{"prompt": {{ inptu.text | tojson }}}', '{{ body }}');
    const model = planModel({ config: { url: server.baseUrl, adapter: { key: 'mine' } } }, { adapter });
    expect((await failureOf(ask(models, model, 'Hello'))).code).toBe('template-undefined');
    expect(server.count()).toBe(0);
  });
});
