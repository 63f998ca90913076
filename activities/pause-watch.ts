import { setTimeout as sleep } from 'node:timers/promises';
import type { RunLog } from '../storage/run-log.ts';

/** Between two looks: from a pause on nothing new is sent within a second, wherever the run is worked on. */
const lookEveryMs = 400;

/** Tells those who work on a run when it is paused, and when it goes on. */
export interface PauseWatch {
  /** Resolves once the first look is over; `onChange` has heard of a pause by then. `stop` ends it. */
  follow(runId: string, onChange: (isPaused: boolean) => void): Promise<{ stop(): void }>;
}

interface Followed {
  readonly listeners: Set<(isPaused: boolean) => void>;
  isPaused: boolean;
}

/** Looks into the store, which knows of a pause before anybody is told that there is one, and after every restart. */
export function createPauseWatch(runs: Pick<RunLog, 'getRun'>): PauseWatch {
  const followed = new Map<string, Followed>();
  let isLooking = false;

  async function look(runId: string, entry: Followed): Promise<void> {
    // A store that cannot be read now says nothing; what was known stays.
    const run = await runs.getRun(runId).catch(() => undefined);
    if (run === undefined) return;
    const isPaused = run.pausedAt !== null;
    if (isPaused === entry.isPaused) return;
    entry.isPaused = isPaused;
    for (const listener of entry.listeners) listener(isPaused);
  }

  async function keepLooking(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    while (followed.size > 0) {
      await sleep(lookEveryMs, undefined, { ref: false });
      await Promise.all([...followed].map(([runId, entry]) => look(runId, entry)));
    }
    isLooking = false;
  }

  return {
    async follow(runId, onChange) {
      const entry = followed.get(runId) ?? { listeners: new Set(), isPaused: false };
      followed.set(runId, entry);
      if (entry.isPaused) onChange(true);
      entry.listeners.add(onChange);
      await look(runId, entry);
      void keepLooking();
      return {
        stop() {
          entry.listeners.delete(onChange);
          if (entry.listeners.size === 0 && followed.get(runId) === entry) followed.delete(runId);
        },
      };
    },
  };
}
