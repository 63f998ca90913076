/**
 * Pairs two streams by key. Streams in the same order are joined as they come; what is out of order waits for its
 * counterpart, so memory holds only what is unpaired. Of equal keys in one stream the first counts.
 */
export declare function pairByKey<Item>(
  present: AsyncIterable<Item>,
  baseline: AsyncIterable<Item>,
  keyOf: (item: Item) => string,
): AsyncGenerator<readonly [present: Item, baseline: Item]>;
