import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../contracts/json.ts';
import { compileTemplate, compileValueTemplate } from '../../../evaluation/template/compile-template.ts';
import { createTraceNames } from '../../../evaluation/template/trace-names.ts';
import type { SolverOutput, TraceItem } from '../../../evaluation/trace.ts';

const items: readonly TraceItem[] = [
  { type: 'message', role: 'system', content: [{ type: 'input_text', text: 'Be brief.' }] },
  { type: 'function_call', call_id: 'c0', name: 'warm_up', arguments: '{}' },
  { type: 'message', role: 'user', content: 'Weather in Rome?' },
  { type: 'reasoning', content: [{ type: 'reasoning_text', text: 'hm' }] },
  { type: 'function_call', call_id: 'c1', name: 'weather', arguments: '{"city": "Rome", "days": 2}' },
  {
    type: 'function_call_output',
    call_id: 'c1',
    output: [{ type: 'input_text', text: 'sunny' }, { type: 'input_image' }],
  },
  { type: 'function_call', call_id: 'c2', name: 'weather', arguments: 'no json' },
  {
    type: 'message',
    role: 'assistant',
    content: [
      { type: 'output_text', text: 'Sunny.' },
      { type: 'refusal', refusal: 'No more.' },
    ],
  },
  { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Thanks' }] },
  { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Bye' }] },
];
const output: SolverOutput = {
  trace: { FORMAT: 'open_responses', items, metadata: { trace_id: 't1' } },
  raw_outputs: [
    { choices: [{ message: { role: 'assistant', content: 'Sunny.' } }] },
    { choices: [{ message: { role: 'assistant', content: 'Bye' } }], usage: { num_prompt_tokens: 3 } },
  ],
  direct_ios: [],
};

function evaluate(expression: string, from = output): JsonValue {
  return compileValueTemplate(`{{ ${expression} }}`, 'value').evaluate(createTraceNames(from), '1');
}

describe('trace in a template', () => {
  it.each<[string, JsonValue]>([
    ['trace.get_last_assistant_text()', 'Bye'],
    ['trace.get_last_user_text()', 'Thanks'],
    ['trace.get_first_system_prompt()', 'Be brief.'],
    ['trace.items | length', 10],
    ['trace.preamble | map(attribute="type") | list', ['message', 'function_call']],
    ['trace.conversation_items | length', 8],
    ['trace.system_messages | length', 1],
    ['trace.user_messages | length', 2],
    ['trace.assistant_messages | length', 2],
    ['trace.function_calls | map(attribute="call_id") | list', ['c1', 'c2']],
    ['trace.function_outputs | length', 1],
    ['trace.turns | length', 2],
    ['trace.turns[0].user_message.content[0].text', 'Weather in Rome?'],
    ['trace.turns[0].assistant_items | length', 5],
    ['trace.turns[0].function_calls | length', 2],
    ['trace.turns[0].function_call_pairs[1][1]', null],
    ['trace.turns[1].assistant_messages[0].content[0].text', 'Bye'],
    ["trace.get_function_calls_by_name('weather') | length", 2],
    ["trace.get_function_calls_by_name(name='warm_up') | length", 0],
    ["trace.get_function_output_for_call('c2')", null],
    ["trace.get_function_output_text(trace.get_function_output_for_call('c1'))", 'sunny'],
    ['trace.get_function_call_arguments(trace.function_calls[0]).city', 'Rome'],
    ['trace.get_function_call_pairs()[0][0].name', 'weather'],
    ['trace.items[2].content[0].type', 'input_text'],
    ['trace.items[2].id ~ trace.items[2].status', 'completed'],
    ['trace.metadata.trace_id', 't1'],
    ['trace.FORMAT', 'open_responses'],
    ['trace.span_id', null],
    ['trace.spans()', []],
    ['"Weather in Rome?" in trace.items[2].content', false],
    ['trace', output.trace],
  ])('%s', (expression, expected) => {
    expect(evaluate(expression)).toEqual(expected);
  });

  it('loops over messages', () => {
    const source = '{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}';
    expect(compileTemplate(source, 'prompt').render(createTraceNames(output), '1')).toBe(
      'system: Be brief.\nuser: Weather in Rome?\nassistant: Sunny.\nNo more.\nuser: Thanks\nassistant: Bye\n',
    );
  });

  it('names the nearest member of what is missing', () => {
    expect(() => evaluate('trace.get_last_assistent_text()')).toThrow(
      expect.objectContaining({
        message: 'template value, sample 1: "trace.get_last_assistent_text" is undefined',
        hint: 'Did you mean "trace.get_last_assistant_text"?',
      }),
    );
    expect(() => evaluate('solver_output.mesages')).toThrow(
      expect.objectContaining({ hint: 'Did you mean "solver_output.messages"?' }),
    );
  });

  it('fails on arguments that are not JSON, without repeating them', () => {
    expect(() => evaluate('trace.get_function_call_arguments(trace.function_calls[1])')).toThrow(
      expect.objectContaining({
        code: 'template-failed',
        message: 'template value, sample 1: the arguments of the call are not JSON',
      }),
    );
  });

  it.each([
    'trace.items.append(1)',
    'trace.items[0].update({"role": "x"})',
    'trace.turns.clear()',
    'model_outputs[0].choices.pop()',
    'messages.append(1)',
    'trace.items[0].content[0].pop("text")',
  ])('cannot be changed: %s', (expression) => {
    const before = structuredClone(output);
    try {
      evaluate(expression);
    } catch (error) {
      expect(error).toMatchObject({ code: 'template-failed' });
    }
    expect(output).toEqual(before);
  });
});

describe('solver_output and the older names', () => {
  it.each<[string, JsonValue]>([
    ['solver_output.messages | length', 5],
    ['solver_output.messages[1]', { role: 'user', content: 'Weather in Rome?' }],
    ['solver_output.output.choices[0].message.content', 'Bye'],
    ['solver_output.raw_outputs | length', 2],
    ['solver_output.direct_ios', []],
    ['solver_output.items | length', 10],
    ['solver_output.trace.get_last_assistant_text()', 'Bye'],
    ['model_outputs[0].choices[0].message.content', 'Sunny.'],
    ['model_output.usage.num_prompt_tokens', 3],
    ['input_prompt', 'Bye'],
  ])('%s', (expression, expected) => {
    expect(evaluate(expression)).toEqual(expected);
  });

  it('have None, nothing and missing text where there is no answer', () => {
    const empty: SolverOutput = { trace: { FORMAT: 'open_responses', items: [] }, raw_outputs: [], direct_ios: [] };
    expect(evaluate('solver_output.output', empty)).toBe(null);
    expect(evaluate('trace.get_last_assistant_text()', empty)).toBe(null);
    expect(evaluate('model_outputs', empty)).toEqual([]);
    expect(() => evaluate('input_prompt', empty)).toThrow(expect.objectContaining({ code: 'template-undefined' }));
  });

  it('show an answer in items in chat form', () => {
    const answer = { items: [items[9] ?? {}], usage: { num_completion_tokens: 1 } };
    expect(evaluate('solver_output.output', { ...output, raw_outputs: [answer] })).toEqual({
      choices: [{ message: { role: 'assistant', content: 'Bye' } }],
      usage: { num_completion_tokens: 1 },
    });
    expect(evaluate('solver_output.output', { ...output, raw_outputs: [{ custom: 1 }] })).toBe(null);
  });
});
