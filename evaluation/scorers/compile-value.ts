import { getOutputText } from '../output-text.ts';
import { compileTemplate } from '../template/compile-template.ts';
import { createTraceNames } from '../template/trace-names.ts';
import type { ScoreInput } from './scorer-kind.ts';

/**
 * The text that a scorer judges: `value` rendered, where it is given, else the output text.
 *
 * @throws {EvaluationError} at once `template-syntax`; per trial `template-undefined`, `template-failed`, and
 *   `scorer-failed` for an output without text.
 */
export function compileValue(value: string | undefined, scorerKey: string): (input: ScoreInput) => string {
  if (value === undefined) return ({ solverOutput }) => getOutputText(solverOutput);
  const template = compileTemplate(value, `scorers.${scorerKey}.value`);
  return ({ sample, solverOutput }) =>
    template.render({ ...createTraceNames(solverOutput), sample: sample.row }, sample.id);
}
