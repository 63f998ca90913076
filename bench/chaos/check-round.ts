import { checkDocuments, type ReportedTask } from './check-documents.ts';
import { checkQueries, type QueryFigures } from './check-queries.ts';
import type { Round } from './draw-round.ts';
import { expectQueries, tolerateQueries } from './expect-queries.ts';
import { checkVerdicts, isDoubtful, type Knowledge, learn } from './knowledge.ts';
import type { PlayedRound } from './play-round.ts';
import { waitForNoProcess } from './processes.ts';
import { checkList, listOutcomes, matchTasks, readNewRuns } from './read-runs.ts';
import type { References } from './references.ts';
import type { Service } from './start-service.ts';
import { mostInFlight } from './write-run-file.ts';

export interface RoundReport {
  readonly tasks: readonly ReportedTask[];
  readonly runs: number;
  readonly queries: QueryFigures;
  /** What does not hold. */
  readonly problems: readonly string[];
}

/** Longer than a server takes that the last command has told to end. */
const serverEndMs = 20_000;

/**
 * Looks at what a round has left: processes, runs, results and the service's books. Takes the results in, and the runs
 * among those known.
 */
export async function checkRound(
  round: Round,
  played: PlayedRound,
  setting: {
    readonly store: string;
    readonly folder: string;
    readonly service: Service;
    readonly references: References;
    readonly known: Knowledge;
    readonly knownRuns: Set<string>;
  },
): Promise<RoundReport> {
  const { store, folder, service, references, known, knownRuns } = setting;
  const left = await waitForNoProcess(store, serverEndMs);
  const evaluations = round.neighbour === undefined ? [round.main] : [round.main, round.neighbour];
  const { policy } = round.main;
  const runs = await readNewRuns(store, knownRuns);
  for (const { run } of runs) knownRuns.add(run);
  const tasks = matchTasks(runs, evaluations);
  const outcomes = listOutcomes(tasks);
  const queries = checkQueries(await service.readBooks(), {
    expected: expectQueries(outcomes),
    tolerated: tolerateQueries(outcomes, known),
    killed: played.killed,
    mostInFlight,
  });
  await references.learn(tasks.map(({ specification }) => specification));
  const problems = [
    ...left.map(({ pid, command }) => `process ${pid} was left behind: ${command}`),
    ...checkDocuments(runs, tasks, references.known, (specification) => isDoubtful(specification, known)),
    ...checkVerdicts(policy, outcomes, known),
    ...queries.problems,
    ...(await checkList(store, folder, knownRuns)),
  ];
  learn(policy, outcomes, known);
  return { tasks, runs: runs.length, queries: queries.figures, problems };
}
