/** What a holder has and wants of one limit group. */
export interface LeaseRequest {
  readonly group: string;
  /** Random; one holder is the models of one run in one process. */
  readonly holderId: string;
  /** Queries at once, as the holder's models of this group declare it; absent: they do not. */
  readonly maxConcurrentRequests?: number | undefined;
  /** Requests per minute, likewise. */
  readonly rateLimit?: number | undefined;
  readonly inFlight: number;
  /** Queries that wait for leave, beside those in flight. */
  readonly waiting: number;
  /** How many moments of sending are wanted now; 0 while there are enough. */
  readonly sends: number;
}

/** What a holder may do until it asks again, and for {@link leaseTermMs} at most. */
export interface Lease {
  /** Queries that may be in flight at once; null: no limit. Never more than nobody else may use. */
  readonly slots: number | null;
  /** More is in flight than `slots`: others wait for it, so the next end of a query is worth telling at once. */
  readonly isOverdrawn: boolean;
  /** Others still hold a part of this holder's share: worth asking again soon. */
  readonly isShort: boolean;
  /**
   * Milliseconds from now at which one query each may leave, in order, and during {@link sendWindowMs} after; negative
   * where that has begun. Null: no limit of the rate. Empty where none was wanted.
   */
  readonly sendsInMs: readonly number[] | null;
}

/** Limits that hold over all holders of one store, in slices, so that a query needs no database. */
export interface LimitLeases {
  /** Joins, or says what has changed. The smallest values that any holder of the group declares hold for all of them. */
  renew(request: LeaseRequest): Promise<Lease>;
  /** Gives everything back. */
  release(group: string, holderId: string): Promise<void>;
}

/** A holder that has not been able to ask for so long sends nothing more; a while later its share is given to others. */
export const leaseTermMs = 8_000;

/** How late a query may use its moment; what this adds to the rate is taken off its pace. */
export const sendWindowMs = 1_000;
