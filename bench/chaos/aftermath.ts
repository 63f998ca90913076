import type { Changes } from './changes.ts';
import type { Party } from './party.ts';
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
  { service, findParty, say }: { service: Service; findParty: () => Party | undefined; say: Say },
): Aftermath {
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
      const isAlive = (name: string | null) => {
        const party = findParty();
        return party !== undefined && party.command.name === name && !party.isLeaving;
      };
      const hasGoneOn = () => service.progress.received > received && isAlive(service.progress.lastProcess);
      changes.waitUntil(hasGoneOn, watching.signal).then(
        () => {
          const run = findParty()?.command.run;
          const how = run === undefined ? '' : `, run ${run.id} ${run.wasOpen ? 'was taken up' : 'was started'}`;
          settle(`next query after ${formatSeconds(performance.now() - atMs)}${how}`);
        },
        () => undefined,
      );
    },
    settle: (otherwise) => settlePresent(otherwise),
  };
}
