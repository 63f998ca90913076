import { compileJudge } from './judge/ask-judge.ts';
import { createLabelShape } from './judge/reply-shape.ts';
import { meanOf } from './mean-of.ts';
import type { ScorerKind } from './scorer-kind.ts';

/** A judge picks a label; some labels are correct. */
export const modelAsAJudgeClassifier: ScorerKind<'model_as_a_judge_classifier'> = {
  type: 'model_as_a_judge_classifier',
  revision: 1,
  defaultMetrics: meanOf('is_correct', 'accuracy'),
  create(spec) {
    const judge = compileJudge(
      spec,
      createLabelShape('prediction', [...spec.correct_labels, ...spec.incorrect_labels]),
    );
    return async (input, { generate }) => {
      const { verdict: prediction, reasoning, confidence } = await judge(input, generate);
      return {
        values: { is_correct: spec.correct_labels.includes(prediction) },
        metadata: { prediction, reasoning, confidence },
      };
    };
  },
};
