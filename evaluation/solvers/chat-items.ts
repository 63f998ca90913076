import type { JsonObject, JsonValue } from '../../contracts/json.ts';
import type { TraceItem } from '../trace.ts';

/** What a message or a message list in chat form says, as items of a conversation in `open_responses` form (format 21.3). */
export function chatMessagesToItems(messages: readonly JsonValue[]): TraceItem[] {
  return messages.flatMap((message) => (isObject(message) ? chatMessageToItems(message) : []));
}

/** Reasoning, then the message, then tool calls. A tool's message becomes the output of its call. */
export function chatMessageToItems(message: JsonObject): TraceItem[] {
  if (message['role'] === 'tool') return [toCallOutput(message)];
  const role = typeof message['role'] === 'string' ? message['role'] : 'assistant';
  const reasoning = message['reasoning_content'] ?? message['reasoning'];
  const parts = toContentParts(message, role);
  const calls = listToolCalls(message);
  return [
    ...(typeof reasoning === 'string' && reasoning !== '' ? [makeReasoning(reasoning)] : []),
    ...(parts === undefined ? [] : [{ type: 'message', id: '', status: 'completed', role, content: parts }]),
    ...calls,
  ];
}

/** An item that nobody but Stet made has the id `""`. */
export function makeMessage(role: string, text: string): TraceItem {
  return { type: 'message', id: '', status: 'completed', role, content: [makeTextPart(role, text)] };
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function makeReasoning(text: string): TraceItem {
  return { type: 'reasoning', id: '', summary: [], content: [{ type: 'reasoning_text', text }] };
}

function makeTextPart(role: string, text: string): JsonObject {
  return role === 'assistant' ? { type: 'output_text', text, annotations: [] } : { type: 'input_text', text };
}

/** Parts of a message's content, or `undefined` for a message without any. */
function toContentParts(message: JsonObject, role: string): JsonObject[] | undefined {
  const { content, refusal } = message;
  const parts: JsonObject[] = [];
  if (typeof content === 'string') parts.push(makeTextPart(role, content));
  if (Array.isArray(content)) parts.push(...(content as readonly JsonValue[]).flatMap((part) => toPart(part, role)));
  if (typeof refusal === 'string') parts.push({ type: 'refusal', refusal });
  return parts.length === 0 ? undefined : parts;
}

function toPart(part: JsonValue, role: string): JsonObject[] {
  if (typeof part === 'string') return [makeTextPart(role, part)];
  if (!isObject(part)) return [];
  // Chat form calls both directions "text"; other parts (images, files) are kept as they are.
  return part['type'] === 'text' && typeof part['text'] === 'string' ? [makeTextPart(role, part['text'])] : [part];
}

function listToolCalls(message: JsonObject): TraceItem[] {
  const calls = message['tool_calls'];
  if (!Array.isArray(calls)) return [];
  return (calls as readonly JsonValue[]).flatMap((call): TraceItem[] => {
    if (!isObject(call) || !isObject(call['function'])) return [];
    const { name, arguments: callArguments } = call['function'];
    return [
      {
        type: 'function_call',
        id: '',
        call_id: typeof call['id'] === 'string' ? call['id'] : '',
        name: typeof name === 'string' ? name : '',
        arguments: typeof callArguments === 'string' ? callArguments : JSON.stringify(callArguments ?? {}),
        status: 'completed',
      },
    ];
  });
}

function toCallOutput(message: JsonObject): TraceItem {
  const { content, tool_call_id } = message;
  return {
    type: 'function_call_output',
    id: '',
    call_id: typeof tool_call_id === 'string' ? tool_call_id : '',
    output: content ?? '',
    status: 'completed',
  };
}
