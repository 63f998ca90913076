import { describe, expect, test } from 'vitest';
import { answerToItems } from '../../../evaluation/solvers/answer-to-items.ts';

const choice = (message: object) => ({ choices: [{ message: { role: 'assistant', ...message } }] });
const text = (content: string) => ({
  type: 'message',
  id: '',
  status: 'completed',
  role: 'assistant',
  content: [{ type: 'output_text', text: content, annotations: [] }],
});

describe('a chat answer', () => {
  test('gives reasoning, then the message, then tool calls of its first choice', () => {
    const call = { id: 'call_1', type: 'function', function: { name: 'look_up', arguments: '{"q":1}' } };
    const first = { message: { role: 'assistant', tool_calls: [call], content: 'Hi', reasoning_content: 'Hmm' } };
    expect(answerToItems({ choices: [first, { message: { content: 'other' } }] })).toEqual([
      { type: 'reasoning', id: '', summary: [], content: [{ type: 'reasoning_text', text: 'Hmm' }] },
      text('Hi'),
      {
        type: 'function_call',
        id: '',
        call_id: 'call_1',
        name: 'look_up',
        arguments: '{"q":1}',
        status: 'completed',
      },
    ]);
  });

  test('may have an empty text', () => {
    expect(answerToItems(choice({ content: '' }))).toEqual([text('')]);
  });

  test('may have calls and no text', () => {
    const tool_calls = [{ id: 'c', function: { name: 'f', arguments: '{}' } }];
    expect(answerToItems(choice({ content: null, tool_calls })).map(({ type }) => type)).toEqual(['function_call']);
  });

  test('may be a refusal', () => {
    expect(answerToItems(choice({ content: null, refusal: 'No.' }))).toMatchObject([
      { content: [{ type: 'refusal', refusal: 'No.' }] },
    ]);
  });

  test('may have its text in parts', () => {
    const content = [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ];
    expect(answerToItems(choice({ content }))).toMatchObject([
      {
        content: [
          { type: 'output_text', text: 'a' },
          { type: 'output_text', text: 'b' },
        ],
      },
    ]);
  });

  test.each([
    ['no choice', { choices: [] }],
    ['a choice without message', { choices: [{}] }],
    ['a choice without text and calls', choice({})],
    ['null as text', choice({ content: null, tool_calls: [] })],
    ['reasoning alone', choice({ content: null, reasoning: 'Hmm' })],
    ['no part with text', choice({ content: [] })],
  ])('with %s is invalid', (_what, output) => {
    expect(() => answerToItems(output)).toThrow(expect.objectContaining({ code: 'model-output-invalid' }));
  });
});

describe('an answer of items', () => {
  test('is taken as it is, extras and all', () => {
    const items = [{ ...text('Hi'), id: 'msg_1', extra: { deep: true } }];
    expect(answerToItems({ items, usage: {} })).toEqual(items);
  });

  test.each([
    ['no items', []],
    ['reasoning alone', [{ type: 'reasoning', summary: [] }]],
    ['an item without type', [{ text: 'Hi' }]],
    ['an item that is none', ['Hi']],
    ['a call without name', [{ type: 'function_call', call_id: 'c', arguments: '{}' }]],
  ])('with %s is invalid', (_what, items) => {
    expect(() => answerToItems({ items })).toThrow(expect.objectContaining({ code: 'model-output-invalid' }));
  });
});

test.each([['text'], [3], [null], [[1]], [{ label: 'a' }], [{ choices: 'a' }]])(
  'a custom answer adds no items: %j',
  (output) => {
    expect(answerToItems(output)).toEqual([]);
  },
);
