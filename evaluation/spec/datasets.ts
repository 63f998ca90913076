import { z } from 'zod';
import { jsonSchema, keySchema, notBuiltYet, texts } from './common.ts';
import { filterSchema } from './filters.ts';

const filters = z.array(filterSchema).default([]);

export const localSourceSchema = z.strictObject({
  type: z.literal('local'),
  file_path: z
    .string()
    .regex(/\.(csv|jsonl)$/i, 'a path that ends in .csv or .jsonl')
    .meta({ dataPath: true }),
  filters,
  infer_types: z.boolean().default(false),
});
export const inlineSourceSchema = z.strictObject({
  type: z.literal('inline'),
  samples: z.array(z.record(z.string(), jsonSchema)),
  filters,
});

/** Where rows come from (format 13.1). */
export const sourceSchema = z.discriminatedUnion('type', [localSourceSchema, inlineSourceSchema]).meta({
  notBuiltTypes: {
    folder: 'B',
    url: 'B',
    huggingface: 'B',
    langsmith: 'C',
    phoenix: 'C',
    claude_code: 'C',
    inspect_ai: 'C',
  },
});
export type DatasetSource = z.output<typeof sourceSchema>;

export const datasetSchema = z.strictObject({
  key: keySchema,
  ...texts,
  tags: z.array(z.string()).optional(),
  source: sourceSchema,
  generator_specification: notBuiltYet('B'),
});
export type Dataset = z.output<typeof datasetSchema>;
