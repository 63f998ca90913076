import type { Clock } from '../../models/clock.ts';

/** A clock that stands still until it is moved. */
export interface VirtualClock extends Clock {
  /** Durations of all sleeps so far, in order. */
  readonly sleeps: readonly number[];
  /** Moves on, waking what is due in order. */
  advance(durationMs: number): Promise<void>;
}

export function createVirtualClock(options: { readonly random?: () => number } = {}): VirtualClock {
  let now = 1_700_000_000_000;
  const sleepers = new Set<{ readonly wakeAt: number; readonly wake: () => void }>();
  const sleeps: number[] = [];
  return {
    sleeps,
    now: () => now,
    random: options.random ?? (() => 0.5),
    sleep: (durationMs, signal) =>
      new Promise((resolve, reject) => {
        sleeps.push(durationMs);
        const giveUp = () => {
          sleepers.delete(sleeper);
          reject(signal.reason as Error);
        };
        const sleeper = {
          wakeAt: now + durationMs,
          wake: () => {
            signal.removeEventListener('abort', giveUp);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal.addEventListener('abort', giveUp);
      }),
    async advance(durationMs) {
      const end = now + durationMs;
      for (;;) {
        await settle();
        const [next] = [...sleepers].filter((sleeper) => sleeper.wakeAt <= end).toSorted((a, b) => a.wakeAt - b.wakeAt);
        if (next === undefined) break;
        now = Math.max(now, next.wakeAt);
        sleepers.delete(next);
        next.wake();
      }
      now = end;
    },
  };
}

/** Lets everything that is ready run. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
