import type { CachePolicy } from '../../contracts/cache-policy.ts';
import { countReplies, nameQuestion, type Role } from './questions.ts';

/** The tasks of the chaos command, by what is special about them. */
export const taskNames = ['plain', 'trials', 'judged', 'lone'] as const;
export type TaskName = (typeof taskNames)[number];

/** Sizes and shape of a task; all of it is part of the solver key. */
export interface TaskShape {
  readonly rows: number;
  readonly trials: number;
  /** Scorers that ask the judge. */
  readonly judges: readonly Exclude<Role, 'solve'>[];
}

export const taskShapes: Readonly<Record<TaskName, TaskShape>> = {
  plain: { rows: 1_600, trials: 1, judges: [] },
  trials: { rows: 220, trials: 2, judges: ['grade'] },
  judged: { rows: 320, trials: 1, judges: ['verdict'] },
  lone: { rows: 150, trials: 1, judges: [] },
};

/** One task specification, and by what its keys differ from those of others. */
export interface Specification {
  readonly key: string;
  readonly task: TaskName;
  /** Which rows: another edition has all of them anew. */
  readonly edition: number;
  /** What the scoring section says; for a judge, what it is asked. */
  readonly rubric: string;
}

/** One evaluation, as a run file holds it. */
export interface Evaluation {
  readonly key: string;
  readonly policy: CachePolicy;
  readonly specifications: readonly Specification[];
}

/** Equal for two specifications exactly when their solver keys are. */
export function nameSolver({ task, edition }: Specification): string {
  return `${task}@${edition}`;
}

/** Equal for two specifications exactly when their result keys are. */
export function nameResult(specification: Specification): string {
  return `${nameSolver(specification)}+${specification.rubric}`;
}

export function nameRow(edition: number, index: number): string {
  return `${edition}-${index}`;
}

/** The questions of one stage of a specification that is worked on once, with how often each is asked. */
export function listQuestions(specification: Specification, stage: 'solve' | 'score'): ReadonlyMap<string, number> {
  const { task, edition, rubric } = specification;
  const { rows, trials, judges } = taskShapes[task];
  const questions = new Map<string, number>();
  for (let index = 0; index < rows; index++) {
    const row = nameRow(edition, index);
    if (stage === 'solve') {
      questions.set(nameQuestion({ task, role: 'solve', rubric: '', row, corrections: 0 }), trials);
      continue;
    }
    for (const role of judges) {
      const replies = countReplies({ task, role, rubric, row });
      for (let corrections = 0; corrections < replies; corrections++) {
        questions.set(nameQuestion({ task, role, rubric, row, corrections }), trials);
      }
    }
  }
  return questions;
}

export function countQueries(specification: Specification, stage: 'solve' | 'score'): number {
  return [...listQuestions(specification, stage).values()].reduce((sum, times) => sum + times, 0);
}
