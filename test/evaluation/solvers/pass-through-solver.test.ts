import { expect, test } from 'vitest';
import type { JsonValue } from '../../../contracts/json.ts';
import { getSolverKind } from '../../../evaluation/solvers/index.ts';

const solve = getSolverKind('pass_through_solver').create({ type: 'pass_through_solver', trace_column: 'log' });
const generate = () => Promise.reject(new Error('A pass-through solver asks nobody.'));
const pass = (log: JsonValue | undefined) =>
  solve({ index: 0, id: 's7', row: log === undefined ? {} : { log } }, { trial: 0, generate });

const item = { type: 'message', role: 'assistant', content: 'Hi', id: 'x', extra: 1 };

test.each([
  ['an object', { FORMAT: 'open_responses', items: [item] }],
  ['JSON text', JSON.stringify({ FORMAT: 'open_responses', items: [item] })],
  ['a bare list', [item]],
  ['a bare list as JSON text', JSON.stringify([item])],
  ['an object without FORMAT', { items: [item] }],
])('takes a trace as %s', async (_form, log) => {
  expect(await pass(log)).toEqual({
    trace: { FORMAT: 'open_responses', items: [item] },
    raw_outputs: [],
    direct_ios: [],
  });
});

test('keeps what a trace holds beside its items', async () => {
  const { trace } = await pass({ FORMAT: 'open_responses', items: [item], metadata: { agent: 'a' } });
  expect(trace).toHaveProperty('metadata', { agent: 'a' });
});

test('takes an item with a role and no type for a message', async () => {
  expect((await pass([{ role: 'user', content: 'Hi' }])).trace.items).toEqual([
    { type: 'message', role: 'user', content: 'Hi' },
  ]);
});

test.each([
  ['no such column', undefined],
  ['null', null],
  ['a number', 3],
  ['text that is not JSON', 'Hello'],
  ['another format', { FORMAT: 'chat', items: [] }],
  ['no items', { FORMAT: 'open_responses' }],
  ['items that are no list', { items: 'x' }],
  ['an item that is no object', ['x']],
  ['an item without type', [{ content: 'x' }]],
  ['a message of an unknown role', [{ ...item, role: 'robot' }]],
  ['a message without content', [{ type: 'message', role: 'user' }]],
  ['a message whose parts have no type', [{ type: 'message', role: 'user', content: [{ text: 'x' }] }]],
  ['a call whose arguments are no text', [{ type: 'function_call', call_id: 'c', name: 'f', arguments: {} }]],
  ['an output without its call', [{ type: 'function_call_output', output: 'x' }]],
])('refuses %s', async (_what, log) => {
  await expect(pass(log)).rejects.toMatchObject({
    code: 'trace-invalid',
    message: expect.stringMatching(/^Column "log" of sample s7 /),
  });
});
