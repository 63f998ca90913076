import type { JsonObject, JsonValue } from '../contracts/json.ts';
import type { Usage } from '../evaluation/model-io.ts';
import { isObject } from './is-object.ts';
import type { ModelResponse } from './model-connection.ts';

type Evidence = ModelResponse['evidence'];

/**
 * What a response says about itself, in the spellings of the usual services.
 *
 * @param body - The response, if it was JSON.
 * @param output - What became of it; its `usage` counts if the response itself has none.
 */
export function readEvidence(
  body: JsonValue | undefined,
  output: JsonValue | undefined,
  headers: Readonly<Record<string, string | string[] | undefined>> = {},
): Evidence {
  const said = isObject(body) ? body : {};
  const made = isObject(output) ? output : {};
  const usage = readUsage(said['usage'] ?? made['usage'] ?? said['usageMetadata'] ?? said);
  return compact({
    served_model: asText(said['model']) ?? asText(made['model']),
    system_fingerprint: asText(said['system_fingerprint']),
    request_id: asText(headers['x-request-id']) ?? asText(headers['request-id']) ?? asText(said['id']),
    finish_reason: readFinishReason(made) ?? readFinishReason(said),
    usage,
  });
}

/** Tokens under any of the usual names; undefined where none is there. */
export function readUsage(value: JsonValue | undefined): Usage | undefined {
  if (!isObject(value)) return undefined;
  const prompt = firstCount(value, [
    'num_prompt_tokens',
    'prompt_tokens',
    'promptTokens',
    'promptTokenCount',
    'prompt_eval_count',
  ]);
  const input = firstCount(value, ['input_tokens', 'inputTokens']);
  // What was read from or written to a prompt cache is not in this protocol's count of input tokens, but was a prompt.
  const read = count(value['cache_read_input_tokens']);
  const cached = (read ?? 0) + (count(value['cache_creation_input_tokens']) ?? 0);
  const completion = firstCount(value, [
    'num_completion_tokens',
    'completion_tokens',
    'completionTokens',
    'output_tokens',
    'outputTokens',
    'candidatesTokenCount',
    'eval_count',
  ]);
  const usage: Usage = compact({
    num_prompt_tokens: prompt ?? (input === undefined ? undefined : input + cached),
    num_completion_tokens: completion,
    num_cached_prompt_tokens: read ?? readCachedTokens(value),
  });
  return Object.keys(usage).length === 0 ? undefined : usage;
}

/** Prompt tokens that were read from a cache, where the service's own count of prompt tokens includes them. */
function readCachedTokens(value: JsonObject): number | undefined {
  const details = value['prompt_tokens_details'] ?? value['input_tokens_details'];
  const cached = isObject(details) ? count(details['cached_tokens']) : undefined;
  return (
    cached ??
    firstCount(value, [
      'num_cached_prompt_tokens',
      'prompt_cache_hit_tokens',
      'cachedContentTokenCount',
      'cachedInputTokens',
      'cached_input_tokens',
    ])
  );
}

function readFinishReason(value: JsonObject): string | undefined {
  const choices = value['choices'];
  const choice = Array.isArray(choices) ? (choices[0] as JsonValue | undefined) : undefined;
  if (isObject(choice)) return asText(choice['finish_reason']);
  const incomplete = value['incomplete_details'];
  return (
    (isObject(incomplete) ? asText(incomplete['reason']) : undefined) ??
    asText(value['stop_reason']) ??
    asText(value['status'])
  );
}

function firstCount(value: JsonObject, names: readonly string[]): number | undefined {
  for (const name of names) {
    const found = count(value[name]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function count(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function asText(value: JsonValue | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

type Compact<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function compact<T extends object>(value: T): Compact<T> {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as Compact<T>;
}
