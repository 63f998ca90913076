import type { JsonValue } from '../../../contracts/json.ts';
import { RenderFault } from './faults.ts';
import { toText } from './printing.ts';
import { demandPresent, describeType, isList, isMapping, listEntries, NativeObject } from './values.ts';

/** A template's value as data; what is no data is a fault. */
export function toJson(value: unknown): JsonValue {
  demandPresent(value);
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RenderFault('the value is not a finite number');
    return value;
  }
  if (value === null || value === undefined) return null;
  if (value instanceof NativeObject) {
    const data = value.toData();
    if (data !== undefined) return toJson(data);
  } else if (isList(value)) {
    return Array.from(value, toJson);
  } else if (isMapping(value)) {
    return Object.fromEntries(listEntries(value).map(([key, item]) => [toText(key), toJson(item)]));
  }
  throw new RenderFault(`${describeType(value)} is no value`);
}
