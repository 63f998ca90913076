import { Ajv2020 } from 'ajv/dist/2020.js';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { JsonObject, JsonValue } from '../contracts/json.ts';

/** What is wrong with a value, a sentence each; empty where nothing is. */
export type FindSchemaErrors = (value: JsonValue) => readonly string[];

/**
 * Compiles a JSON Schema of the dialect 2020-12. `format` is an annotation, as the dialect has it by default, and nothing
 * is fetched: a `$ref` leads to what the schema itself holds.
 *
 * @throws {EvaluationError} `config-invalid` for what is no schema.
 */
export function compileJsonSchema(schema: JsonObject | boolean): FindSchemaErrors {
  const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false, logger: false });
  let validate: ReturnType<typeof ajv.compile>;
  try {
    validate = ajv.compile(schema);
  } catch (error) {
    throw new EvaluationError('config-invalid', `This is no JSON Schema: ${(error as Error).message}.`, {
      hint: 'The dialect is 2020-12; references lead to "$defs" of the schema itself.',
    });
  }
  return (value) => {
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message = 'does not fit' }) => `${instancePath === '' ? 'The value' : instancePath} ${message}.`,
    );
  };
}
