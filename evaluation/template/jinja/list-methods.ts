import { RenderFault } from './faults.ts';
import { type MethodTable, makeMethodTable, method } from './methods.ts';
import { areEqual } from './operators.ts';
import { readItems, readOptionalWhole, readWhole } from './read-argument.ts';
import { resolveRange } from './slices.ts';
import { sortItems } from './sorting.ts';
import { Callable, isTrue, noKeywords } from './values.ts';

/** The methods of Python lists. */
export const listMethods: MethodTable<readonly unknown[]> = makeMethodTable<readonly unknown[]>({
  append: method('object', (list, item) => none(change(list).push(item))),
  clear: method('', (list) => none(change(list).splice(0))),
  copy: method('', (list) => [...list]),
  count: method('value', (list, value) => list.filter((item) => areEqual(item, value)).length),
  extend: method('iterable', (list, items) => none(change(list).push(...readItems(items)))),
  index: method('value, start?, stop?', (list, value, start, stop) => findIndex(list, value, start, stop)),
  insert: method('index, object', (list, index, item) =>
    none(change(list).splice(resolveRange(list.length, readWhole(index, 'the index'), undefined).start, 0, item)),
  ),
  pop: method('index?', (list, index) => {
    const position = readOptionalWhole(index, 'the index') ?? -1;
    const found = position < 0 ? position + list.length : position;
    if (found < 0 || found >= list.length) throw new RenderFault('the list has no item there to pop');
    return change(list).splice(found, 1)[0];
  }),
  remove: method('value', (list, value) => none(change(list).splice(findIndex(list, value, undefined, undefined), 1))),
  reverse: method('', (list) => none(change(list).reverse())),
  sort: method('key?, reverse?', (list, key, reverse = false) => {
    const read = key instanceof Callable ? (item: unknown) => key.invoke([item], noKeywords) : (item: unknown) => item;
    return none(change(list).splice(0, list.length, ...sortItems(list, read, isTrue(reverse))));
  }),
});

/** The methods of Python tuples: those that change nothing. */
export const tupleMethods: MethodTable<readonly unknown[]> = new Map(
  [...listMethods].filter(([name]) => name === 'count' || name === 'index'),
);

function findIndex(list: readonly unknown[], value: unknown, start: unknown, stop: unknown): number {
  const range = resolveRange(list.length, start, stop);
  const index = list.findIndex(
    (item, position) => position >= range.start && position < range.end && areEqual(item, value),
  );
  if (index < 0) throw new RenderFault('the list does not have the item to find');
  return index;
}

/** Lists of the row are copies while a template that changes lists is rendered; those of the trace are frozen. */
function change(list: readonly unknown[]): unknown[] {
  if (Object.isFrozen(list)) throw new RenderFault('this list cannot be changed');
  return list as unknown[];
}

/** What a method gives that only changes its list. */
function none(...done: readonly unknown[]): null {
  void done;
  return null;
}
