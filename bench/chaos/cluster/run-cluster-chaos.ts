import path from 'node:path';
import { addFigures, noFigures, type QueryFigures } from '../check-queries.ts';
import { checkRound } from '../check-round.ts';
import { type Contents, describeRound, drawRound, firstContents, listEvaluations } from '../draw-round.ts';
import { verifyStore } from '../keep-house.ts';
import { createKnowledge } from '../knowledge.ts';
import type { ChaosOptions } from '../options.ts';
import { createRandom } from '../random.ts';
import { createReferences } from '../references.ts';
import { formatNumber, type Say } from '../report.ts';
import { startService } from '../start-service.ts';
import { startCluster } from './cluster.ts';
import { createFaultDeck, deadlyFaults, type FaultKind } from './draw-fault.ts';
import { playClusterRound } from './play-cluster-round.ts';

/** What a chaos run on a cluster came to. */
export interface ClusterFigures {
  readonly workers: number;
  readonly rounds: number;
  readonly runs: number;
  readonly taskResults: number;
  readonly faults: ReadonlyMap<FaultKind, number>;
  /** Times that a worker may have lost what it had in flight. */
  readonly losses: number;
  readonly clientsGivenUp: number;
  readonly workersGivenUp: number;
  readonly longestPauseMs: number;
  readonly queries: QueryFigures;
  /** What does not hold; the last round is the one it was found in. */
  readonly problems: readonly string[];
}

/** Plays rounds on a cluster until the time is over, enough was killed, or something does not hold. */
export async function runClusterChaos(
  options: ChaosOptions & { readonly workers: number },
  folder: string,
  say: Say,
): Promise<ClusterFigures> {
  const { seed, workers } = options;
  const endMs = performance.now() + (options.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
  const mostKills = options.kills ?? Number.POSITIVE_INFINITY;
  const faults = new Map<FaultKind, number>();
  const drawFault = createFaultDeck(createRandom(seed, 'faults'), workers);
  const known = createKnowledge();
  const knownRuns = new Set<string>();
  let kills = 0;
  let starts = 0;
  let contents: Contents = firstContents;
  let sum = {
    workers,
    rounds: 0,
    runs: 0,
    taskResults: 0,
    losses: 0,
    clientsGivenUp: 0,
    workersGivenUp: 0,
    longestPauseMs: 0,
    queries: noFigures,
  };
  const isOver = () => kills >= mostKills || performance.now() >= endMs;

  const service = await startService(seed);
  try {
    await using cluster = await startCluster();
    const { store } = cluster;
    const references = createReferences(path.join(folder, 'reference'), service.referenceUrl);
    for (;;) {
      const number = sum.rounds + 1;
      const random = createRandom(seed, 'round', number);
      const round = drawRound(contents, random, {
        kind: number === 1 ? 'fresh' : undefined,
        seconds: { none: 0, same: 35, other: 65 },
      });
      contents = round.contents;
      say(`round ${number}: ${describeRound(round)}`);
      await service.beginRound();
      const two = listEvaluations(round);
      const evaluations = random.chance(0.4) ? [...two, round.main] : two; // a third time at once
      const played = await playClusterRound(evaluations, {
        folder,
        cluster,
        workers,
        service,
        known,
        random,
        drawFault,
        mayInterrupt: () => !isOver(),
        countFault({ kind }) {
          faults.set(kind, (faults.get(kind) ?? 0) + 1);
          if (deadlyFaults.has(kind)) kills += 1;
          return [...faults.values()].reduce((total, count) => total + count, 0);
        },
        nameStart: () => `start-${++starts}`,
        say,
      });
      const report = await checkRound(evaluations, played, { store, folder, service, references, known, knownRuns });
      sum = {
        workers,
        rounds: number,
        runs: sum.runs + report.runs,
        taskResults: sum.taskResults + report.tasks.length,
        losses: sum.losses + [...played.losses.values()].reduce((total, count) => total + count, 0),
        clientsGivenUp: sum.clientsGivenUp + played.clientsGivenUp,
        workersGivenUp: sum.workersGivenUp + played.workersGivenUp,
        longestPauseMs: Math.max(sum.longestPauseMs, played.longestPauseMs),
        queries: addFigures(sum.queries, report.queries),
      };
      const { answered, expected, resent, bound } = report.queries;
      say(
        `round ${number} ended: ${formatNumber(answered)} of ${formatNumber(expected)} answers, ` +
          `${resent} sent again (at most ${formatNumber(bound)}), ${report.runs} runs, ${report.tasks.length} task results`,
      );
      const problems = [...report.problems, ...(isOver() ? await verifyStore(store, new Set()) : [])];
      if (problems.length > 0 || isOver()) return { ...sum, faults, problems };
    }
  } finally {
    await service.close();
  }
}
