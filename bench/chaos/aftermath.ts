import type { Changes } from './changes.ts';
import { formatSeconds, type Say } from './report.ts';
import type { Service } from './start-service.ts';

/** Says of each interruption, in one line, what came of it. */
export interface Aftermath {
  /** Looks out for the next query that is not of a dead process. */
  begin(text: string, atMs: number): void;
  /** Says what is known, if it has not been said yet. */
  settle(otherwise: string): void;
}

export function createAftermath(
  changes: Changes,
  setting: {
    readonly service: Service;
    /** Whether a process of that name is at work. */
    readonly isAlive: (name: string | null) => boolean;
    /** What goes on; empty, or from its comma on. */
    readonly describeWork: () => string;
    readonly say: Say;
  },
): Aftermath {
  const { service, isAlive, describeWork, say } = setting;
  let settlePresent: (otherwise: string) => void = () => {};
  return {
    begin(text, atMs) {
      const watching = new AbortController();
      const { received } = service.progress;
      const settle = (what: string) => {
        if (watching.signal.aborted) return;
        watching.abort();
        say(`${text}; ${what}`, atMs);
      };
      settlePresent = (otherwise) => settle(`${otherwise} after ${formatSeconds(performance.now() - atMs)}`);
      const hasGoneOn = () => service.progress.received > received && isAlive(service.progress.lastProcess);
      changes.waitUntil(hasGoneOn, watching.signal).then(
        () => settle(`next query after ${formatSeconds(performance.now() - atMs)}${describeWork()}`),
        () => undefined,
      );
    },
    settle: (otherwise) => settlePresent(otherwise),
  };
}
