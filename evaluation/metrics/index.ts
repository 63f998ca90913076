import type { Metric } from '../spec/metrics.ts';
import { binaryClassificationMetric } from './binary-classification-metric.ts';
import { f1ScoreMetric } from './f1-score-metric.ts';
import { frequencyMetric } from './frequency-metric.ts';
import { maxMetric } from './max-metric.ts';
import { meanMetric } from './mean-metric.ts';
import type { MetricKind } from './metric-kind.ts';
import { minMetric } from './min-metric.ts';
import { multiclassClassificationMetric } from './multiclass-classification-metric.ts';
import { precisionMetric } from './precision-metric.ts';
import { recallMetric } from './recall-metric.ts';
import { stdDevMetric } from './std-dev-metric.ts';
import { weightedAverageMetric } from './weighted-average-metric.ts';

/** Every type of metric. A type of the format without an entry does not build. */
export const metricKinds: { readonly [Type in Metric['type']]: MetricKind<Type> } = {
  mean: meanMetric,
  min: minMetric,
  max: maxMetric,
  std_dev: stdDevMetric,
  frequency: frequencyMetric,
  weighted_average: weightedAverageMetric,
  precision: precisionMetric,
  recall: recallMetric,
  f1_score: f1ScoreMetric,
  'binary-classification': binaryClassificationMetric,
  'multiclass-classification': multiclassClassificationMetric,
};

/** The kind of a type; for a specification whose type is open, one that takes any specification. */
export function getMetricKind<Type extends Metric['type']>(type: Type): MetricKind<Type> {
  return metricKinds[type];
}
