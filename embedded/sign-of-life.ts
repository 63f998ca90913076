import type { ProcessRecord, RunLog } from '../storage/run-log.ts';
import { signOfLifeIntervalMs } from './process-registry.ts';

export interface SignOfLife {
  stop(): Promise<void>;
}

/**
 * Renews the record of this process every ten seconds, until it is stopped: the only way for another machine to know
 * that it lives. A record that somebody removed is made again. A store that cannot be written just now is tried again at
 * the next beat; whoever works on the store says what is wrong with it.
 */
export function giveSignsOfLife(
  self: ProcessRecord,
  runs: Pick<RunLog, 'renewProcess' | 'registerProcess'>,
): SignOfLife {
  let beat: Promise<void> = Promise.resolve();
  const renew = async (): Promise<void> => {
    const seenAt = new Date().toISOString();
    if (!(await runs.renewProcess(self.processId, seenAt))) await runs.registerProcess({ ...self, seenAt });
  };
  const timer = setInterval(() => {
    beat = renew().catch(() => undefined);
  }, signOfLifeIntervalMs);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await beat;
    },
  };
}
