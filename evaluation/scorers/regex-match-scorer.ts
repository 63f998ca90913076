import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { compileSampleText } from './compile-sample-text.ts';
import { compileValue } from './compile-value.ts';
import { createGuardedMatch, MatchTimeout } from './guarded-match.ts';
import { meanOf } from './mean-of.ts';
import type { ScorerKind } from './scorer-kind.ts';

const matchTimeoutMs = 1_000;

/** Whether the answer matches an ECMAScript pattern and, with a ground truth, whether what it captures equals that. */
export const regexMatchScorer: ScorerKind<'regex_match'> = {
  type: 'regex_match',
  revision: 1,
  defaultMetrics: meanOf('is_correct', 'accuracy'),
  create({ key, pattern, match, ignore_case, ground_truth, value }) {
    const findMatch = createGuardedMatch(compilePattern(pattern, match, ignore_case), matchTimeoutMs);
    const renderGroundTruth =
      ground_truth === undefined ? undefined : compileSampleText(ground_truth, key, 'ground_truth');
    const readValue = compileValue(value, key);
    return (input) => {
      const wanted = renderGroundTruth?.(input.sample);
      const text = readValue(input);
      const found = failOnTimeout(() => findMatch(text), key, input.sample.id);
      if (found === null) return { values: { is_correct: false }, metadata: { matched: null, groups: [] } };
      const answer = found.groups?.['answer'] ?? found[1] ?? found[0];
      return {
        values: { is_correct: wanted === undefined || answer === wanted },
        metadata: { matched: found[0], groups: found.slice(1).map((group: string | undefined) => group ?? null) },
      };
    };
  },
};

/** The schema has compiled the pattern alone, so that brackets around it cannot make a pattern of what is none. */
function compilePattern(pattern: string, match: 'search' | 'full', ignoreCase: boolean): RegExp {
  return new RegExp(match === 'full' ? `^(?:${pattern})$` : pattern, ignoreCase ? 'iu' : 'u');
}

function failOnTimeout<Found>(findMatch: () => Found, key: string, sampleId: string): Found {
  try {
    return findMatch();
  } catch (error) {
    if (!(error instanceof MatchTimeout)) throw error;
    throw new EvaluationError(
      'scorer-failed',
      `Scorer ${key}, sample ${sampleId}: the pattern took over 1 s to match.`,
      {
        hint: 'Repetitions inside repetitions, such as (a+)+, try every way to split a text; write the pattern without.',
      },
    );
  }
}
