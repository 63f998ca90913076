import type { Random } from './random.ts';

export type Target = 'command' | 'neighbour' | 'server';

/**
 * `kill`: `kill -9` · `drain`: SIGTERM · `stop`: SIGSTOP and, later, SIGCONT, as a laptop sleeps · `collect`: a garbage
 * collection beside the run, which may be killed itself.
 */
export interface Deed {
  readonly act: 'kill' | 'drain' | 'stop' | 'collect';
  readonly targets: readonly Target[];
  /** Temporal's database is deleted before anybody comes back. */
  readonly losesDatabase?: boolean;
}

/** What is waited for first; progress is counted in questions answered. */
export type Moment = 'start-up' | 'planned' | 'progress' | 'judging' | 'solved' | 'everything-answered';

export interface Interruption {
  readonly deed: Deed;
  readonly moment: Moment;
  /** Milliseconds from the moment to the deed. */
  readonly delayMs: number;
  /** Of what is left to be answered; for `progress` and `judging`. */
  readonly share: number;
  /** How long the processes stand still; for a stop. */
  readonly stopMs: number;
}

const everything: readonly Target[] = ['command', 'neighbour', 'server'];

const deeds = {
  command: { act: 'kill', targets: ['command'] },
  server: { act: 'kill', targets: ['server'] },
  both: { act: 'kill', targets: ['command', 'server'] },
  neighbour: { act: 'kill', targets: ['neighbour'] },
  everything: { act: 'kill', targets: everything },
  everythingAndDatabase: { act: 'kill', targets: everything, losesDatabase: true },
  drainCommand: { act: 'drain', targets: ['command'] },
  drainNeighbour: { act: 'drain', targets: ['neighbour'] },
  stopCommand: { act: 'stop', targets: ['command'] },
  stopServer: { act: 'stop', targets: ['server'] },
  stopEverything: { act: 'stop', targets: everything },
  collect: { act: 'collect', targets: [] },
} as const satisfies Readonly<Record<string, Deed>>;

const deedWeights: Readonly<Record<keyof typeof deeds, number>> = {
  command: 32,
  server: 13,
  both: 17,
  neighbour: 9,
  everything: 6,
  everythingAndDatabase: 5,
  drainCommand: 8,
  drainNeighbour: 2,
  stopCommand: 3,
  stopServer: 2,
  stopEverything: 3,
  collect: 4,
};

const momentWeights: Readonly<Record<Moment, number>> = {
  'start-up': 18,
  planned: 12,
  progress: 36,
  judging: 12,
  solved: 8,
  'everything-answered': 14,
};

export const longestDelaysMs: Readonly<Record<Moment, number>> = {
  'start-up': 1_500,
  planned: 400,
  progress: 60,
  judging: 100,
  solved: 250,
  'everything-answered': 450,
};

/** Beyond the heartbeat time-out of 30 s: the server gives up the work of whoever sleeps. */
const longStopMs = 33_000;
/** A server that stands still for longer is taken for dead by whoever starts meanwhile. */
const serverStopMs = 4_000;

export function drawInterruption(random: Random): Interruption {
  const moment = random.weighted(momentWeights);
  const deed = deeds[random.weighted(deedWeights)];
  const isLong = random.chance(0.12) && deed !== deeds.stopServer;
  return {
    deed,
    moment,
    delayMs: random.integer(0, longestDelaysMs[moment]),
    share: 0.03 + 0.4 * random.next(),
    stopMs: isLong ? longStopMs : random.integer(1_500, deed === deeds.stopServer ? serverStopMs : 6_000),
  };
}
