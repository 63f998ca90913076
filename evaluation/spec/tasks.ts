import { z } from 'zod';
import { defaultType, keySchema, notBuiltYet, referenceTo, texts } from './common.ts';
import { actionRuleSchema } from './filters.ts';
import { configSpecSchema } from './parameters.ts';
import { scorerSchema } from './scorers.ts';
import { solverSchema } from './solvers.ts';

export const taskDatasetSchema = z
  .discriminatedUnion('source', [
    z.strictObject({
      source: defaultType('dataset'),
      key: referenceTo('dataset'),
      keys: notBuiltYet('B'),
    }),
  ])
  .meta({ notBuiltTypes: { task_result: 'B' } });

/** Attempts at each sample (format 12.1); scores of trials become one sample score by their mean. */
export const trialsSchema = z.strictObject({ num_trials: z.int().min(1), score_aggregators: notBuiltYet('B') });

export const benchmarkDefinitionSchema = z.strictObject({
  type: defaultType('benchmark_task'),
  dataset: taskDatasetSchema,
  solver: solverSchema,
  scorers: z.array(scorerSchema).default([]),
  actions: z.array(actionRuleSchema).default([]),
  trials: trialsSchema.optional(),
});

/** dataset → solver → scorers → actions → metrics (format 7). */
export const definitionSchema = z
  .discriminatedUnion('type', [benchmarkDefinitionSchema])
  .meta({ notBuiltTypes: { system_task: 'B' } });
export type TaskDefinition = z.output<typeof definitionSchema>;

export const taskSchema = z.strictObject({
  key: keySchema,
  ...texts,
  tasks: z.array(z.enum(['chat_completion', 'embeddings', 'custom'])).optional(),
  config_spec: configSpecSchema,
  definition: definitionSchema,
  tags: z.array(z.string()).optional(),
});
export type Task = z.output<typeof taskSchema>;
