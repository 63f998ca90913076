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

export const aggregatorFunctions = ['mean', 'min', 'max', 'pass@k', 'pass^k'] as const;

/** How the scores of one name, of all trials, become a score of the sample (format 12.1). */
export const scoreAggregatorSchema = z.strictObject({
  score_name: z.string().min(1),
  aggregator: z
    .strictObject({
      function: z.enum(aggregatorFunctions),
      k: z.int().min(1).optional(),
      score_name: z.string().min(1).optional(),
    })
    .check((context) => {
      const { function: name, k } = context.value;
      const takesK = name === 'pass@k' || name === 'pass^k';
      if (takesK === (k !== undefined)) return;
      const message = takesK ? `a number k for ${name}` : `no k: only pass@k and pass^k take one`;
      context.issues.push({ code: 'custom', input: k, path: ['k'], message });
    }),
});
export type ScoreAggregator = z.output<typeof scoreAggregatorSchema>;

/** Attempts at each sample (format 12.1); scores of trials become scores of the sample. */
export const trialsSchema = z.strictObject({
  num_trials: z.int().min(1),
  score_aggregators: z.array(scoreAggregatorSchema).default([]),
});

export type Trials = z.output<typeof trialsSchema>;

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
