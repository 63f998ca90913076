import type { Generate } from '../model-io.ts';
import type { Sample } from '../sample.ts';
import type { Solver } from '../spec/solvers.ts';
import type { SolverOutput } from '../trace.ts';

export interface SolveContext {
  readonly trial: number;
  /** Asks the evaluated model; every answer is on disk before the next query that builds on it is sent. */
  readonly generate: Generate;
}

/** Solves one trial of one sample. Throws `EvaluationError`, which becomes the sample's error of stage `solver`. */
export type Solve = (sample: Sample, context: SolveContext) => Promise<SolverOutput>;

/** One type of solver; register it in `solvers/index.ts`. */
export interface SolverKind<Type extends Solver['type'] = Solver['type']> {
  readonly type: Type;
  /** Raised when the output for the same input can change; part of the solver key. */
  readonly revision: number;
  /** Whether the solver can call the evaluated model. */
  readonly usesModel: boolean;
  /** @throws {EvaluationError} `template-syntax` for what can never work. */
  create(spec: Extract<Solver, { type: Type }>): Solve;
}
