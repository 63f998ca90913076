import type { WorkActivities } from '../contracts/activities.ts';
import type { SolveSampleInput } from '../evaluation/solve-sample.ts';
import type { SolvedSample } from '../evaluation/trace.ts';
import { createJournalledQueries } from './journalled-queries.ts';
import type { RunSegment, SegmentDependencies, SegmentStage } from './run-segment.ts';
import {
  countQueries,
  findOldestStanding,
  getAt,
  getAttempt,
  getModel,
  listModelVersions,
  listStandingAnswers,
  readSamples,
} from './segment-access.ts';
import { createSegmentMeter } from './segment-meter.ts';

/** Solves one segment: as many samples in progress as the model's limiter allows. */
export function createSolveSegment(
  { store, models, getPrepared, getStanding }: SegmentDependencies,
  runSegment: RunSegment,
): WorkActivities['solveSegment'] {
  return async (input) => {
    const { taskResultId, key, planRef, segmentIndex } = input;
    const attempt = await getAttempt(store, input);
    const segment = { taskResultId, stage: 'solve', segmentIndex, attempt } as const;
    return runSegment<SolvedSample>(segment, async () => {
      const prepared = await getPrepared(planRef, key);
      const samples = await readSamples(prepared, segmentIndex);
      const { plan, task, solveSample } = prepared;
      const meter = createSegmentMeter(plan, task, 'solve');
      const findStanding = await getStanding(plan, segment);
      return {
        ...solveStage,
        meter,
        modelVersions: listModelVersions(plan, [task.model_key]),
        sampleIndexes: [...samples.keys()],
        run(sampleIndex, answers, journal) {
          const sample = getAt(samples, sampleIndex);
          const queries = createJournalledQueries({
            models,
            journal,
            sample,
            answers,
            onLost: meter.lose,
            findStanding,
          });
          const generateFor: SolveSampleInput['generateFor'] = (trial, recorder) => {
            if (task.model_key === undefined) return () => Promise.reject(new Error('This solver asks no model.'));
            const model = getModel(plan, task.model_key);
            return queries.makeGenerate({ trial, scorerKey: '', modelKey: task.model_key, model, recorder });
          };
          return queries.run(() => solveSample({ sample, attempt, generateFor }));
        },
      };
    });
  };
}

const hasFailed = (solved: SolvedSample): boolean => solved.trials.some((trial) => trial.error !== undefined);

const solveStage: Omit<SegmentStage<SolvedSample>, 'sampleIndexes' | 'modelVersions' | 'run' | 'meter'> = {
  isTriedAgain: hasFailed,
  hasFailed,
  countQueries: (solved) => countQueries(solved.trials),
  listTrials: ({ trials }) => trials,
  findOldestStanding: (solved) => findOldestStanding(solved.trials),
  listAnswers: ({ sample_index, trials }) => listStandingAnswers(sample_index, trials),
};
