/**
 * Pairs two streams by key. Streams in the same order are joined as they come; what is out of order waits for its
 * counterpart, so memory holds only what is unpaired. Of equal keys in one stream the first counts.
 */
export async function* pairByKey<Item>(
  present: AsyncIterable<Item>,
  baseline: AsyncIterable<Item>,
  keyOf: (item: Item) => string,
): AsyncGenerator<readonly [present: Item, baseline: Item]> {
  const waiting = { present: new Map<string, Item>(), baseline: new Map<string, Item>() };
  const streams = { present: present[Symbol.asyncIterator](), baseline: baseline[Symbol.asyncIterator]() };
  const open = new Set(['present', 'baseline'] as const);
  while (open.size > 0) {
    for (const side of open) {
      const next = await streams[side].next();
      if (next.done === true) {
        open.delete(side);
        continue;
      }
      const other = side === 'present' ? 'baseline' : 'present';
      const key = keyOf(next.value);
      const counterpart = waiting[other].get(key);
      if (counterpart === undefined) {
        if (!waiting[side].has(key)) waiting[side].set(key, next.value);
        continue;
      }
      waiting[other].delete(key);
      yield side === 'present' ? [next.value, counterpart] : [counterpart, next.value];
    }
  }
}
