import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { JsonObject, JsonValue } from '../contracts/json.ts';
import type { ModelOutput } from './model-io.ts';
import type { SolverOutput } from './trace.ts';

/**
 * The *output text* of format 9: that of the last raw output, which is a chat output's first choice or the last assistant
 * message of an output in items; without raw outputs the last assistant message of the trace. `undefined` if there is none;
 * an empty text is a text.
 */
export function findOutputText(output: SolverOutput): string | undefined {
  const last = output.raw_outputs.at(-1);
  return last === undefined ? findLastAssistantText(output.trace.items) : findModelOutputText(last);
}

/** {@link findOutputText}. @throws {EvaluationError} `scorer-failed` if there is none. */
export function getOutputText(output: SolverOutput): string {
  const text = findOutputText(output);
  if (text !== undefined) return text;
  throw new EvaluationError(
    'scorer-failed',
    'The solver output has no text: no choice with text and no assistant message.',
    {
      hint: 'Give the scorer a "value" that reads what the output has.',
    },
  );
}

/** The text of one model's answer; `undefined` for embeddings, custom outputs, and answers made of calls only. */
export function findModelOutputText(output: ModelOutput): string | undefined {
  if (!isObject(output)) return undefined;
  const { items, choices } = output;
  if (Array.isArray(items)) return findLastAssistantText((items as readonly JsonValue[]).filter(isObject));
  if (!Array.isArray(choices)) return undefined;
  const [first] = choices as readonly JsonValue[];
  const message = isObject(first) ? first['message'] : undefined;
  if (!isObject(message)) return undefined;
  const { content, refusal } = message;
  if (typeof content === 'string' || Array.isArray(content)) return joinParts(content as JsonValue);
  return typeof refusal === 'string' ? refusal : undefined;
}

/** *Text of an item* (format 21.3): text as it is, the `text` or `refusal` of its parts joined by line feeds, else `""`. */
export function getItemText(item: JsonObject): string {
  return joinParts(item['content'] ?? item['output']);
}

export function findLastAssistantText(items: readonly JsonObject[]): string | undefined {
  const last = items.findLast(({ type = 'message', role }) => type === 'message' && role === 'assistant');
  return last === undefined ? undefined : getItemText(last);
}

function joinParts(content: JsonValue | undefined): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return (content as readonly JsonValue[])
    .map((part) => (isObject(part) ? (part['text'] ?? part['refusal']) : part))
    .filter((text) => typeof text === 'string')
    .join('\n');
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
