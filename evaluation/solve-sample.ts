import type { Generate } from './model-io.ts';
import type { CompleteDefinition } from './plan.ts';
import { createQueryRecorder, type QueryRecorder } from './query-recorder.ts';
import type { Sample } from './sample.ts';
import { settleAll } from './settle-all.ts';
import { getSolverKind } from './solvers/index.ts';
import { toSampleError } from './to-sample-error.ts';
import type { SolvedSample, SolvedTrial } from './trace.ts';

export interface SolveSampleInput {
  readonly sample: Sample;
  /** Run attempt, from 1. */
  readonly attempt: number;
  /** The evaluated model for one trial; reports each query to the recorder. */
  readonly generateFor: (trial: number, recorder: QueryRecorder) => Generate;
}

/**
 * Solves all trials of a sample side by side. What goes wrong with the sample is recorded in its trial.
 *
 * @throws whatever is not this sample's error (see {@link toSampleError}), once all trials have come to rest.
 */
export type SolveSample = (input: SolveSampleInput) => Promise<SolvedSample>;

/** @throws {EvaluationError} `template-syntax` for what can never work. */
export function createSampleSolver(
  definition: CompleteDefinition,
  options: { readonly numTrials: number },
): SolveSample {
  const solve = getSolverKind(definition.solver.type).create(definition.solver);
  const trials = Array.from({ length: options.numTrials }, (_, trial) => trial);

  return async (input) => ({
    sample_index: input.sample.index,
    sample_id: input.sample.id,
    attempt: input.attempt,
    trials: await settleAll(trials.map((trial) => solveTrial(input, trial))),
  });

  async function solveTrial({ sample, generateFor }: SolveSampleInput, trial: number): Promise<SolvedTrial> {
    const recorder = createQueryRecorder();
    const finish = (outcome: Pick<SolvedTrial, 'output' | 'error'>): SolvedTrial => ({
      trial,
      ...outcome,
      queries: recorder.queries,
      failed_queries: recorder.failedQueries,
    });
    try {
      return finish({ output: await solve(sample, { trial, generate: generateFor(trial, recorder) }) });
    } catch (error) {
      return finish({ output: null, error: toSampleError(error, { stage: 'solver', trial }) });
    }
  }
}
