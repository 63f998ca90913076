import { ApplicationFailure } from '@temporalio/common';
import { outputsLostFailure, type SegmentInput, type WorkActivities } from '../contracts/activities.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { digestSample } from '../evaluation/result-digest.ts';
import type { ScoredSample } from '../evaluation/score.ts';
import type { ScoreSampleInput } from '../evaluation/score-sample.ts';
import type { SolvedSample } from '../evaluation/trace.ts';
import type { Store } from '../storage/store.ts';
import { createJournalledQueries } from './journalled-queries.ts';
import type { RunSegment, SegmentDependencies, SegmentStage } from './run-segment.ts';
import {
  countQueries,
  findOldestStanding,
  getAt,
  getAttempt,
  getModel,
  getTaskResult,
  listModelVersions,
  listStandingAnswers,
  readSamples,
  readSealed,
} from './segment-access.ts';
import { createSegmentMeter } from './segment-meter.ts';

/** Damage that comes back as often as this is none that solving anew can mend. */
const maxSolves = 3;

/**
 * Scores one segment of solver outputs; judges are asked, and their answers journalled, like evaluated models.
 *
 * Where the solver outputs turn out to be lost, it has them solved again first (design 3.1). Those that were taken over
 * are for another decision to make.
 *
 * @throws {ApplicationFailure} `outputs-lost`.
 */
export function createScoreSegment(
  { store, models, getPrepared, getStanding }: SegmentDependencies,
  runSegment: RunSegment,
  solveSegment: WorkActivities['solveSegment'],
): WorkActivities['scoreSegment'] {
  return async (input) => {
    const { taskResultId, key, planRef, segmentIndex } = input;
    const attempt = await getAttempt(store, input);
    const segment = { taskResultId, stage: 'score', segmentIndex, attempt } as const;
    const warnings = new Set<string>();
    const report = await runSegment<ScoredSample>(segment, async () => {
      const prepared = await getPrepared(planRef, key);
      const samples = await readSamples(prepared, segmentIndex);
      const solved = await readSolved(store, { ...input, attempt }, solveSegment);
      const { plan, task, scoreSample } = prepared;
      const meter = createSegmentMeter(plan, task, 'score');
      const findStanding = await getStanding(plan, segment);
      return {
        ...scoreStage,
        meter,
        modelVersions: listModelVersions(
          plan,
          task.definition.scorers.map((scorer) => ('model_key' in scorer ? scorer.model_key : undefined)),
        ),
        sampleIndexes: [...samples.keys()],
        async run(sampleIndex, answers, journal) {
          const sample = getAt(samples, sampleIndex);
          const outputs = getAt(solved, sampleIndex);
          const queries = createJournalledQueries({
            models,
            journal,
            sample,
            answers,
            onLost: meter.lose,
            findStanding,
          });
          const generateFor: ScoreSampleInput['generateFor'] = ({ scorerKey, trial, modelKey, recorder }) =>
            queries.makeGenerate({ trial, scorerKey, modelKey, model: getModel(plan, modelKey), recorder });
          const warnOnce = (message: string): unknown => warnings.add(message);
          const scored = await queries.run(() =>
            scoreSample({ sample, solved: outputs, attempt, generateFor, warnOnce }),
          );
          return { ...scored, digest: digestSample(outputs, scored) };
        },
      };
    });
    if (warnings.size > 0) await store.results.addWarnings(taskResultId, [...warnings], attempt);
    return report;
  };
}

const scoreStage: Omit<SegmentStage<ScoredSample>, 'sampleIndexes' | 'modelVersions' | 'run' | 'meter'> = {
  // Errors of the solver are carried along, not this stage's own; but what carries one is scored anew with the solver.
  isTriedAgain: (scored) => scored.errors.length > 0,
  hasFailed: (scored) => scored.errors.some(({ stage }) => stage !== 'solver'),
  countQueries: (scored) => countQueries(scored.trials),
  listTrials: ({ trials }) => trials,
  findOldestStanding: (scored) => findOldestStanding(scored.trials),
  listAnswers: ({ sample_index, trials }) => listStandingAnswers(sample_index, trials),
};

async function readSolved(
  store: Store,
  input: SegmentInput & { readonly attempt: number },
  solveSegment: WorkActivities['solveSegment'],
): Promise<ReadonlyMap<number, SolvedSample>> {
  const { taskResultId, segmentIndex, attempt } = input;
  const segment = { taskResultId, stage: 'solve', segmentIndex, attempt } as const;
  for (let solves = 0; ; solves++) {
    const sealed = await store.results.findSegment(segment);
    const lines = sealed && (await readSealed<SolvedSample>(store, segment, sealed));
    if (lines !== undefined) return new Map(lines.map((line) => [line.sample_index, line]));
    const { reuse } = await getTaskResult(store, taskResultId);
    if (reuse === 'partial' || reuse === null) throw makeOutputsLost();
    if (solves === maxSolves) {
      throw new EvaluationError(
        'blob-damaged',
        `Segment ${segmentIndex} of task result ${taskResultId} was solved and lost ${maxSolves} times: the disk does not keep what it is given.`,
      );
    }
    await solveSegment(input);
  }
}

function makeOutputsLost(): ApplicationFailure {
  return ApplicationFailure.create({
    type: outputsLostFailure,
    message: 'Solver outputs that were taken over are lost.',
    nonRetryable: true,
  });
}
