/** How many queries may be in flight at once. */
export interface Concurrency {
  readonly limit: number;
  /** Of the present limit; what was sent under an earlier one says nothing about this one. */
  readonly epoch: number;
  /** @param wasFull - Whether the limit was reached when the query left; only then its success says anything. */
  answered(wasFull: boolean): void;
  overloaded(epoch: number): void;
}

export function fixedConcurrency(limit: number): Concurrency {
  return { limit, epoch: 0, answered: () => {}, overloaded: () => {} };
}

const firstLimit = 8;
const highestLimit = 256;

/**
 * Finds out what a service bears: starts with 8, doubles with every full window of answers up to 256, halves when the
 * service says that it is too much, and from then on grows by one per window.
 */
export function adaptiveConcurrency(): Concurrency {
  let limit = firstLimit;
  let epoch = 0;
  let isSlowStart = true;
  return {
    get limit() {
      return Math.floor(limit);
    },
    get epoch() {
      return epoch;
    },
    answered(wasFull) {
      if (wasFull) limit = Math.min(highestLimit, limit + (isSlowStart ? 1 : 1 / limit));
    },
    overloaded(sentIn) {
      // A burst of refusals to queries sent together is one message, not many.
      if (sentIn !== epoch) return;
      limit = Math.max(1, limit / 2);
      epoch++;
      isSlowStart = false;
    },
  };
}
