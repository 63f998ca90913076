import { z } from 'zod';
import { keySchema } from './common.ts';

const key = keySchema.optional();
const name = z.string().min(1).optional();
const field = z.string().min(1);

const fieldMetric = <const T extends string>(type: T) => z.strictObject({ type: z.literal(type), key, field, name });

export const meanMetricSchema = fieldMetric('mean');
export const minMetricSchema = fieldMetric('min');
export const maxMetricSchema = fieldMetric('max');
export const stdDevMetricSchema = fieldMetric('std_dev');
export const frequencyMetricSchema = z.strictObject({ type: z.literal('frequency'), key, field });
export const weightedAverageMetricSchema = z.strictObject({
  type: z.literal('weighted_average'),
  key,
  field,
  weights: z.record(z.string(), z.number()).refine((weights) => Object.keys(weights).length > 0, 'at least one weight'),
  name,
});
export const precisionMetricSchema = z.strictObject({
  type: z.literal('precision'),
  key,
  num_true_positives_field: field,
  num_false_positives_field: field,
  name,
});
export const recallMetricSchema = z.strictObject({
  type: z.literal('recall'),
  key,
  num_true_positives_field: field,
  num_false_negatives_field: field,
  name,
});
export const f1ScoreMetricSchema = z.strictObject({
  type: z.literal('f1_score'),
  key,
  num_true_positives_field: field,
  num_false_positives_field: field,
  num_false_negatives_field: field,
  name,
});
export const binaryClassificationMetricSchema = z.strictObject({
  type: z.literal('binary-classification'),
  key,
  field_gt: field,
  field_pred: field,
  positive_answer: z.union([z.string(), z.number(), z.boolean()]),
  negative_answer: z.union([z.string(), z.number(), z.boolean()]),
});
export const multiclassClassificationMetricSchema = z.strictObject({
  type: z.literal('multiclass-classification'),
  key,
  field_gt: field,
  field_pred: field,
});

/** Aggregates over scores (format 10). */
export const metricSchema = z
  .discriminatedUnion('type', [
    meanMetricSchema,
    minMetricSchema,
    maxMetricSchema,
    stdDevMetricSchema,
    frequencyMetricSchema,
    weightedAverageMetricSchema,
    precisionMetricSchema,
    recallMetricSchema,
    f1ScoreMetricSchema,
    binaryClassificationMetricSchema,
    multiclassClassificationMetricSchema,
  ])
  .meta({ notBuiltTypes: { python: 'B', typescript: 'B' } });
export type Metric = z.output<typeof metricSchema>;
