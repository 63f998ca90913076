/** Spreads sends over time. */
export interface RateLimit {
  /** The earliest moment at which the next send may leave; in the past when it may leave now. */
  readonly nextAt: number;
  take(now: number): void;
}

/**
 * At most `requestsPerMinute` sends in any minute, spread evenly with a burst of one second's worth (10 at most), so that
 * timers which fire late lose nothing. What the burst adds is taken off the steady pace: the promise holds for every
 * minute, the first one too.
 */
export function createRateLimit(requestsPerMinute: number): RateLimit {
  const burst = Math.max(1, Math.min(10, Math.floor(requestsPerMinute / 60)));
  const intervalMs = 60_000 / (requestsPerMinute - burst + 1);
  let emptyAt = Number.NEGATIVE_INFINITY;
  return {
    get nextAt() {
      return emptyAt - (burst - 1) * intervalMs;
    },
    take(now) {
      emptyAt = Math.max(emptyAt, now) + intervalMs;
    },
  };
}
