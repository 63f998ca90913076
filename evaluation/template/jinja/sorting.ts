import { compareValues } from './operators.ts';

/** A stable sort in Python's order; equal items keep their order also in reverse. */
export function sortItems(items: readonly unknown[], key: (item: unknown) => unknown, isReverse: boolean): unknown[] {
  const keyed = Array.from(items, (item) => ({ item, key: key(item) }));
  keyed.sort((left, right) => (isReverse ? compareValues(right.key, left.key) : compareValues(left.key, right.key)));
  return keyed.map(({ item }) => item);
}
