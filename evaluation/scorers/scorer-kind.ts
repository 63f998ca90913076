import type { Generate } from '../model-io.ts';
import type { CompleteScorer } from '../plan.ts';
import type { Sample } from '../sample.ts';
import type { Score } from '../score.ts';
import type { Metric } from '../spec/metrics.ts';
import type { Scorer } from '../spec/scorers.ts';
import type { SolverOutput } from '../trace.ts';

export interface ScoreInput {
  readonly sample: Sample;
  readonly trial: number;
  readonly solverOutput: SolverOutput;
}

export interface ScoreContext {
  /** Asks the judge; throws for scorers without `model_key`. */
  readonly generate: Generate;
  /** Said once per task result, not once per sample. */
  readonly warnOnce: (message: string) => void;
}

/** Judges one trial. Throws `EvaluationError`, which becomes the sample's error of stage `score` for this scorer. */
export type ScoreTrial = (input: ScoreInput, context: ScoreContext) => Score | Promise<Score>;

/** One type of scorer; register it in `scorers/index.ts`. */
export interface ScorerKind<Type extends Scorer['type'] = Scorer['type']> {
  readonly type: Type;
  /** Raised when the score for the same input can change; part of the result key. */
  readonly revision: number;
  /** Metrics of a scorer that lists none (format 9). */
  readonly defaultMetrics: readonly Metric[];
  /** @throws {EvaluationError} `template-syntax`, `config-invalid` for what can never work. */
  create(spec: Extract<CompleteScorer, { type: Type }>): ScoreTrial;
}
