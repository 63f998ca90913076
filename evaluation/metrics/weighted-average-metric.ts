import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { ScoreValue } from '../score.ts';
import { textForm } from '../text-form.ts';
import type { MetricKind } from './metric-kind.ts';
import { emptyReason, makeOutcome } from './named-values.ts';
import { NeumaierSum } from './neumaier-sum.ts';
import { readField } from './read-field.ts';

export const weightedAverageMetric: MetricKind<'weighted_average'> = {
  type: 'weighted_average',
  revision: 1,
  create({ field, weights, name = `${field}_weighted_average`, key }) {
    const sum = new NeumaierSum();
    let samples = 0;
    let missing = 0;
    return {
      add(values, sampleId, times = 1) {
        samples += times;
        const label = readField(values, field);
        if (label === undefined) {
          missing += times;
          return;
        }
        const weight = findWeight(weights, label);
        if (weight === undefined) {
          throw new EvaluationError(
            'metric-failed',
            `Metric ${key}: sample ${sampleId} has the label ${JSON.stringify(label)}, which has no weight.`,
            { hint: `Give it a weight; there are weights for ${Object.keys(weights).join(', ')}.` },
          );
        }
        sum.add(weight * times);
      },
      finish() {
        const present = samples - missing;
        return makeOutcome([[name, present === 0 ? emptyReason(samples) : sum.value / present]], {
          num_missing: missing,
        });
      },
    };
  },
};

function findWeight(weights: Readonly<Record<string, number>>, label: Exclude<ScoreValue, null>): number | undefined {
  const form = textForm(label);
  if (Object.hasOwn(weights, form)) return weights[form];
  if (typeof label !== 'boolean') return undefined;
  const declared = Object.keys(weights).find((other) => other.toLowerCase() === form);
  return declared === undefined ? undefined : weights[declared];
}
