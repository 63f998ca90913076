import type { JsonValue } from '../../contracts/json.ts';
import { compileJsonSchema } from '../json-schema.ts';
import { compileValue } from './compile-value.ts';
import { meanOf } from './mean-of.ts';
import type { ScorerKind } from './scorer-kind.ts';

const shownErrors = 5;

/** Whether the answer is JSON of some shape. A code fence around it does not count. */
export const jsonSchemaScorer: ScorerKind<'json_schema'> = {
  type: 'json_schema',
  revision: 1,
  defaultMetrics: meanOf('is_valid', 'valid_rate'),
  create({ key, schema, value }) {
    const findErrors = compileJsonSchema(schema);
    const readValue = compileValue(value, key);
    return (input) => {
      const found = parseAnswer(readValue(input));
      const errors = 'problem' in found ? [found.problem] : findErrors(found.value).slice(0, shownErrors);
      return { values: { is_valid: errors.length === 0 }, metadata: { errors } };
    };
  },
};

function parseAnswer(text: string): { readonly value: JsonValue } | { readonly problem: string } {
  const inside = /^\s*```[^\n`]*\n(.*?)\n?```\s*$/su.exec(text)?.[1] ?? text;
  try {
    return { value: JSON.parse(inside) as JsonValue };
  } catch {
    return { problem: 'The answer is not JSON.' };
  }
}
