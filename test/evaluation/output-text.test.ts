import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../contracts/json.ts';
import { findOutputText, getItemText, getOutputText } from '../../evaluation/output-text.ts';
import type { SolverOutput, TraceItem } from '../../evaluation/trace.ts';

function message(role: string, content: JsonValue): TraceItem {
  return { type: 'message', role, content };
}

function makeOutput(raw: readonly JsonValue[], items: readonly TraceItem[] = []): SolverOutput {
  return { trace: { FORMAT: 'open_responses', items }, raw_outputs: raw, direct_ios: [] };
}

const choices = (...contents: readonly JsonObject[]): JsonObject => ({
  choices: contents.map((content) => ({ message: { role: 'assistant', ...content } })),
});

describe('the output text', () => {
  it('is the first choice of the last raw output', () => {
    expect(
      getOutputText(makeOutput([choices({ content: 'one' }), choices({ content: ' two ' }, { content: 'three' })])),
    ).toBe(' two ');
  });

  it('is the last assistant message of an answer in items', () => {
    const items = [
      message('assistant', 'a'),
      message('assistant', [{ type: 'output_text', text: 'b' }]),
      { type: 'function_call' },
    ];
    expect(getOutputText(makeOutput([{ items }], [message('assistant', 'trace')]))).toBe('b');
  });

  it('is the last assistant message of a trace without raw outputs', () => {
    expect(getOutputText(makeOutput([], [message('assistant', 'a'), message('user', 'b')]))).toBe('a');
  });

  it('may be empty', () => {
    expect(getOutputText(makeOutput([choices({ content: '' })]))).toBe('');
  });

  it('is a refusal where that is all there is', () => {
    expect(getOutputText(makeOutput([choices({ content: null, refusal: 'No.' })]))).toBe('No.');
  });

  it.each<[string, SolverOutput]>([
    ['nothing', makeOutput([])],
    ['a custom output, whatever the trace says', makeOutput([{ label: 'x' }], [message('assistant', 'example')])],
    ['text instead of an output', makeOutput(['x'])],
    ['calls only', makeOutput([choices({ content: null, tool_calls: [] })])],
    ['no choice', makeOutput([{ choices: [] }])],
    ['items without a message', makeOutput([{ items: [{ type: 'function_call' }] }])],
    ['a trace of questions', makeOutput([], [message('user', 'x')])],
  ])('is missing for %s', (_, output) => {
    expect(findOutputText(output)).toBeUndefined();
    expect(() => getOutputText(output)).toThrow(expect.objectContaining({ code: 'scorer-failed' }));
  });
});

describe('the text of an item', () => {
  it('joins texts and refusals by line feeds and skips other parts', () => {
    const content = [
      { type: 'output_text', text: 'a' },
      { type: 'input_image', image_url: 'x' },
      { type: 'refusal', refusal: 'b' },
    ];
    expect(getItemText(message('assistant', content))).toBe('a\nb');
    expect(getItemText(message('assistant', 'as it is'))).toBe('as it is');
    expect(getItemText({ type: 'function_call_output', output: [{ type: 'input_text', text: 'out' }] })).toBe('out');
    expect(getItemText({ type: 'function_call', arguments: '{}' })).toBe('');
  });
});
