import type { JsonValue } from '../../contracts/json.ts';
import { parsePythonLiteral } from '../python-literal.ts';

/** The list that a rendered text is, as JSON or in Python's form; `undefined` where it is none. */
export function parseList(text: string): readonly JsonValue[] | undefined {
  for (const parse of [JSON.parse as (text: string) => JsonValue, parsePythonLiteral]) {
    try {
      const value = parse(text);
      return Array.isArray(value) ? (value as readonly JsonValue[]) : undefined;
    } catch {
      // Not in this form; the next may fit.
    }
  }
  return undefined;
}
