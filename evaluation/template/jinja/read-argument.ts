import { splitCharacters } from './characters.ts';
import { RenderFault } from './faults.ts';
import { isNumeric } from './operators.ts';
import { toText } from './printing.ts';
import { demand, describeType, isList, isMapping, listKeys, type Mapping, Omitted } from './values.ts';

// Filters and methods receive anything. These say what they need, in words that fit any of them.

export function readText(value: unknown, what = 'the value'): string {
  if (typeof value === 'string') return value;
  throw new RenderFault(`${what} must be text, not ${describeType(demand(value))}`);
}

/** Text of anything, as `str()` would make it: what most text filters do with their input. */
export function readAsText(value: unknown): string {
  return toText(demand(value));
}

export function readNumber(value: unknown, what = 'the value'): number {
  if (isNumeric(value)) return Number(value);
  throw new RenderFault(`${what} must be a number, not ${describeType(demand(value))}`);
}

export function readWhole(value: unknown, what = 'the value'): number {
  const number = readNumber(value, what);
  if (Number.isInteger(number)) return number;
  throw new RenderFault(`${what} must be a whole number`);
}

/** An optional whole number; `undefined` and None both mean that it was not given. */
export function readOptionalWhole(value: unknown, what: string): number | undefined {
  return value === undefined || value === null ? undefined : readWhole(value, what);
}

export function readMapping(value: unknown, what = 'the value'): Mapping {
  if (isMapping(value)) return value;
  throw new RenderFault(`${what} must be a mapping, not ${describeType(demand(value))}`);
}

/** The items that a loop over the value would see: items of a list, keys of a mapping, characters of text. */
export function readItems(value: unknown): readonly unknown[] {
  if (isList(value)) return value;
  if (typeof value === 'string') return splitCharacters(value);
  if (isMapping(value)) return listKeys(value);
  if (value instanceof Omitted) return [];
  throw new RenderFault(`${describeType(demand(value))} cannot be looped over`);
}
