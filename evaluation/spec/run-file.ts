import { z } from 'zod';
import { cachePolicies } from '../../contracts/cache-policy.ts';
import { readDollars } from '../usage/cost.ts';
import {
  defaultType,
  jsonSchema,
  keySchema,
  notBuiltYet,
  referenceTo,
  secretReferenceSchema,
  texts,
} from './common.ts';
import { datasetSchema } from './datasets.ts';
import { modelAdapterSchema, modelSchema } from './models.ts';
import { configSpecSchema } from './parameters.ts';
import { taskSchema } from './tasks.ts';
import type { Written } from './written.ts';

export const trialsConfigSchema = z.strictObject({ num_trials: z.int().min(1) });
const subsampling = z.enum(['head', 'random']);

/** The run config proper (format 4): enters the solver key whole, as written, except `cache_policy`. */
export const runConfigSchema = z.strictObject({
  num_samples: z.int().min(1).nullable().default(null),
  subsampling: subsampling.default('head'),
  cache_policy: z.enum(cachePolicies).default('reuse'),
  trials_config: trialsConfigSchema.optional(),
  seed: z.int().min(0).default(0),
});
export type RunConfig = z.output<typeof runConfigSchema>;

/** One use of a task with model, dataset and config values (format 5). */
export const taskSpecificationSchema = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: defaultType('standard'),
      key: keySchema.optional(),
      task_key: referenceTo('task'),
      task_config: z.record(z.string(), jsonSchema).default({}),
      model_key: referenceTo('model').optional(),
      num_samples: z.int().min(1).optional(),
      subsampling: subsampling.optional(),
      trials: trialsConfigSchema.optional(),
      repeatability: notBuiltYet('B'),
      matrix: notBuiltYet('B'),
      task_result_log_path: notBuiltYet('B'),
      display_name: z.string().optional(),
    }),
  ])
  .meta({ notBuiltTypes: { repeatability: 'B' } });
export type TaskSpecification = z.output<typeof taskSpecificationSchema>;

const labels = z.union([z.array(z.string()), z.literal('any')]).optional();

export const evaluationSchema = z.strictObject({
  key: keySchema,
  ...texts,
  config_spec: configSpecSchema,
  task_specifications: z.array(taskSpecificationSchema).default([]),
  cache_policy: z.enum(cachePolicies).optional(),
  tags: z.array(z.string()).optional(),
  use_cases: labels,
  domains: labels,
  providers: labels,
});
export type Evaluation = z.output<typeof evaluationSchema>;

/** What stops a run (format 17.1). */
export const limitsSchema = z.strictObject({
  max_sample_errors: z
    .number()
    .min(0)
    .refine((value) => Number.isInteger(value) || value < 1, 'a whole number, or a share between 0 and 1')
    .default(0),
  queries: z.int().min(1).optional(),
  /** US dollars. */
  cost: z
    .number()
    .positive()
    .refine((value) => readDollars(value) !== undefined, 'at most twelve decimals')
    .optional(),
  tokens: z.int().min(1).optional(),
  duration_s: z.number().positive().optional(),
  outage_patience_s: z.number().min(0).default(1_800),
});
export type Limits = z.output<typeof limitsSchema>;

/** Which single answers of stored results may stand in what has to be computed. */
export const reusedAnswers = ['off', 'solver', 'all'] as const;

/** What may stand (format 17.1). */
export const reuseSchema = z.strictObject({
  answers: z.enum(reusedAnswers).default('off'),
  max_age: z
    .string()
    .regex(/^[1-9][0-9]*[smhdw]$/, 'a whole number with s, m, h, d or w, such as 7d')
    .optional(),
});
export type ReuseSettings = z.output<typeof reuseSchema>;

/** A whole run config file (format 4). */
export const runFileSchema = z.strictObject({
  secrets: z.record(z.string(), secretReferenceSchema).default({}),
  model_adapters: z.array(modelAdapterSchema).default([]),
  models: z.array(modelSchema).default([]),
  dataset_generators: notBuiltYet('B'),
  datasets: z.array(datasetSchema).default([]),
  tasks: z.array(taskSchema).default([]),
  evaluation: evaluationSchema.optional(),
  config: z.record(z.string(), jsonSchema).default({}),
  run_config: runConfigSchema.default(() => runConfigSchema.parse({})),
  limits: limitsSchema.default(() => limitsSchema.parse({})),
  reuse: reuseSchema.default(() => reuseSchema.parse({})),
  policies: notBuiltYet('B'),
});
export type RunFile = z.output<typeof runFileSchema>;

/** A model of a provider in short (format 15.1, 17.2): turned into a `provider_connection` before validation. */
export const providerModelSchema = modelSchema
  .pick({
    display_name: true,
    rate_limit: true,
    max_concurrent_requests: true,
    generation: true,
    version: true,
    price: true,
    limit_group: true,
    max_retries: true,
    request_timeout: true,
  })
  .extend({ $provider: z.string().min(1), key: modelSchema.shape.key.optional() });

/** What an author writes, before placeholders are resolved and defaults filled in; the type of `defineRun`. */
export type RunFileInput = Omit<Written<z.input<typeof runFileSchema>>, 'models'> & {
  readonly models?: readonly Written<z.input<typeof modelSchema> | z.input<typeof providerModelSchema>>[];
};
