import { setTimeout as sleepFor } from 'node:timers/promises';

/** Time and chance, so that tests can hold them still. */
export interface Clock {
  /** Milliseconds since 1970; never goes back within a process. */
  now(): number;
  /** At least 0, below 1. */
  random(): number;
  /** Rejects as soon as the signal has fired. */
  sleep(durationMs: number, signal: AbortSignal): Promise<void>;
}

/** The longest span that Node's timers take; beyond it they fire at once. */
const longestTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  random: Math.random,
  sleep: async (durationMs, signal) => {
    await sleepFor(Math.min(Math.ceil(durationMs), longestTimerMs), undefined, { signal });
  },
};
