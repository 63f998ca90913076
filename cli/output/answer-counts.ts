import type { TaskDocument } from '../../client/run-document.ts';

/** Answers of the solver that hit the limit of their length. */
export function countCutOff(task: Pick<TaskDocument, 'usage'>): number {
  return countAnswers(task, 'answers_cut_off');
}

/** Answers of the solver that refused, or that a filter of the service kept back. */
export function countRefused(task: Pick<TaskDocument, 'usage'>): number {
  return countAnswers(task, 'answers_refused');
}

/** Wherever they came from: an answer that stands is cut off as well. */
function countAnswers(
  { usage = [] }: Pick<TaskDocument, 'usage'>,
  name: 'answers_cut_off' | 'answers_refused',
): number {
  return usage
    .filter(({ purpose }) => purpose === 'solver')
    .reduce((sum, { sent, stood, waited }) => sum + sent[name] + stood[name] + waited[name], 0);
}
