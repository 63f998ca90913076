import type { Solver } from '../spec/solvers.ts';
import { passThroughSolver } from './pass-through-solver.ts';
import { singleTurnSolver } from './single-turn-solver.ts';
import type { SolverKind } from './solver-kind.ts';

/** Every type of solver. A type of the format without an entry does not build. */
export const solverKinds: { readonly [Type in Solver['type']]: SolverKind<Type> } = {
  single_turn_solver: singleTurnSolver,
  pass_through_solver: passThroughSolver,
};

/** The kind of a type; for a specification whose type is open, one that takes any specification. */
export function getSolverKind<Type extends Solver['type']>(type: Type): SolverKind<Type> {
  return solverKinds[type];
}
