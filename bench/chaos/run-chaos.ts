import { rm } from 'node:fs/promises';
import path from 'node:path';
import { mistreatStore } from './between-rounds.ts';
import type { ReportedTask } from './check-documents.ts';
import { addFigures, noFigures, type QueryFigures } from './check-queries.ts';
import { checkRound } from './check-round.ts';
import { type Contents, describeRound, drawRound, firstContents, listEvaluations } from './draw-round.ts';
import { verifyStore } from './keep-house.ts';
import { createKnowledge } from './knowledge.ts';
import type { ChaosOptions } from './options.ts';
import { playRound } from './play-round.ts';
import { waitForNoProcess } from './processes.ts';
import { createRandom } from './random.ts';
import { createReferences } from './references.ts';
import { formatNumber, type Say } from './report.ts';
import type { Phase } from './round-view.ts';
import { startService } from './start-service.ts';

/** What a chaos run came to. */
export interface ChaosFigures {
  readonly rounds: number;
  readonly runs: number;
  readonly taskResults: number;
  /** Moments of `kill -9`, by where in a run they fell, and the commands that died in them. */
  readonly kills: ReadonlyMap<Phase, number>;
  readonly killedCommands: number;
  readonly givenUp: number;
  readonly leftOpen: number;
  readonly longestPauseMs: number;
  readonly queries: QueryFigures;
  /** What does not hold; the last round is the one it was found in. */
  readonly problems: readonly string[];
}

/** A store is left after so many rounds, so that a run of days needs no more disk than one of minutes. */
const roundsPerStore = 12;

/** Longer than a server takes that the last command has told to end. */
const serverEndMs = 20_000;

/** Plays rounds until the time is over, enough kills were made, or something does not hold. */
export async function runChaos(options: ChaosOptions, folder: string, say: Say): Promise<ChaosFigures> {
  const { seed } = options;
  const endMs = performance.now() + (options.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
  const mostKills = options.kills ?? Number.POSITIVE_INFINITY;
  const kills = new Map<Phase, number>();
  let killMoments = 0;
  let starts = 0;
  let contents: Contents = firstContents;
  let sum = {
    rounds: 0,
    runs: 0,
    taskResults: 0,
    killedCommands: 0,
    givenUp: 0,
    leftOpen: 0,
    longestPauseMs: 0,
    queries: noFigures,
  };
  const isOver = () => killMoments >= mostKills || performance.now() >= endMs;

  const service = await startService(seed);
  try {
    const references = createReferences(path.join(folder, 'reference'), service.referenceUrl);
    let life = beginStore(folder, 1);
    while (sum.rounds === 0 || !isOver()) {
      const number = sum.rounds + 1;
      const random = createRandom(seed, 'round', number);
      if (life.rounds === roundsPerStore) {
        await rm(life.store, { recursive: true, force: true });
        life = beginStore(folder, number);
      }
      const isDamaged = life.rounds > 0 && (await mistreatStore({ ...life, random, say }));
      const round = drawRound(contents, random, {
        kind: life.rounds === 0 ? 'fresh' : isDamaged ? 'again' : undefined,
      });
      contents = round.contents;
      say(`round ${number}: ${describeRound(round)}`);
      await service.beginRound();
      const played = await playRound(round, {
        ...life,
        folder,
        service,
        random,
        mayInterrupt: () => !isOver(),
        countKill(phase) {
          kills.set(phase, (kills.get(phase) ?? 0) + 1);
          return ++killMoments;
        },
        nameStart: () => `start-${++starts}`,
        say,
      });
      const left = await waitForNoProcess(life.store, serverEndMs);
      const losses = new Map([...played.killed].map((name) => [name, 1]));
      const report = await checkRound(listEvaluations(round), { losses }, { ...life, folder, service, references });
      life = { ...life, rounds: life.rounds + 1, tasks: report.tasks };
      sum = {
        rounds: number,
        runs: sum.runs + report.runs,
        taskResults: sum.taskResults + report.tasks.length,
        killedCommands: sum.killedCommands + played.killed.size,
        givenUp: sum.givenUp + played.givenUp,
        leftOpen: sum.leftOpen + played.leftOpen,
        longestPauseMs: Math.max(sum.longestPauseMs, played.longestPauseMs),
        queries: addFigures(sum.queries, report.queries),
      };
      const { answered, expected, resent, bound } = report.queries;
      say(
        `round ${number} ended: ${formatNumber(answered)} of ${formatNumber(expected)} answers, ` +
          `${resent} sent again (at most ${formatNumber(bound)}), ${report.runs} runs, ${report.tasks.length} task results`,
      );
      const isLast = life.rounds === roundsPerStore || isOver();
      const problems = [
        ...left.map(({ pid, command }) => `process ${pid} was left behind: ${command}`),
        ...report.problems,
        ...(isLast ? await verifyStore(life.store, life.damaged) : []),
      ];
      if (problems.length > 0) return { ...sum, kills, problems };
    }
    return { ...sum, kills, problems: [] };
  } finally {
    await service.close();
  }
}

/** What is known of one store. */
interface StoreLife {
  readonly store: string;
  readonly known: ReturnType<typeof createKnowledge>;
  readonly knownRuns: Set<string>;
  /** Digests of what was damaged on purpose. */
  readonly damaged: Set<string>;
  readonly rounds: number;
  /** Of the last round. */
  readonly tasks: readonly ReportedTask[];
}

function beginStore(folder: string, round: number): StoreLife {
  const store = path.join(folder, `store-${round}`);
  return { store, known: createKnowledge(), knownRuns: new Set(), damaged: new Set(), rounds: 0, tasks: [] };
}
