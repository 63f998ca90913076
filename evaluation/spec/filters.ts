import { z } from 'zod';
import { jsonSchema, keySchema } from './common.ts';

const expression = z.string().meta({ valueTemplate: true });

export const valueFilterOps = [
  'equals',
  'not_equals',
  'greater_than',
  'less_than',
  'greater_or_equal',
  'less_or_equal',
] as const;
export const listFilterOps = ['in', 'not_in'] as const;
export const unaryFilterOps = ['is_true', 'is_false', 'exists', 'not_exists'] as const;

/** A filter over a row or a scored sample (format 11). */
export const filterSchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.enum(valueFilterOps), expression, value: jsonSchema }),
  z.strictObject({ op: z.enum(listFilterOps), expression, values: z.array(jsonSchema) }),
  z.strictObject({ op: z.enum(unaryFilterOps), expression }),
]);
export type Filter = z.output<typeof filterSchema>;

/** What happens to a sample after scoring (format 11). */
export const actionRuleSchema = z.strictObject({
  key: keySchema,
  action: z.enum(['exclude_from_metrics']),
  filter: filterSchema,
});
export type ActionRule = z.output<typeof actionRuleSchema>;
