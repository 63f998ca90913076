import { expect, test } from 'vitest';
import { stripProviderIds } from '../../../evaluation/solvers/strip-provider-ids.ts';
import type { TraceItem } from '../../../evaluation/trace.ts';

const strip = (...items: TraceItem[]) => stripProviderIds({ FORMAT: 'open_responses', items }).items;

function conversation(ids: { message: string; item: string; call: string; other: string }): TraceItem[] {
  return [
    { type: 'message', id: ids.message, status: 'completed', role: 'assistant', content: 'a' },
    { type: 'function_call', id: ids.item, call_id: ids.call, name: 'f', arguments: '{}' },
    { type: 'function_call', id: '', call_id: ids.other, name: 'f', arguments: '{}' },
    { type: 'function_call_output', call_id: ids.call, output: 'x', status: 'completed' },
  ];
}

test('two answers that differ only in made-up ids are the same without them', () => {
  const one = strip(...conversation({ message: 'msg_1', item: 'fc_1', call: 'call_1', other: 'call_2' }));
  const two = strip(...conversation({ message: 'msg_9', item: 'fc_9', call: 'call_9', other: 'call_8' }));
  expect(one).toEqual(two);
});

test('which output belongs to which call is kept', () => {
  const ids = { message: 'm', item: 'i', call: 'c', other: 'd' };
  const [first, second, third] = conversation(ids).slice(1) as [TraceItem, TraceItem, TraceItem];
  expect(strip(first, second, third)).not.toEqual(strip(first, second, { ...third, call_id: 'd' }));
});

test('a status counts only where it says more than completed', () => {
  const message = { type: 'message', role: 'assistant', content: 'a' };
  expect(strip({ ...message, status: 'completed' })).toEqual(strip(message));
  expect(strip({ ...message, status: 'incomplete' })).not.toEqual(strip(message));
});

test('everything else is kept', () => {
  const item = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'a' }], extra: [1] };
  const trace = { FORMAT: 'open_responses', items: [item], metadata: { agent: 'x' } } as const;
  expect(stripProviderIds(trace)).toEqual(trace);
});
