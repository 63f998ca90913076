import { ConfigurationError, EvaluationError } from '../contracts/evaluation-error.ts';
import { compileActionRules } from '../evaluation/actions/compile-action-rules.ts';
import type { CompleteDefinition } from '../evaluation/plan.ts';
import { getScorerKind } from '../evaluation/scorers/index.ts';
import { getSolverKind } from '../evaluation/solvers/index.ts';

/**
 * Makes everything that a definition describes once, so that what can never work is found before anything is spent:
 * template syntax, unknown filters, patterns.
 *
 * @throws {ConfigurationError} with all problems.
 */
export function checkDefinition(definition: CompleteDefinition): void {
  const problems: EvaluationError[] = [];
  const attempt = (make: () => unknown): void => {
    try {
      make();
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      problems.push(error);
    }
  };
  attempt(() => getSolverKind(definition.solver.type).create(definition.solver));
  for (const scorer of definition.scorers) attempt(() => getScorerKind(scorer.type).create(scorer));
  attempt(() => compileActionRules(definition.actions));
  const [first, ...rest] = problems;
  if (first !== undefined) throw new ConfigurationError([first, ...rest]);
}
