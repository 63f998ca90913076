import { computeSentenceBleu } from './bleu/sentence-bleu.ts';
import { compileSampleText } from './compile-sample-text.ts';
import { compileValue } from './compile-value.ts';
import { meanOf } from './mean-of.ts';
import type { ScorerKind } from './scorer-kind.ts';

/** How much of the wording of a reference the answer has. */
export const bleuScorer: ScorerKind<'bleu'> = {
  type: 'bleu',
  revision: 1,
  defaultMetrics: meanOf('bleu_score', 'bleu'),
  create({ key, ground_truth, value }) {
    const renderGroundTruth = compileSampleText(ground_truth, key, 'ground_truth');
    const readValue = compileValue(value, key);
    return (input) => ({
      values: { bleu_score: computeSentenceBleu(readValue(input), renderGroundTruth(input.sample)) },
      metadata: {},
    });
  },
};
