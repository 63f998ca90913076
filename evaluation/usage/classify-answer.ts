import type { JsonObject, JsonValue } from '../../contracts/json.ts';
import type { Answer } from '../model-io.ts';

/** Why a service ended an answer before the model had, in the words of the usual ones. */
const cutOffReasons: ReadonlySet<string> = new Set(['length', 'max_tokens', 'max_output_tokens']);
const refusalReasons: ReadonlySet<string> = new Set(['content_filter', 'refusal', 'safety']);

/** Whether the answer ends because it had as many tokens as it may have. */
export function isCutOff({ evidence }: Pick<Answer, 'evidence'>): boolean {
  return cutOffReasons.has(evidence.finish_reason?.toLowerCase() ?? '');
}

/** Whether the service or the model declined to answer, as far as it says so outside of the text. */
export function isRefusal({ evidence, output }: Pick<Answer, 'evidence' | 'output'>): boolean {
  if (refusalReasons.has(evidence.finish_reason?.toLowerCase() ?? '')) return true;
  const choices = readField(output, 'choices');
  const refusal = readField(readField(Array.isArray(choices) ? choices[0] : undefined, 'message'), 'refusal');
  return typeof refusal === 'string' && refusal !== '';
}

function readField(value: JsonValue | undefined, name: string): JsonValue | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as JsonObject)[name] : undefined;
}
