import { isList, isMapping, listEntries } from './values.ts';

/** A copy of lists and mappings all the way down; anything else is passed on. */
export function copyData(value: unknown): unknown {
  if (isList(value)) return Array.from(value, copyData);
  if (!isMapping(value)) return value;
  return new Map(listEntries(value).map(([key, item]) => [key, copyData(item)]));
}

/** The same, made so that nobody can change it. */
export function freezeCopy<Value>(value: Value): Value {
  if (isList(value)) return Object.freeze(value.map(freezeCopy)) as Value;
  if (!isMapping(value) || value instanceof Map) return value;
  return Object.freeze(
    Object.fromEntries(Object.entries(value).map(([key, item]) => [key, freezeCopy(item)])),
  ) as Value;
}
