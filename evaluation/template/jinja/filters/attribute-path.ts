import { RenderFault } from '../faults.ts';
import { getItem } from '../members.ts';
import { describeType, Undefined } from '../values.ts';

export type ReadAttribute = (item: unknown) => unknown;

/**
 * Reads what an argument `attribute` names in each item: `name`, `name.inner`, `items.0`, or a position.
 *
 * @param otherwise - Stands for what is missing; without it that stays missing.
 */
export function makeAttributeReader(attribute: unknown, otherwise?: unknown): ReadAttribute {
  if (attribute === undefined || attribute === null) return (item) => item;
  const steps = readSteps(attribute);
  const written = steps.join('.');
  // An attribute may come from the row; only what looks like one that a template names is repeated.
  const place = { base: 'item', whole: /^\w[\w.]{0,60}$/.test(written) ? written : '(attribute)' };
  return (item) => {
    let value = item;
    for (const step of steps) {
      value = getItem(value, step, place);
      if (value instanceof Undefined && otherwise !== undefined && otherwise !== null) value = otherwise;
    }
    return value;
  };
}

/** The same for several attributes between commas, for sorting by the first, then the second. */
export function makeSortKey(attribute: unknown, fold: (value: unknown) => unknown): ReadAttribute {
  const parts = typeof attribute === 'string' ? attribute.split(',') : [attribute];
  const readers = parts.map((part) => makeAttributeReader(part));
  const [only] = readers;
  if (readers.length === 1 && only !== undefined) return (item) => fold(only(item));
  return (item) => readers.map((read) => fold(read(item)));
}

function readSteps(attribute: unknown): readonly (string | number)[] {
  if (typeof attribute === 'number') return [attribute];
  if (typeof attribute !== 'string') throw new RenderFault(`an attribute must be text, not ${describeType(attribute)}`);
  return attribute.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

/** Text in small letters, anything else as it is: how filters compare unless told to mind the case. */
export function ignoreCase(value: unknown): unknown {
  return typeof value === 'string' ? value.toLowerCase() : value;
}
