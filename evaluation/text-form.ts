import type { JsonValue } from '../contracts/json.ts';
import { toCanonicalJson } from './fingerprint/canonical-json.ts';

/**
 * The text by which values of different types are compared and counted (format 11): text verbatim, numbers in shortest
 * decimal form, `true` and `false`, lists and mappings as canonical JSON. Null has none.
 */
export function textForm(value: null): null;
export function textForm(value: Exclude<JsonValue, null>): string;
export function textForm(value: JsonValue): string | null;
export function textForm(value: JsonValue): string | null {
  if (value === null) return null;
  return typeof value === 'string' ? value : toCanonicalJson(value);
}
