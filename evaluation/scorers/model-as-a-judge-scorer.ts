import { compileJudge } from './judge/ask-judge.ts';
import { createRangeShape } from './judge/reply-shape.ts';
import { meanOf } from './mean-of.ts';
import type { ScorerKind } from './scorer-kind.ts';

/** A judge gives a number, which is scaled to 0..1. */
export const modelAsAJudgeScorer: ScorerKind<'model_as_a_judge_scorer'> = {
  type: 'model_as_a_judge_scorer',
  revision: 1,
  defaultMetrics: meanOf('score', 'mean_score'),
  create(spec) {
    const { score_min, score_max } = spec;
    const judge = compileJudge(spec, createRangeShape('score', score_min, score_max));
    return async (input, { generate }) => {
      const { verdict: raw_score, reasoning, confidence } = await judge(input, generate);
      return {
        values: { score: (raw_score - score_min) / (score_max - score_min) },
        metadata: { raw_score, reasoning, confidence },
      };
    };
  },
};
