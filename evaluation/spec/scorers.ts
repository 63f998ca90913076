import { z } from 'zod';
import type { JsonObject } from '../../contracts/json.ts';
import { compileJsonSchema } from '../json-schema.ts';
import { jsonSchema, keySchema, referenceTo, templateSchema } from './common.ts';
import { metricSchema } from './metrics.ts';

const common = {
  key: keySchema.optional(),
  display_name: z.string().optional(),
  purpose: z.enum(['score', 'qa']).default('score'),
  metrics: z.array(metricSchema).optional(),
} as const;

const value = templateSchema.optional();
const templates = z.union([templateSchema, z.array(templateSchema)]);

export const stringEqualsScorerSchema = z.strictObject({
  type: z.literal('string_equals'),
  ...common,
  ground_truth: templateSchema,
  value,
});
export const stringEqualsMcqaScorerSchema = z.strictObject({
  type: z.literal('string_equals_mcqa'),
  ...common,
  ground_truth_choice: templateSchema,
  choices: templates,
});
export const includesScorerSchema = z.strictObject({
  type: z.literal('includes'),
  ...common,
  text: templates,
  match: z.enum(['all', 'any']).default('all'),
  ignore_case: z.boolean().default(false),
  value,
});
export const regexMatchScorerSchema = z.strictObject({
  type: z.literal('regex_match'),
  ...common,
  pattern: z.string().check(checkRegularExpression),
  match: z.enum(['search', 'full']).default('search'),
  ignore_case: z.boolean().default(false),
  ground_truth: templateSchema.optional(),
  value,
});
export const numericEqualsScorerSchema = z.strictObject({
  type: z.literal('numeric_equals'),
  ...common,
  ground_truth: templateSchema,
  extract: z.enum(['last', 'first', 'whole']).default('last'),
  tolerance: z.number().min(0).default(0),
  relative_tolerance: z.number().min(0).default(0),
  value,
});

/** Found here rather than at the first sample: what does not compile can never work. */
function checkRegularExpression(context: z.core.ParsePayload<string>): void {
  try {
    new RegExp(context.value, 'u');
  } catch (error) {
    context.issues.push({
      code: 'custom',
      input: context.value,
      message: `a regular expression (ECMAScript, flag u): ${error instanceof Error ? error.message : String(error)}`,
    });
  }
}

const judge = {
  model_key: referenceTo('model'),
  user_prompt: templateSchema,
  system_prompt: templateSchema.optional(),
  use_structured_outputs: z.boolean().default(false),
} as const;

export const judgeClassifierScorerSchema = z
  .strictObject({
    type: z.literal('model_as_a_judge_classifier'),
    ...common,
    ...judge,
    correct_labels: z.array(z.string()).min(1),
    incorrect_labels: z.array(z.string()).min(1),
  })
  .check((context) => {
    const wrong = context.value.correct_labels.find((label) => context.value.incorrect_labels.includes(label));
    if (wrong === undefined) return;
    context.issues.push({
      code: 'custom',
      input: wrong,
      path: ['incorrect_labels'],
      message: `labels that are not in correct_labels, too, as ${JSON.stringify(wrong)} is`,
    });
  });
export const judgeScorerScorerSchema = z
  .strictObject({
    type: z.literal('model_as_a_judge_scorer'),
    ...common,
    ...judge,
    score_min: z.number().default(0),
    score_max: z.number().default(1),
  })
  .refine((scorer) => scorer.score_min < scorer.score_max, {
    path: ['score_max'],
    message: 'more than score_min',
  });

export const labelerScorerSchema = z.strictObject({
  type: z.literal('labeler_via_model'),
  ...common,
  ...judge,
  valid_labels: z.array(z.string().min(1)).default([]),
});
export const bleuScorerSchema = z.strictObject({
  type: z.literal('bleu'),
  ...common,
  ground_truth: templateSchema,
  value,
});
export const functionCallCoverageScorerSchema = z.strictObject({
  type: z.literal('function_call_coverage'),
  ...common,
  function_calls: templates,
  mode: z.enum(['any_order', 'in_order']).default('any_order'),
});
export const jsonSchemaScorerSchema = z.strictObject({
  type: z.literal('json_schema'),
  ...common,
  schema: z.union([z.record(z.string(), jsonSchema), z.boolean()]).check(checkJsonSchema),
  value,
});

/** Found here rather than at the first sample, as with regular expressions. */
function checkJsonSchema(context: z.core.ParsePayload<JsonObject | boolean>): void {
  try {
    compileJsonSchema(context.value);
  } catch (error) {
    context.issues.push({
      code: 'custom',
      input: context.value,
      message: `a JSON Schema (2020-12): ${error instanceof Error ? error.message : String(error)}`,
    });
  }
}

/** What judges one sample (format 9). */
export const scorerSchema = z
  .discriminatedUnion('type', [
    stringEqualsScorerSchema,
    stringEqualsMcqaScorerSchema,
    includesScorerSchema,
    regexMatchScorerSchema,
    numericEqualsScorerSchema,
    judgeClassifierScorerSchema,
    judgeScorerScorerSchema,
    labelerScorerSchema,
    bleuScorerSchema,
    functionCallCoverageScorerSchema,
    jsonSchemaScorerSchema,
  ])
  .meta({
    notBuiltTypes: {
      python: 'B',
      python_all_samples: 'B',
      typescript: 'B',
      disallowed_function_calls: 'C',
      function_call_output_contains: 'C',
      function_call_output_not_contains: 'C',
      rag_checker: 'C',
    },
  });
export type Scorer = z.output<typeof scorerSchema>;

/** A scorer or metric after keys are filled in, as everything behind the reader sees it. */
export type Keyed<T extends { key?: string | undefined }> = T extends unknown
  ? Omit<T, 'key'> & { key: string }
  : never;
