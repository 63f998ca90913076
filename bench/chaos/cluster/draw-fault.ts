import { type Interruption, longestDelaysMs, type Moment } from '../draw-interruption.ts';
import type { Random } from '../random.ts';

/**
 * What happens to a cluster. `worker-killed`, `all-workers-killed`: `kill -9` · `worker-stopped`: SIGSTOP for longer than
 * the heartbeat time-out, and SIGCONT: meanwhile others go on with its work · `database-crashed`: stopped as by a crash
 * and started again · `sessions-cut`: the database ends all its sessions, as a failover does · `temporal-killed`: `kill -9`
 * of the server, and a start on its port and database · `everything-killed`: all of them at once.
 */
export const faultKinds = [
  'worker-killed',
  'all-workers-killed',
  'worker-stopped',
  'database-crashed',
  'sessions-cut',
  'temporal-killed',
  'everything-killed',
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** Faults in which processes die; the number of kills counts them. */
export const deadlyFaults: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'worker-killed',
  'all-workers-killed',
  'database-crashed',
  'temporal-killed',
  'everything-killed',
]);

export interface Fault extends Pick<Interruption, 'moment' | 'delayMs' | 'share'> {
  readonly kind: FaultKind;
  /** Which worker; where one is meant. */
  readonly worker: number;
  /** The moment is waited for so long; while everything waits for something, it would not come. */
  readonly patienceMs: number;
  /** Until what was killed is started again. */
  readonly restartMs: number;
  /** How long a worker stands still. */
  readonly stopMs: number;
}

/** `start-up` is: at once, whatever is being done. */
const momentWeights: Readonly<Record<Moment, number>> = {
  'start-up': 30,
  planned: 5,
  progress: 40,
  judging: 10,
  solved: 5,
  'everything-answered': 10,
};

const patienceMs = { least: 4_000, most: 11_000 } as const;
const longestRestartMs = 2_500;
/** The heartbeat time-out of work is 30 s. */
const stopMs = { least: 32_000, most: 36_000 } as const;
/** As often as they are on a deck. */
const deck: Readonly<Record<FaultKind, number>> = {
  'worker-killed': 3,
  'all-workers-killed': 1,
  'worker-stopped': 1,
  'database-crashed': 2,
  'sessions-cut': 1,
  'temporal-killed': 2,
  'everything-killed': 1,
};

/** Deals faults from a shuffled deck, so that also a short run meets most kinds of them. */
export function createFaultDeck(random: Random, workers: number): () => Fault {
  let left: FaultKind[] = [];
  return () => {
    if (left.length === 0)
      left = shuffle(
        faultKinds.flatMap((kind) => Array<FaultKind>(deck[kind]).fill(kind)),
        random,
      );
    const kind = left.pop() ?? 'worker-killed';
    const moment: Moment = random.weighted(momentWeights);
    return {
      kind,
      moment,
      delayMs: random.integer(0, longestDelaysMs[moment]),
      share: 0.02 + 0.18 * random.next(),
      patienceMs: random.integer(patienceMs.least, patienceMs.most),
      worker: random.integer(0, workers - 1),
      restartMs: random.integer(0, longestRestartMs),
      stopMs: random.integer(stopMs.least, stopMs.most),
    };
  };
}

function shuffle<T>(values: readonly T[], random: Random): T[] {
  return values
    .map((value) => ({ value, place: random.next() }))
    .toSorted((left, right) => left.place - right.place)
    .map(({ value }) => value);
}
