import { compileSampleText } from './compile-sample-text.ts';
import { compileValue } from './compile-value.ts';
import { meanOf } from './mean-of.ts';
import type { ScorerKind } from './scorer-kind.ts';

/** Exact comparison; nothing is trimmed. */
export const stringEqualsScorer: ScorerKind<'string_equals'> = {
  type: 'string_equals',
  revision: 1,
  defaultMetrics: meanOf('is_correct', 'accuracy'),
  create({ key, ground_truth, value }) {
    const renderGroundTruth = compileSampleText(ground_truth, key, 'ground_truth');
    const readValue = compileValue(value, key);
    return (input) => {
      const answer_gt = renderGroundTruth(input.sample);
      const answer_pred = readValue(input);
      return { values: { is_correct: answer_pred === answer_gt }, metadata: { answer_gt, answer_pred } };
    };
  },
};
