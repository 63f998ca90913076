import { splitCharacters } from './characters.ts';
import { RenderFault } from './faults.ts';
import { readWhole } from './read-argument.ts';
import { demand, describeType, isList, makeTuple, Tuple } from './values.ts';

/** Start and end as positions from 0 to `length`, the way Python reads them in `value[start:end]`. */
export function resolveRange(
  length: number,
  start: unknown,
  end: unknown,
): { readonly start: number; readonly end: number } {
  return { start: resolve(start, length, 0), end: resolve(end, length, length) };

  function resolve(position: unknown, size: number, otherwise: number): number {
    if (position === undefined || position === null) return otherwise;
    const whole = readWhole(position, 'a position');
    return Math.min(size, Math.max(0, whole < 0 ? whole + size : whole));
  }
}

/** `value[start:stop:step]` of text, lists and tuples. */
export function slice(value: unknown, start: unknown, stop: unknown, step: unknown): unknown {
  demand(value);
  const stride = step === null ? 1 : readWhole(step, 'the step');
  if (stride === 0) throw new RenderFault('the step of a slice must not be 0');
  if (typeof value === 'string') return pick(splitCharacters(value), start, stop, stride).join('');
  if (!isList(value)) throw new RenderFault(`${describeType(value)} cannot be sliced`);
  const items = pick(value, start, stop, stride);
  return value instanceof Tuple ? makeTuple(items) : items;
}

function pick<Item>(items: readonly Item[], start: unknown, stop: unknown, stride: number): Item[] {
  if (stride > 0) {
    const range = resolveRange(items.length, start, stop);
    const picked = Array.prototype.slice.call(items, range.start, range.end) as Item[];
    return stride === 1 ? picked : picked.filter((_, index) => index % stride === 0);
  }
  const last = items.length - 1;
  const from = start === null ? last : resolveBackwards(start);
  const to = stop === null ? -1 : resolveBackwards(stop);
  const picked: Item[] = [];
  for (let index = from; index > to; index += stride) picked.push(items[index] as Item);
  return picked;

  function resolveBackwards(position: unknown): number {
    const whole = readWhole(position, 'a position');
    return whole < 0 ? Math.max(-1, whole + items.length) : Math.min(last, whole);
  }
}
