import type { JsonValue } from '../../contracts/json.ts';
import { textForm } from '../text-form.ts';

/**
 * Whether two values are equal as given, or their text forms are (format 11): `3` equals `"3"`, `true` equals `"TRUE"`,
 * `"007"` does not equal `7`, and null equals nothing but null.
 */
export function equalsAsText(left: JsonValue, right: JsonValue): boolean {
  if (left === null || right === null) return left === right;
  const leftForm = textForm(left);
  const rightForm = textForm(right);
  if (leftForm === rightForm) return true;
  const isBoolean = typeof left === 'boolean' || typeof right === 'boolean';
  return isBoolean && leftForm.toLowerCase() === rightForm.toLowerCase();
}
