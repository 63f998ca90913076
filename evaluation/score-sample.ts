import { type ActionOutcome, compileActionRules } from './actions/compile-action-rules.ts';
import type { Generate } from './model-io.ts';
import type { CompleteDefinition, CompleteScorer } from './plan.ts';
import { createQueryRecorder, type QueryRecorder } from './query-recorder.ts';
import type { Sample } from './sample.ts';
import type { Score, ScoredSample, ScoredTrial } from './score.ts';
import { getScorerKind } from './scorers/index.ts';
import type { ScoreTrial } from './scorers/scorer-kind.ts';
import { settleAll } from './settle-all.ts';
import { toSampleError } from './to-sample-error.ts';
import type { SampleError, SolvedSample, SolverOutput } from './trace.ts';
import { aggregateTrials } from './trials/aggregate-trials.ts';

/** Which judge is asked, by whom and about which trial. */
export interface JudgeUse {
  readonly scorerKey: string;
  readonly modelKey: string;
  readonly trial: number;
  /** Is told of each query. */
  readonly recorder: QueryRecorder;
}

export interface ScoreSampleInput {
  readonly sample: Sample;
  readonly solved: SolvedSample;
  /** Run attempt, from 1. */
  readonly attempt: number;
  readonly generateFor: (use: JudgeUse) => Generate;
  /** Passes a warning on the first time that it is given with these words. */
  readonly warnOnce: (message: string) => void;
}

/**
 * Scores all trials of a sample with all scorers, makes sample scores of trial scores, and runs the action rules. A sample
 * that was not solved gets no scores, and its solver errors are carried along.
 *
 * @throws whatever is not this sample's error (see {@link toSampleError}), once all scorers have come to rest.
 */
export type ScoreSample = (input: ScoreSampleInput) => Promise<ScoredSample>;

/** @throws {EvaluationError} `template-syntax`, `config-invalid` for what can never work. */
export function createSampleScorer(definition: CompleteDefinition): ScoreSample {
  const scorers = definition.scorers.map((spec) => ({ spec, score: getScorerKind(spec.type).create(spec) }));
  const runActionRules = compileActionRules(definition.actions);

  return async (input) => {
    const outputs = listOutputs(input.solved);
    const [firstOutput] = outputs ?? [];
    if (outputs === undefined || firstOutput === undefined) return makeScoredSample(input, [], {}, noActions, []);
    const trials = await settleAll(
      scorers.flatMap(({ spec, score }) => outputs.map((output) => scoreTrial(input, spec, score, output))),
    );
    const scores = aggregateScores(definition, trials);
    const actions = runActionRules({
      sample: input.sample,
      solverOutput: firstOutput.output,
      scores,
      failedScorers: definition.scorers.map(({ key }) => key).filter((key) => !Object.hasOwn(scores, key)),
    });
    const scoreErrors = trials.flatMap(({ error }) => error ?? []);
    return makeScoredSample(input, trials, scores, actions, scoreErrors);
  };
}

interface TrialOutput {
  readonly trial: number;
  readonly output: SolverOutput;
}

const noActions: ActionOutcome = { records: [], errors: [] };

/** Outputs of all trials; `undefined` if one failed, for then the sample did. */
function listOutputs({ trials }: SolvedSample): TrialOutput[] | undefined {
  const outputs = trials.flatMap(({ trial, output }) => (output === null ? [] : [{ trial, output }]));
  return outputs.length === trials.length ? outputs : undefined;
}

async function scoreTrial(
  input: ScoreSampleInput,
  spec: CompleteScorer,
  score: ScoreTrial,
  { trial, output }: TrialOutput,
): Promise<ScoredTrial> {
  const recorder = createQueryRecorder();
  const finish = (outcome: Pick<ScoredTrial, 'score' | 'error'>): ScoredTrial => ({
    trial,
    scorer_key: spec.key,
    ...outcome,
    queries: recorder.queries,
    failed_queries: recorder.failedQueries,
  });
  try {
    const generate = bindJudge(input, spec, trial, recorder);
    const context = { generate, warnOnce: input.warnOnce };
    return finish({ score: await score({ sample: input.sample, trial, solverOutput: output }, context) });
  } catch (error) {
    return finish({ score: null, error: toSampleError(error, { stage: 'score', trial, scorer_key: spec.key }) });
  }
}

function bindJudge(input: ScoreSampleInput, spec: CompleteScorer, trial: number, recorder: QueryRecorder): Generate {
  if ('model_key' in spec) {
    return input.generateFor({ scorerKey: spec.key, modelKey: spec.model_key, trial, recorder });
  }
  return () => Promise.reject(new Error(`Scorer ${spec.key} names no model, so that it has none to ask.`));
}

function aggregateScores(
  { scorers, score_aggregators: aggregators = [] }: CompleteDefinition,
  trials: readonly ScoredTrial[],
): Readonly<Record<string, Score>> {
  const scores: [string, Score][] = [];
  for (const { key } of scorers) {
    const ofScorer = trials.filter(({ scorer_key }) => scorer_key === key).map(({ score }) => score);
    const good = ofScorer.filter((score) => score !== null);
    // One failed trial fails the sample for this scorer; its other trials are kept for looking at.
    if (good.length === ofScorer.length) scores.push([key, aggregateTrials(good, aggregators)]);
  }
  return Object.fromEntries(scores);
}

function makeScoredSample(
  input: ScoreSampleInput,
  trials: readonly ScoredTrial[],
  scores: Readonly<Record<string, Score>>,
  actions: ActionOutcome,
  scoreErrors: readonly SampleError[],
): ScoredSample {
  return {
    sample_index: input.sample.index,
    sample_id: input.sample.id,
    attempt: input.attempt,
    trials,
    scores,
    action_records: actions.records,
    errors: [...input.solved.trials.flatMap(({ error }) => error ?? []), ...scoreErrors, ...actions.errors],
  };
}
