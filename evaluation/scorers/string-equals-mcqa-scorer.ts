import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { getOutputText } from '../output-text.ts';
import type { Sample } from '../sample.ts';
import { textForm } from '../text-form.ts';
import { compileSampleText, compileSampleTexts } from './compile-sample-text.ts';
import { meanOf } from './mean-of.ts';
import { parseList } from './parse-list.ts';
import type { ScorerKind } from './scorer-kind.ts';

/** Multiple choice: the first character of the answer is the choice. */
export const stringEqualsMcqaScorer: ScorerKind<'string_equals_mcqa'> = {
  type: 'string_equals_mcqa',
  revision: 1,
  defaultMetrics: meanOf('is_correct', 'accuracy'),
  create({ key, ground_truth_choice, choices }) {
    const renderGroundTruth = compileSampleText(ground_truth_choice, key, 'ground_truth_choice');
    const readChoices = compileChoices(choices, key);
    return ({ sample, solverOutput }, { warnOnce }) => {
      const groundTruth = renderGroundTruth(sample);
      const declared = readChoices(sample);
      const predicted = firstCharacter(getOutputText(solverOutput));
      // The same words for every sample, so that the task says it once.
      if (!declared.includes(groundTruth))
        warnOnce(`Scorer ${key}: there are samples whose ground truth is not among their choices.`);
      return {
        values: { is_correct: predicted !== '' && predicted === groundTruth },
        metadata: {
          ground_truth_choices: declared,
          ground_truth_correct_choice: groundTruth,
          predicted_choice: predicted,
          completion_validity: predicted === '' ? 'unknown' : declared.includes(predicted) ? 'valid' : 'invalid',
        },
      };
    };
  },
};

function firstCharacter(text: string): string {
  const codePoint = text.codePointAt(0);
  return codePoint === undefined ? '' : String.fromCodePoint(codePoint);
}

/** One template renders to a list as JSON or in Python's form; a list of templates is the list. */
function compileChoices(choices: string | readonly string[], key: string): (sample: Sample) => string[] {
  if (typeof choices !== 'string') return compileSampleTexts(choices, key, 'choices');
  const render = compileSampleText(choices, key, 'choices');
  return (sample) => {
    const list = parseList(render(sample));
    if (list === undefined) {
      throw new EvaluationError('scorer-failed', `Scorer ${key}, sample ${sample.id}: choices is not a list.`, {
        hint: 'Render a JSON list, for example {{ sample.choices | tojson }}, or write a list of templates.',
      });
    }
    return list.map((choice) => textForm(choice) ?? 'null');
  };
}
