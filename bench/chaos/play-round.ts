import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAftermath } from './aftermath.ts';
import { createChanges } from './changes.ts';
import { drawInterruption } from './draw-interruption.ts';
import { listEvaluations, type Round } from './draw-round.ts';
import type { Evaluation } from './evaluation.ts';
import { finishOpenRuns } from './finish-open-runs.ts';
import type { Knowledge } from './knowledge.ts';
import { type Party, startParty } from './party.ts';
import { watchPauses } from './pauses.ts';
import { performDeed } from './perform-deed.ts';
import type { Random } from './random.ts';
import type { Say } from './report.ts';
import { createRoundView, type Phase } from './round-view.ts';
import { watchForStandstill } from './standstill.ts';
import type { Service } from './start-service.ts';
import { waitForMoment } from './wait-for-moment.ts';
import { writeRunFile } from './write-run-file.ts';

export interface RoundSetting {
  readonly folder: string;
  readonly store: string;
  readonly service: Service;
  readonly known: Knowledge;
  /** Of choices of this round only. */
  readonly random: Random;
  /** Asked before each interruption. */
  readonly mayInterrupt: () => boolean;
  /** Hears of each moment of `kill -9`, and gives its number. */
  readonly countKill: (phase: Phase) => number;
  readonly nameStart: () => string;
  readonly say: Say;
}

export interface PlayedRound {
  /** Names of the processes that died by `kill -9`. */
  readonly killed: ReadonlySet<string>;
  /** Starts that ended for want of the server that was killed under them. */
  readonly givenUp: number;
  /** Runs that were still open when every command was done, and that the same commands then ended. */
  readonly leftOpen: number;
  /** The longest time without a query while some were left. */
  readonly longestPauseMs: number;
}

const interruptionsPerRound = { least: 6, most: 11 } as const;
const latestNeighbourMs = 2_500;

/** Runs the commands of a round to their end, under interruptions. Rejects when one ends as it must not, or hangs. */
export async function playRound(round: Round, setting: RoundSetting): Promise<PlayedRound> {
  const { folder, store, service, random, say } = setting;
  const changes = createChanges();
  const over = new AbortController();
  const parties: Party[] = [];
  let givenUp = 0;
  let mayStart = Promise.resolve();
  let hasNeighbour = false;
  const findAtWork = () => parties.filter((party) => !party.isDone);
  const findParty = () => findAtWork()[0];

  const nameFile = (evaluation: string) => `${evaluation}.json`;
  const makeArguments = (evaluation: string) => [
    'run',
    '-f',
    path.join(folder, nameFile(evaluation)),
    '--store',
    store,
    '--json',
  ];
  const addParty = async (role: string, evaluation: Evaluation): Promise<void> => {
    await writeRunFile(folder, nameFile(evaluation.key), evaluation, service.baseUrl);
    const party = startParty({
      role,
      folder,
      arguments: makeArguments(evaluation.key),
      nameStart: setting.nameStart,
      mayStart: () => mayStart,
      onChange: changes.announce,
      onGivenUp(command) {
        givenUp++;
        const said = command.lastLines.findLast((line) => line.startsWith('error:')) ?? command.lastLines.at(-1);
        say(`the ${role} gave up for want of a server: ${said ?? 'it said nothing'}`);
      },
    });
    parties.push(party);
    await party.done;
  };
  const addNeighbour = async (evaluation: Evaluation): Promise<void> => {
    await sleep(random.integer(0, latestNeighbourMs), undefined, { signal: over.signal });
    hasNeighbour = true;
    await addParty('neighbour', evaluation);
  };

  const hasRun = () => findParty()?.command.run !== undefined;
  const view = createRoundView(listEvaluations(round), { known: setting.known, service, hasRun });
  const aftermath = createAftermath(changes, {
    service,
    isAlive(name) {
      const party = findParty();
      return party !== undefined && party.command.name === name && !party.isLeaving;
    },
    describeWork() {
      const run = findParty()?.command.run;
      return run === undefined ? '' : `, run ${run.id} ${run.wasOpen ? 'was taken up' : 'was started'}`;
    },
    say,
  });
  const pauses = watchPauses(say);
  const stopListening = service.onProgress((progress) => {
    pauses.see(progress, view.isEverythingAnswered);
    changes.announce();
  });
  const standstill = watchForStandstill(changes, () =>
    findAtWork().map(({ role, command }) => `The ${role}, pid ${command.pid}:\n${command.lastLines.join('\n')}`),
  );
  const neighbour = round.neighbour === undefined ? undefined : addNeighbour(round.neighbour);
  const allDone = (async () => {
    await addParty('command', round.main);
    if (hasNeighbour) await neighbour;
  })();
  const failed = Promise.race([standstill.happened, ...(neighbour === undefined ? [] : [neighbour.then(never)])]);
  const ended = Promise.race([allDone, failed]).finally(() => over.abort());
  ended.catch(() => undefined); // thrown below
  neighbour?.catch(() => undefined);

  try {
    await interrupt().catch((error: unknown) => {
      if (!over.signal.aborted) throw error; // else the round was over before the next moment came
    });
    await ended;
  } finally {
    aftermath.settle('the round was over');
    standstill.end();
    stopListening();
    over.abort();
  }
  const killed = new Set(parties.flatMap((party) => [...party.killed]));
  const leftOpen = await finishOpenRuns({ folder, store, makeArguments, nameStart: setting.nameStart });
  return { killed, givenUp, leftOpen, longestPauseMs: pauses.longestMs };

  async function interrupt(): Promise<void> {
    for (let left = random.integer(interruptionsPerRound.least, interruptionsPerRound.most); left > 0; left--) {
      const interruption = drawInterruption(random);
      await waitForMoment(interruption, {
        changes,
        view,
        hasRun,
        getStartMs: () => findParty()?.command.startedAtMs ?? 0,
        signal: over.signal,
      });
      if (!setting.mayInterrupt()) return;
      aftermath.settle('was interrupted again');
      const atMs = performance.now();
      const { phase } = view;
      const where = `${phase}, ${view.describeProgress()}, ${service.progress.inFlight} in flight`;
      const what = await performDeed(interruption, {
        folder,
        store,
        parties: findAtWork(),
        holdStarts(until) {
          mayStart = until;
        },
      });
      if (what === undefined) continue;
      if (interruption.deed.act === 'stop') pauses.excuse();
      const number = interruption.deed.act === 'kill' ? `kill ${setting.countKill(phase)}: ` : '';
      aftermath.begin(`${number}${what} (${where})`, atMs);
    }
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}
