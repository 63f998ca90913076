import type { JsonObject, JsonValue } from '../../contracts/json.ts';
import type { Trace, TraceItem } from '../trace.ts';
import { isObject } from './chat-items.ts';

/** Makes the error to throw from what is wrong with a trace. */
type MakeError = (problem: string) => Error;

const roles: ReadonlySet<unknown> = new Set(['user', 'assistant', 'system', 'developer']);

/**
 * A trace from a column's value (format 8.1): `{FORMAT: "open_responses", items: […]}` or a bare list of items, as a value or
 * as JSON text. Extras of items are kept.
 */
export function parseTrace(value: JsonValue, makeError: MakeError): Trace {
  const parsed = typeof value === 'string' ? parseText(value, makeError) : value;
  if (Array.isArray(parsed))
    return { FORMAT: 'open_responses', items: parseItems(parsed as readonly JsonValue[], makeError) };
  if (!isObject(parsed)) throw makeError('it is neither an object with "items" nor a list of items');
  const { FORMAT: format = 'open_responses', items } = parsed;
  if (format !== 'open_responses') throw makeError('its FORMAT is not "open_responses"');
  if (!Array.isArray(items)) throw makeError('it has no list of "items"');
  return { ...parsed, FORMAT: format, items: parseItems(items as readonly JsonValue[], makeError) };
}

export function parseItems(items: readonly JsonValue[], makeError: MakeError): TraceItem[] {
  return items.map((item, index) => {
    const problem = isObject(item) ? findProblem(item) : 'it is not an object';
    if (problem !== undefined) throw makeError(`item ${index}: ${problem}`);
    return { type: 'message', ...(item as JsonObject) };
  });
}

/** What is wrong with an item, by its type; items of types that Stet does not know are kept as they are. */
function findProblem(item: JsonObject): string | undefined {
  // A message may leave its type out, as it may in the requests of this form.
  const type = item['type'] === undefined && item['role'] !== undefined ? 'message' : item['type'];
  if (typeof type !== 'string' || type === '') return 'it has no type';
  switch (type) {
    case 'message':
      if (!roles.has(item['role'])) return 'its role is none of user, assistant, system, developer';
      return isContent(item['content']) ? undefined : 'its content is neither text nor a list of parts';
    case 'function_call':
      return findNonText(item, ['call_id', 'name', 'arguments']);
    case 'function_call_output':
      return (
        findNonText(item, ['call_id']) ??
        (isContent(item['output']) ? undefined : 'its output is neither text nor a list of parts')
      );
    default:
      return undefined;
  }
}

function isContent(content: JsonValue | undefined): boolean {
  if (typeof content === 'string') return true;
  return (
    Array.isArray(content) &&
    (content as readonly JsonValue[]).every((part) => isObject(part) && typeof part['type'] === 'string')
  );
}

function findNonText(item: JsonObject, names: readonly string[]): string | undefined {
  const missing = names.find((name) => typeof item[name] !== 'string');
  return missing === undefined ? undefined : `its ${missing} is not text`;
}

function parseText(text: string, makeError: MakeError): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw makeError('it is text that is not JSON');
  }
}
