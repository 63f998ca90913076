import { compileSampleTexts } from './compile-sample-text.ts';
import { compileValue } from './compile-value.ts';
import { meanOf } from './mean-of.ts';
import type { ScorerKind } from './scorer-kind.ts';

/** Whether the answer contains all, or any, of some texts. */
export const includesScorer: ScorerKind<'includes'> = {
  type: 'includes',
  revision: 1,
  defaultMetrics: meanOf('is_correct', 'accuracy'),
  create({ key, text, match, ignore_case, value }) {
    const renderTexts = compileSampleTexts(text, key, 'text');
    const readValue = compileValue(value, key);
    const fold = ignore_case ? (part: string) => part.toLowerCase() : (part: string) => part;
    return (input) => {
      const answer = fold(readValue(input));
      const found: string[] = [];
      const missing: string[] = [];
      for (const wanted of renderTexts(input.sample)) (answer.includes(fold(wanted)) ? found : missing).push(wanted);
      const is_correct = match === 'all' ? missing.length === 0 : found.length > 0;
      return { values: { is_correct }, metadata: { found, missing } };
    };
  },
};
