import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../contracts/json.ts';
import type { ModelInput, ModelOutput } from '../../../evaluation/model-io.ts';
import { getSolverKind } from '../../../evaluation/solvers/index.ts';
import { solverSchema } from '../../../evaluation/spec/solvers.ts';

function prepare(input_builder: object) {
  const spec = solverSchema.parse({ type: 'single_turn_solver', input_builder });
  const solve = getSolverKind(spec.type).create(spec);
  return async (row: JsonObject, output: ModelOutput) => {
    const asked: ModelInput[] = [];
    const generate = async (input: ModelInput) => {
      asked.push(input);
      return { output, evidence: { started_at: '2024-01-01T00:00:00Z', duration_ms: 1, retries: [] } };
    };
    const outcome = await solve({ index: 0, id: 's7', row }, { trial: 0, generate }).catch((error: unknown) => ({
      error,
    }));
    return { asked, outcome };
  };
}

const hi = { choices: [{ message: { role: 'assistant', content: 'Hi' } }] };

describe('a chat input builder', () => {
  const solve = prepare({
    type: 'chat_completion',
    input_messages: [
      { role: 'system', content: 'Be curt.' },
      { role: 'user', content: 'Capital of {{ sample.country }}?' },
    ],
  });

  test('asks once with the rendered messages and records the conversation', async () => {
    const { asked, outcome } = await solve({ country: 'Chad' }, hi);
    expect(asked).toEqual([
      {
        messages: [
          { role: 'system', content: 'Be curt.' },
          { role: 'user', content: 'Capital of Chad?' },
        ],
      },
    ]);
    const message = { type: 'message', id: '', status: 'completed' };
    expect(outcome).toEqual({
      trace: {
        FORMAT: 'open_responses',
        items: [
          { ...message, role: 'system', content: [{ type: 'input_text', text: 'Be curt.' }] },
          { ...message, role: 'user', content: [{ type: 'input_text', text: 'Capital of Chad?' }] },
          { ...message, role: 'assistant', content: [{ type: 'output_text', text: 'Hi', annotations: [] }] },
        ],
      },
      raw_outputs: [hi],
      direct_ios: [],
    });
  });

  test('sends nothing where a name is undefined', async () => {
    const { asked, outcome } = await solve({ land: 'Chad' }, hi);
    expect(asked).toEqual([]);
    expect(outcome).toMatchObject({
      error: {
        code: 'template-undefined',
        message: expect.stringContaining('solver.input_builder.input_messages[1].content, sample s7'),
      },
    });
  });

  test('fails where the answer says nothing', async () => {
    expect((await solve({ country: 'Chad' }, { choices: [] })).outcome).toMatchObject({
      error: { code: 'model-output-invalid' },
    });
  });
});

describe('a generic input builder', () => {
  test('sends the JSON that it renders, and keeps a custom answer as it is', async () => {
    const solve = prepare({ type: 'generic', template: '{"query": {{ sample.q | tojson }}, "k": 3}' });
    const { asked, outcome } = await solve({ q: 'a "b"' }, { hits: [1] });
    expect(asked).toEqual([{ query: 'a "b"', k: 3 }]);
    expect(outcome).toMatchObject({
      trace: { items: [{ role: 'user', content: [{ text: '{"query":"a \\"b\\"","k":3}' }] }] },
      raw_outputs: [{ hits: [1] }],
    });
  });

  test('records the messages of a chat, those of tools included', async () => {
    const messages = [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Look' },
          { type: 'image_url', image_url: 'x' },
        ],
      },
      { role: 'assistant', content: null, tool_calls: [{ id: 'c', function: { name: 'f', arguments: '{}' } }] },
      { role: 'tool', tool_call_id: 'c', content: 'found' },
    ];
    const { outcome } = await prepare({ type: 'generic', template: '{{ sample | tojson }}' })({ messages }, hi);
    expect(outcome).toMatchObject({
      trace: {
        items: [
          { role: 'user', content: [{ type: 'input_text', text: 'Look' }, { type: 'image_url' }] },
          { type: 'function_call', call_id: 'c', name: 'f' },
          { type: 'function_call_output', call_id: 'c', output: 'found' },
          { role: 'assistant' },
        ],
      },
    });
  });

  test('sends nothing where what it renders is not JSON', async () => {
    const { asked, outcome } = await prepare({ type: 'generic', template: '{"q": {{ sample.q }}}' })({ q: 'a' }, hi);
    expect(asked).toEqual([]);
    expect(outcome).toMatchObject({
      error: { code: 'template-failed', message: expect.stringContaining('sample s7') },
    });
  });
});
