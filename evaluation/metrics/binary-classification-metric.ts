import { equalsAsText } from '../filters/equals-as-text.ts';
import type { ScoreValue } from '../score.ts';
import type { MetricKind } from './metric-kind.ts';
import { divide, emptyReason, makeOutcome, type NumberOrReason } from './named-values.ts';
import { readField } from './read-field.ts';

/** Only samples whose two values are both one of the two answers count; the others are `num_left_out`. */
export const binaryClassificationMetric: MetricKind<'binary-classification'> = {
  type: 'binary-classification',
  revision: 1,
  create({ field_gt, field_pred, positive_answer, negative_answer }) {
    const counts = { true_positives: 0, false_positives: 0, true_negatives: 0, false_negatives: 0 };
    let samples = 0;
    let missing = 0;
    let leftOut = 0;
    return {
      add(values, _sampleId, times = 1) {
        samples += times;
        const truth = readField(values, field_gt);
        const prediction = readField(values, field_pred);
        if (truth === undefined || prediction === undefined) {
          missing += times;
          return;
        }
        const isTruePositive = readAnswer(truth);
        const isPredictedPositive = readAnswer(prediction);
        if (isTruePositive === undefined || isPredictedPositive === undefined) leftOut += times;
        else if (isPredictedPositive) counts[isTruePositive ? 'true_positives' : 'false_positives'] += times;
        else counts[isTruePositive ? 'false_negatives' : 'true_negatives'] += times;
      },
      finish() {
        const { true_positives: tp, false_positives: fp, true_negatives: tn, false_negatives: fn } = counts;
        const named: [string, NumberOrReason][] = [
          ['accuracy', divide(tp + tn, tp + tn + fp + fn)],
          ['precision', divide(tp, tp + fp)],
          ['recall', divide(tp, tp + fn)],
          ['f1_score', divide(2 * tp, 2 * tp + fp + fn)],
        ];
        return makeOutcome(samples === missing ? named.map(([name]) => [name, emptyReason(samples)]) : named, {
          num_missing: missing,
          num_left_out: leftOut,
          details: { ...counts },
        });
      },
    };

    function readAnswer(value: ScoreValue): boolean | undefined {
      if (equalsAsText(value, positive_answer)) return true;
      return equalsAsText(value, negative_answer) ? false : undefined;
    }
  },
};
