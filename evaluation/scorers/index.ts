import type { Scorer } from '../spec/scorers.ts';
import { bleuScorer } from './bleu-scorer.ts';
import { functionCallCoverageScorer } from './function-call-coverage-scorer.ts';
import { includesScorer } from './includes-scorer.ts';
import { jsonSchemaScorer } from './json-schema-scorer.ts';
import { labelerViaModel } from './labeler-via-model.ts';
import { modelAsAJudgeClassifier } from './model-as-a-judge-classifier.ts';
import { modelAsAJudgeScorer } from './model-as-a-judge-scorer.ts';
import { numericEqualsScorer } from './numeric-equals-scorer.ts';
import { regexMatchScorer } from './regex-match-scorer.ts';
import type { ScorerKind } from './scorer-kind.ts';
import { stringEqualsMcqaScorer } from './string-equals-mcqa-scorer.ts';
import { stringEqualsScorer } from './string-equals-scorer.ts';

/** Every type of scorer. A type of the format without an entry does not build. */
export const scorerKinds: { readonly [Type in Scorer['type']]: ScorerKind<Type> } = {
  string_equals: stringEqualsScorer,
  string_equals_mcqa: stringEqualsMcqaScorer,
  includes: includesScorer,
  regex_match: regexMatchScorer,
  numeric_equals: numericEqualsScorer,
  model_as_a_judge_classifier: modelAsAJudgeClassifier,
  model_as_a_judge_scorer: modelAsAJudgeScorer,
  labeler_via_model: labelerViaModel,
  bleu: bleuScorer,
  function_call_coverage: functionCallCoverageScorer,
  json_schema: jsonSchemaScorer,
};

/** The kind of a type; for a specification whose type is open, one that takes any specification. */
export function getScorerKind<Type extends Scorer['type']>(type: Type): ScorerKind<Type> {
  return scorerKinds[type];
}
