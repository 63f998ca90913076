import { z } from 'zod';
import type { JsonValue } from '../../contracts/json.ts';

/** Which release brings a part of the format that this one recognises and refuses by name. */
export type Release = 'B' | 'C';

/**
 * A field that the format has and Stet does not build yet. Anything but its absence is the error `not-built-yet`, which
 * the configuration reader recognises by the `notBuiltYet` mark in the schema's metadata.
 */
export function notBuiltYet(release: Release) {
  return z.undefined().optional().meta({ notBuiltYet: release });
}

/**
 * The `type` of the member of a union that is meant when no type is written. `optional` inside `default` is what lets
 * zod's discriminated union find that member for an absent type.
 */
export function defaultType<const Type extends string>(type: Type) {
  return z
    .literal(type)
    .optional()
    .default(type as never) as unknown as z.ZodDefault<z.ZodLiteral<Type>>;
}

/** Key of an entity (format 1): what is unique per kind. */
export const keySchema = z
  .string()
  .min(1)
  .max(250)
  .regex(/^[A-Za-z0-9_-]+$/, 'letters, digits, "_" and "-"');

/** Key of a model or adapter, and every reference: may also hold `$`. */
export const referenceSchema = z
  .string()
  .min(1)
  .max(250)
  .regex(/^[A-Za-z0-9_$-]+$/, 'letters, digits, "_", "-" and "$"');

/** Reference to a declared entity of one kind; `kind` lets the reader name the nearest declared key. */
export function referenceTo(kind: 'model' | 'adapter' | 'dataset' | 'task') {
  return referenceSchema.meta({ referenceTo: kind });
}

/** Jinja text rendered once per sample (format 3.3). */
export const templateSchema = z.string().meta({ template: true });

export const jsonSchema: z.ZodType<JsonValue> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(jsonSchema), z.record(z.string(), jsonSchema)]),
);

/** Words for people: shown, never counted. */
export const texts = {
  display_name: z.string().optional(),
  description: z.string().default(''),
  long_description: z.string().optional(),
} as const;

/**
 * A secret as the plan keeps it: its name and the environment variable that holds its value in the worker. In the file it
 * is written `<< secrets.NAME >>` or `$VAR`; the reader turns both into this form before the schema sees them.
 */
export const secretReferenceSchema = z.strictObject({
  secret: z.string().min(1),
  variable: z.string().min(1),
});
export type SecretReference = z.output<typeof secretReferenceSchema>;

/** A field that takes a secret reference, never a literal (format 16.1). */
export const credentialSchema = secretReferenceSchema.meta({ credential: true });

/** A header or environment value: a literal, which counts by value and is stored, or a secret. */
export const textOrSecretSchema = z.union([z.string(), secretReferenceSchema]);
