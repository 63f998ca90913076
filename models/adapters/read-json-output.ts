import type { JsonValue } from '../../contracts/json.ts';
import { isObject } from '../is-object.ts';
import type { AdapterResult } from './adapter.ts';

/** Reads a text that must be the JSON of a model output or `{"error": …}`. */
export function readJsonOutput(text: string): AdapterResult {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    return { type: 'unreadable', text };
  }
  const error = isObject(value) ? value['error'] : undefined;
  // Some services send `"error": null` with every answer.
  if (error === undefined || error === null || error === false) return { type: 'output', output: value };
  const message = isObject(error) && typeof error['message'] === 'string' ? error['message'] : error;
  return { type: 'error', message: typeof message === 'string' ? message : JSON.stringify(message) };
}
