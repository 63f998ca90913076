import { compileJudge } from './judge/ask-judge.ts';
import { createLabelShape, createOpenLabelShape } from './judge/reply-shape.ts';
import type { ScorerKind } from './scorer-kind.ts';

/** A model gives a label, one of some or any; nothing is right or wrong. */
export const labelerViaModel: ScorerKind<'labeler_via_model'> = {
  type: 'labeler_via_model',
  revision: 1,
  defaultMetrics: [{ type: 'frequency', field: 'label' }],
  create(spec) {
    const { valid_labels: labels } = spec;
    const judge = compileJudge(
      spec,
      labels.length === 0 ? createOpenLabelShape('label') : createLabelShape('label', labels),
    );
    return async (input, { generate }) => {
      const { verdict: label, reasoning, confidence } = await judge(input, generate);
      return { values: { label }, metadata: { reasoning, confidence } };
    };
  },
};
