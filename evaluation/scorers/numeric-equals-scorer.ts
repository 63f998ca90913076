import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { compileSampleText } from './compile-sample-text.ts';
import { compileValue } from './compile-value.ts';
import { findNumber, parseNumber } from './find-numbers.ts';
import { meanOf } from './mean-of.ts';
import type { ScorerKind } from './scorer-kind.ts';

/** Whether a number of the answer lies within a tolerance of the expected one. */
export const numericEqualsScorer: ScorerKind<'numeric_equals'> = {
  type: 'numeric_equals',
  revision: 1,
  defaultMetrics: meanOf('is_correct', 'accuracy'),
  create({ key, ground_truth, extract, tolerance, relative_tolerance, value }) {
    const renderGroundTruth = compileSampleText(ground_truth, key, 'ground_truth');
    const readValue = compileValue(value, key);
    return (input) => {
      const expected = parseNumber(renderGroundTruth(input.sample));
      if (expected === undefined) {
        throw new EvaluationError(
          'scorer-failed',
          `Scorer ${key}, sample ${input.sample.id}: the ground truth is no number.`,
          {
            hint: 'ground_truth must render to a number and nothing else.',
          },
        );
      }
      const text = readValue(input);
      const predicted = extract === 'whole' ? parseNumber(text) : findNumber(text, extract);
      const allowed = Math.max(tolerance, relative_tolerance * Math.abs(expected));
      const is_correct = predicted !== undefined && Math.abs(predicted - expected) <= allowed;
      return { values: { is_correct }, metadata: { predicted: predicted ?? null, expected } };
    };
  },
};
