import { z } from 'zod';
import { jsonSchema, keySchema, referenceSchema } from './common.ts';

const common = {
  key: keySchema,
  display_name: z.string().optional(),
  description: z.string().default(''),
  nullable: z.boolean().default(false),
} as const;

const elementType = z.enum(['string', 'integer', 'float', 'boolean']);

export const intParameterSchema = z.strictObject({
  type: z.literal('int'),
  ...common,
  min: z.int().optional(),
  max: z.int().optional(),
  default_value: z.int().nullish(),
});
export const floatParameterSchema = z.strictObject({
  type: z.literal('float'),
  ...common,
  min: z.number().optional(),
  max: z.number().optional(),
  default_value: z.number().nullish(),
});
export const booleanParameterSchema = z.strictObject({
  type: z.literal('boolean'),
  ...common,
  default_value: z.boolean().nullish(),
});
export const stringParameterSchema = z.strictObject({
  type: z.literal('string'),
  ...common,
  string_kind: z.enum(['freeform', 'python', 'jinja']).default('freeform'),
  examples: z.array(z.string()).optional(),
  default_file_content: z.string().optional(),
  default_value: z.string().nullish(),
});
export const modelParameterSchema = z.strictObject({
  type: z.literal('model'),
  ...common,
  usage: z.string().optional(),
  default_value: referenceSchema.nullish(),
});
export const datasetParameterSchema = z.strictObject({
  type: z.literal('dataset'),
  ...common,
  default_value: referenceSchema.nullish(),
});
export const datasetColumnParameterSchema = z.strictObject({
  type: z.literal('dataset_column'),
  ...common,
  default_value: z.string().nullish(),
});
export const listParameterSchema = z.strictObject({
  type: z.literal('list'),
  ...common,
  dtype: elementType,
  default_value: z.array(jsonSchema).nullish(),
});
export const dictParameterSchema = z.strictObject({
  type: z.literal('dict'),
  ...common,
  value_dtype: elementType,
  default_value: z.record(z.string(), jsonSchema).nullish(),
});
export const categoricalParameterSchema = z.strictObject({
  type: z.literal('categorical'),
  ...common,
  allowed_values: z.array(z.union([z.string(), z.number(), z.boolean()])).min(1),
  multiple: z.boolean().default(false),
  values_mapping: z.record(z.string(), jsonSchema).optional(),
  default_value: jsonSchema.nullish(),
});

/** A declared parameter of a task or an evaluation (format 6). */
export const parameterSchema = z
  .discriminatedUnion('type', [
    intParameterSchema,
    floatParameterSchema,
    booleanParameterSchema,
    stringParameterSchema,
    modelParameterSchema,
    datasetParameterSchema,
    datasetColumnParameterSchema,
    listParameterSchema,
    dictParameterSchema,
    categoricalParameterSchema,
  ])
  .meta({ notBuiltTypes: { task_result: 'B' } });
export type Parameter = z.output<typeof parameterSchema>;

export const configSpecSchema = z.array(parameterSchema).default([]);
