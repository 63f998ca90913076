import type { JsonObject, JsonValue } from '../../contracts/json.ts';
import { findLastAssistantText, getItemText } from '../output-text.ts';
import type { Trace } from '../trace.ts';
import { freezeCopy } from './jinja/copy-data.ts';
import { RenderFault } from './jinja/faults.ts';
import { readMapping, readText } from './jinja/read-argument.ts';
import { NativeFunction, parseSignature } from './jinja/signature.ts';
import { makeTuple, NativeObject, type Tuple } from './jinja/values.ts';

/** What a template sees as `trace` (format 21.3): everything but the constructors. Nothing in it can be changed. */
export class TraceView extends NativeObject {
  readonly typeName = 'a trace';
  readonly #trace: Trace;
  readonly #computed = new Map<string, unknown>();

  constructor(trace: Trace) {
    super();
    this.#trace = trace;
  }

  getMember(name: string): unknown {
    const compute = members.get(name);
    if (compute === undefined) return undefined;
    let value = this.#computed.get(name);
    if (value === undefined) {
      value = compute(this, this.#trace);
      this.#computed.set(name, value);
    }
    return value;
  }

  listMembers(): Iterable<string> {
    return members.keys();
  }

  override toData(): JsonValue {
    return this.#trace;
  }

  /** The items, messages among them completed: content as a list of parts, id and status filled in. */
  get items(): readonly JsonObject[] {
    return this.getMember('items') as readonly JsonObject[];
  }

  get conversation(): readonly JsonObject[] {
    return this.getMember('conversation_items') as readonly JsonObject[];
  }

  get calls(): readonly JsonObject[] {
    return this.getMember('function_calls') as readonly JsonObject[];
  }
}

type Compute = (view: TraceView, trace: Trace) => unknown;

function method(
  name: string,
  signature: string,
  run: (view: TraceView, ...bound: unknown[]) => unknown,
): [string, Compute] {
  const parsed = parseSignature(signature);
  return [name, (view) => new NativeFunction(name, parsed, (...bound) => run(view, ...bound))];
}

const members: ReadonlyMap<string, Compute> = new Map<string, Compute>([
  ['FORMAT', () => 'open_responses'],
  ['items', (_, trace) => Object.freeze(trace.items.map((item) => freezeCopy(completeMessage(item))))],
  ['metadata', (_, trace) => freezeCopy(trace['metadata'] ?? null)],
  ['events', (_, trace) => freezeCopy(trace['events'] ?? [])],
  ['span_id', (_, trace) => trace['span_id'] ?? null],
  ['span_name', (_, trace) => trace['span_name'] ?? null],
  ['span_type', (_, trace) => trace['span_type'] ?? null],
  ['preamble', ({ items }) => Object.freeze(items.slice(0, findStart(items)))],
  ['conversation_items', ({ items }) => Object.freeze(items.slice(findStart(items)))],
  ['system_messages', ({ items }) => pickMessages(items, 'system')],
  ['user_messages', ({ conversation }) => pickMessages(conversation, 'user')],
  ['assistant_messages', ({ conversation }) => pickMessages(conversation, 'assistant')],
  ['function_calls', ({ conversation }) => pick(conversation, 'function_call')],
  ['function_outputs', ({ conversation }) => pick(conversation, 'function_call_output')],
  ['turns', ({ conversation }) => splitIntoTurns(conversation)],
  method('get_last_assistant_text', '', ({ items }) => findLastAssistantText(items) ?? null),
  method('get_last_user_text', '', ({ items }) => readTextOf(items.findLast((item) => isMessage(item, 'user')))),
  method('get_first_system_prompt', '', ({ items }) => readTextOf(items.find((item) => isMessage(item, 'system')))),
  method('get_function_calls_by_name', 'name', ({ calls }, name) => calls.filter((call) => call['name'] === name)),
  method('get_function_output_for_call', 'call_id', ({ items }, callId) => findOutput(items, callId) ?? null),
  method('get_function_call_pairs', '', ({ conversation, calls }) => pairCalls(calls, conversation)),
  method('get_function_call_arguments', 'call', (_, call) => readCallArguments(call)),
  method('get_function_output_text', 'output', (_, output) =>
    getItemText(readMapping(output, 'the output') as JsonObject),
  ),
  // Spans come with events, which are not recorded yet.
  method('spans', '', () => []),
]);

/** A message as the format's types have it: its content is a list of parts, never bare text. */
function completeMessage(item: JsonObject): JsonObject {
  if (item['type'] !== 'message') return item;
  const { content } = item;
  const type = item['role'] === 'assistant' ? 'output_text' : 'input_text';
  const parts = typeof content === 'string' ? [{ type, text: content }] : content;
  return { id: '', status: 'completed', ...item, ...(parts === undefined ? {} : { content: parts }) };
}

function isMessage(item: JsonObject, role: string): boolean {
  return item['type'] === 'message' && item['role'] === role;
}

/** Where the conversation begins: at the first user message; without one everything is preamble. */
function findStart(items: readonly JsonObject[]): number {
  const first = items.findIndex((item) => isMessage(item, 'user'));
  return first < 0 ? items.length : first;
}

function pickMessages(items: readonly JsonObject[], role: string): readonly JsonObject[] {
  return Object.freeze(items.filter((item) => isMessage(item, role)));
}

function pick(items: readonly JsonObject[], type: string): readonly JsonObject[] {
  return Object.freeze(items.filter((item) => item['type'] === type));
}

function readTextOf(item: JsonObject | undefined): string | null {
  return item === undefined ? null : getItemText(item);
}

function findOutput(items: readonly JsonObject[], callId: unknown): JsonObject | undefined {
  return items.find((item) => item['type'] === 'function_call_output' && item['call_id'] === callId);
}

/** Each call with its output, or None. */
function pairCalls(calls: readonly JsonObject[], items: readonly JsonObject[]): readonly Tuple[] {
  return Object.freeze(calls.map((call) => makeTuple([call, findOutput(items, call['call_id']) ?? null])));
}

/** A turn is a user message and everything up to the next one. */
function splitIntoTurns(conversation: readonly JsonObject[]): readonly unknown[] {
  const starts = conversation.flatMap((item, index) => (isMessage(item, 'user') ? [index] : []));
  const turns = starts.map((start, index) => {
    const assistantItems = conversation.slice(start + 1, starts[index + 1]);
    const calls = pick(assistantItems, 'function_call');
    return Object.freeze({
      user_message: conversation[start],
      assistant_items: Object.freeze(assistantItems),
      assistant_messages: pickMessages(assistantItems, 'assistant'),
      function_calls: calls,
      function_outputs: pick(assistantItems, 'function_call_output'),
      function_call_pairs: pairCalls(calls, assistantItems),
    });
  });
  return Object.freeze(turns);
}

function readCallArguments(call: unknown): JsonValue {
  const { arguments: written } = readMapping(call, 'the call') as { readonly arguments?: unknown };
  try {
    return freezeCopy(JSON.parse(readText(written, 'the arguments of the call')) as JsonValue);
  } catch (error) {
    if (error instanceof RenderFault) throw error;
    throw new RenderFault('the arguments of the call are not JSON');
  }
}
