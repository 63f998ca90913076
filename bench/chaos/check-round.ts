import { checkDocuments, type ReportedTask } from './check-documents.ts';
import { checkQueries, type QueryExpectation, type QueryFigures } from './check-queries.ts';
import type { Evaluation } from './evaluation.ts';
import { expectQueries, tolerateQueries } from './expect-queries.ts';
import { checkVerdicts, isDoubtful, type Knowledge, learn } from './knowledge.ts';
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

/** Looks at what a round has left: runs, results and the service's books. Takes the results in, and the runs among those known. */
export async function checkRound(
  evaluations: readonly Evaluation[],
  played: Pick<QueryExpectation, 'losses' | 'sleepers'>,
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
  const policy = evaluations[0]?.policy ?? 'reuse';
  const runs = await readNewRuns(store, knownRuns);
  for (const { run } of runs) knownRuns.add(run);
  const tasks = matchTasks(runs, evaluations);
  const outcomes = listOutcomes(tasks);
  const queries = checkQueries(await service.readBooks(), {
    expected: expectQueries(outcomes),
    tolerated: tolerateQueries(outcomes, known),
    ...played,
    mostInFlight,
  });
  await references.learn(tasks.map(({ specification }) => specification));
  const problems = [
    ...checkDocuments(runs, tasks, references.known, (specification) => isDoubtful(specification, known)),
    ...checkVerdicts(policy, outcomes, known),
    ...queries.problems,
    ...(await checkList(store, folder, knownRuns)),
  ];
  learn(policy, outcomes, known);
  return { tasks, runs: runs.length, queries: queries.figures, problems };
}
