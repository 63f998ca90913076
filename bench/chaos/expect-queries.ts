import type { CachePolicy } from '../../contracts/cache-policy.ts';
import { type Evaluation, listQuestions, nameResult, nameSolver, type Specification } from './evaluation.ts';
import { hasScored, hasSolved, isDoubtful, type Knowledge, type Outcome } from './knowledge.ts';

/** How often each question has to be answered for what was worked on. */
export function expectQueries(outcomes: readonly Outcome[]): ReadonlyMap<string, number> {
  const expected = new Map<string, number>();
  for (const outcome of outcomes) {
    if (hasSolved(outcome)) addQuestions(expected, outcome.specification, 'solve');
    if (hasScored(outcome)) addQuestions(expected, outcome.specification, 'score');
  }
  return expected;
}

/** Questions that mending what was damaged may ask besides. */
export function tolerateQueries(outcomes: readonly Outcome[], known: Knowledge): ReadonlyMap<string, number> {
  const doubtful = new Map(
    outcomes
      .filter(({ specification }) => isDoubtful(specification, known))
      .map(({ specification }) => [nameResult(specification), specification]),
  );
  const tolerated = new Map<string, number>();
  for (const specification of doubtful.values()) {
    addQuestions(tolerated, specification, 'solve');
    addQuestions(tolerated, specification, 'score');
  }
  return tolerated;
}

/** How many different questions a round will ask, solvers' and judges', as far as can be foreseen. */
export function foreseeQuestions(
  policy: CachePolicy,
  evaluations: readonly Evaluation[],
  known: Knowledge,
): { readonly solve: number; readonly score: number } {
  const questions = { solve: new Map<string, number>(), score: new Map<string, number>() };
  for (const specification of evaluations.flatMap(({ specifications }) => specifications)) {
    const isReused = (standing: unknown) => policy === 'reuse' && standing === 'usable';
    if (isReused(known.results.get(nameResult(specification)))) continue;
    if (!isReused(known.solvers.get(nameSolver(specification)))) addQuestions(questions.solve, specification, 'solve');
    addQuestions(questions.score, specification, 'score');
  }
  return { solve: questions.solve.size, score: questions.score.size };
}

function addQuestions(sum: Map<string, number>, specification: Specification, stage: 'solve' | 'score'): void {
  for (const [question, times] of listQuestions(specification, stage)) {
    sum.set(question, (sum.get(question) ?? 0) + times);
  }
}
