import { formatSeconds, type Say } from './report.ts';
import type { ServiceProgress } from './service-protocol.ts';

/** How long the service waited for the next query, although some were left to be asked. */
export interface Pauses {
  /** Takes in what the service saw; `isEverythingAnswered` as of then. */
  see(progress: ServiceProgress, isEverythingAnswered: boolean): void;
  /** Processes were made to stand still until now: that is no pause of theirs. */
  excuse(): void;
  readonly longestMs: number;
}

/** Said where it happens; close to the heartbeat time-out of 30 s it means that something waited for that. */
const notableMs = 15_000;

export function watchPauses(say: Say): Pauses {
  let received = 0;
  let sinceMs = performance.now();
  let longestMs = 0;
  return {
    see(progress, isEverythingAnswered) {
      const now = performance.now();
      const pauseMs = now - sinceMs;
      const isFirst = received === 0;
      if (progress.received === received && !isEverythingAnswered) return;
      received = progress.received;
      sinceMs = now;
      if (isFirst || isEverythingAnswered) return;
      longestMs = Math.max(longestMs, pauseMs);
      if (pauseMs >= notableMs) say(`there was no query for ${formatSeconds(pauseMs)}`);
    },
    excuse() {
      sinceMs = performance.now();
    },
    get longestMs() {
      return longestMs;
    },
  };
}
