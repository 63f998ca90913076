import type { WorkActivities } from '../contracts/activities.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { digestSample } from '../evaluation/result-digest.ts';
import type { ScoredSample } from '../evaluation/score.ts';
import type { ScoreSampleInput } from '../evaluation/score-sample.ts';
import type { SolvedSample } from '../evaluation/trace.ts';
import { readSegmentLines } from '../storage/segment-lines.ts';
import type { Store } from '../storage/store.ts';
import { createJournalledQueries } from './journalled-queries.ts';
import type { RunSegment, SegmentDependencies, SegmentStage } from './run-segment.ts';
import { countQueries, getAt, getModel, getTaskResult, listStandingAnswers, readSamples } from './segment-access.ts';

/** Scores one segment of solver outputs; judges are asked, and their answers journalled, like evaluated models. */
export function createScoreSegment(
  { store, models, getPrepared }: SegmentDependencies,
  runSegment: RunSegment,
): WorkActivities['scoreSegment'] {
  return async ({ taskResultId, key, planRef, segmentIndex }) => {
    const { attempt } = await getTaskResult(store, taskResultId);
    const segment = { taskResultId, stage: 'score', segmentIndex } as const;
    const warnings = new Set<string>();
    await runSegment<ScoredSample>(segment, attempt, async () => {
      const prepared = await getPrepared(planRef, key);
      const samples = await readSamples(prepared, segmentIndex);
      const solved = await readSolved(store, taskResultId, segmentIndex);
      const { plan, scoreSample } = prepared;
      return {
        ...scoreStage,
        sampleIndexes: [...samples.keys()],
        async run(sampleIndex, answers, signal) {
          const sample = getAt(samples, sampleIndex);
          const outputs = getAt(solved, sampleIndex);
          const queries = createJournalledQueries({
            models,
            journal: store.journal,
            segment,
            sample,
            answers,
            signal,
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
    if (warnings.size > 0) await store.results.addWarnings(taskResultId, [...warnings]);
  };
}

const scoreStage: Omit<SegmentStage<ScoredSample>, 'sampleIndexes' | 'run'> = {
  // Errors of the solver are carried along, not this stage's own; but what carries one is scored anew with the solver.
  isTriedAgain: (scored) => scored.errors.length > 0,
  hasFailed: (scored) => scored.errors.some(({ stage }) => stage !== 'solver'),
  countQueries: (scored) => countQueries(scored.trials),
  listAnswers: ({ sample_index, trials }) => listStandingAnswers(sample_index, trials),
};

async function readSolved(
  store: Store,
  taskResultId: string,
  segmentIndex: number,
): Promise<ReadonlyMap<number, SolvedSample>> {
  const sealed = await store.results.findSegment({ taskResultId, stage: 'solve', segmentIndex });
  if (sealed === undefined) {
    throw new EvaluationError('blob-missing', `Segment ${segmentIndex} of task result ${taskResultId} is not solved.`);
  }
  const lines = await readSegmentLines<SolvedSample>(store.content, sealed.blob.digest);
  return new Map(lines.map((line) => [line.sample_index, line]));
}
