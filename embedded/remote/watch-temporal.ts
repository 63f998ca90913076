import { setTimeout as sleep } from 'node:timers/promises';
import type { TemporalWatch } from '../temporal-service.ts';

const INTERVAL_MS = 5_000;

/**
 * Says when a Temporal that somebody else runs stops answering and when it is back. Workers and clients try again by
 * themselves, with pauses that grow; nothing ends because of it.
 *
 * @param ask - Rejects where it does not answer.
 */
export function watchTemporal(
  ask: () => Promise<void>,
  name: string,
  onNotice: (line: string) => void,
  intervalMs: number = INTERVAL_MS,
): TemporalWatch {
  const stopping = new AbortController();
  let isAnswering = true;
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      await sleep(intervalMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      const answers = await ask().then(
        () => true,
        () => false,
      );
      if (answers === isAnswering) continue;
      isAnswering = answers;
      onNotice(answers ? `${name} is back.` : `${name} does not answer. What was answered is kept; trying again.`);
    }
  })();
  return {
    get isAnswering() {
      return isAnswering;
    },
    async stop() {
      stopping.abort();
      await watching;
    },
  };
}
