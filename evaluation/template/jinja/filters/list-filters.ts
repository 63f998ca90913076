import { countCharacters, splitCharacters } from '../characters.ts';
import { RenderFault } from '../faults.ts';
import { areEqual, calculate, compareValues } from '../operators.ts';
import { toText } from '../printing.ts';
import { readItems, readMapping, readWhole } from '../read-argument.ts';
import { sortItems } from '../sorting.ts';
import { demand, describeType, Group, isList, isMapping, isTrue, listEntries, listKeys, makeTuple } from '../values.ts';
import { ignoreCase, makeAttributeReader, makeSortKey, type ReadAttribute } from './attribute-path.ts';
import { type Definitions, define } from './filter-definition.ts';

export const listFilters: Definitions = {
  batch: define('linecount, fill_with?', (value, size, fill) => batch(readItems(value), readWhole(size), fill)),
  count: define('', countItems),
  dictsort: define('case_sensitive?, by?, reverse?', sortMapping),
  first: define('', (value) => readItems(value)[0]),
  groupby: define('attribute, default?, case_sensitive?', group),
  items: define('', (value) => listEntries(readMapping(value)).map(makeTuple)),
  join: define('d?, attribute?', (value, separator = '', attribute) =>
    readItems(value).map(makeAttributeReader(attribute)).map(toText).join(toText(separator)),
  ),
  last: define('', (value) => readItems(value).at(-1)),
  length: define('', countItems),
  list: define('', (value) => [...readItems(value)]),
  max: define('case_sensitive?, attribute?', (value, isExact, attribute) => findExtreme(value, isExact, attribute, 1)),
  min: define('case_sensitive?, attribute?', (value, isExact, attribute) => findExtreme(value, isExact, attribute, -1)),
  reverse: define('', (value) =>
    typeof value === 'string' ? splitCharacters(value).reverse().join('') : [...readItems(value)].reverse(),
  ),
  slice: define('slices, fill_with?', (value, slices, fill) =>
    cutIntoSlices(readItems(value), readWhole(slices), fill),
  ),
  sort: define('reverse?, case_sensitive?, attribute?', (value, isReverse = false, isExact = false, attribute = null) =>
    sortItems(
      readItems(value),
      makeSortKey(attribute, isTrue(isExact) ? (item) => item : ignoreCase),
      isTrue(isReverse),
    ),
  ),
  sum: define('attribute?, start?', (value, attribute, start = 0) =>
    addUp(readItems(value).map(makeAttributeReader(attribute)), start),
  ),
  unique: define('case_sensitive?, attribute?', findUnique),
  zip: define('*', (value, others) => zip([value, ...(others as unknown[])].map(readItems))),
};

function fold(read: ReadAttribute, isExact: unknown): ReadAttribute {
  return isTrue(isExact ?? false) ? read : (item) => ignoreCase(read(item));
}

function countItems(value: unknown): number {
  if (typeof value === 'string') return countCharacters(value);
  if (isList(value)) return value.length;
  if (isMapping(value)) return listKeys(value).length;
  throw new RenderFault(`${describeType(value)} has no length`);
}

function batch(items: readonly unknown[], size: number, fill: unknown): unknown[][] {
  if (size < 1) throw new RenderFault('a batch holds at least one item');
  const batches: unknown[][] = [];
  for (let start = 0; start < items.length; start += size) batches.push(Array.from(items.slice(start, start + size)));
  const last = batches.at(-1);
  if (fill !== undefined && fill !== null) while (last !== undefined && last.length < size) last.push(fill);
  return batches;
}

/** As many slices as asked for, the first ones longer by one item where they do not come out even. */
function cutIntoSlices(items: readonly unknown[], slices: number, fill: unknown): unknown[][] {
  if (slices < 1) throw new RenderFault('there must be at least one slice');
  const size = Math.floor(items.length / slices);
  const longer = items.length % slices;
  return Array.from({ length: slices }, (_, index) => {
    const start = index * size + Math.min(index, longer);
    const part = Array.from(items.slice(start, start + size + (index < longer ? 1 : 0)));
    if (fill !== undefined && fill !== null && index >= longer) part.push(fill);
    return part;
  });
}

function sortMapping(
  value: unknown,
  isExact: unknown = false,
  by: unknown = 'key',
  isReverse: unknown = false,
): unknown[] {
  if (by !== 'key' && by !== 'value') throw new RenderFault('"dictsort" sorts by "key" or by "value"');
  const read: ReadAttribute = (pair) => (pair as [unknown, unknown])[by === 'key' ? 0 : 1];
  const entries = listEntries(readMapping(value)).map(makeTuple);
  return sortItems(entries, fold(read, isExact), isTrue(isReverse));
}

function group(value: unknown, attribute: unknown, otherwise?: unknown, isExact: unknown = false): Group[] {
  const read = makeAttributeReader(attribute, otherwise);
  const key = fold(read, isExact);
  const groups: { key: unknown; items: unknown[] }[] = [];
  for (const item of sortItems(readItems(value), key, false)) {
    const itemKey = demand(key(item));
    const last = groups.at(-1);
    if (last !== undefined && areEqual(last.key, itemKey)) last.items.push(item);
    else groups.push({ key: itemKey, items: [item] });
  }
  return groups.map(({ items }) => {
    const made = new Group();
    made.push(read(items[0]), items);
    return made;
  });
}

function findExtreme(value: unknown, isExact: unknown, attribute: unknown, sign: 1 | -1): unknown {
  const key = fold(makeAttributeReader(attribute), isExact);
  let extreme: { readonly item: unknown; readonly key: unknown } | undefined;
  for (const item of readItems(value)) {
    const itemKey = key(item);
    if (extreme === undefined || compareValues(itemKey, extreme.key) * sign > 0) extreme = { item, key: itemKey };
  }
  return extreme?.item;
}

function addUp(items: readonly unknown[], start: unknown): unknown {
  if (typeof start === 'string') throw new RenderFault('"sum" adds numbers, not text; use "join"');
  let total = start;
  for (const item of items) total = calculate('+', total, item);
  return total;
}

function findUnique(value: unknown, isExact: unknown = false, attribute?: unknown): unknown[] {
  const key = fold(makeAttributeReader(attribute), isExact);
  const seen: unknown[] = [];
  const seenTexts = new Set<string>();
  return readItems(value).filter((item) => {
    const itemKey = demand(key(item));
    // Text is by far the commonest key; everything else is compared one by one, for 1 and True are the same.
    if (typeof itemKey === 'string') return seenTexts.size < seenTexts.add(itemKey).size;
    if (seen.some((other) => areEqual(other, itemKey))) return false;
    seen.push(itemKey);
    return true;
  });
}

function zip(lists: readonly (readonly unknown[])[]): unknown[] {
  const length = Math.min(...lists.map((list) => list.length));
  return Array.from({ length }, (_, index) => makeTuple(lists.map((list) => list[index])));
}
