import type { JsonObject, JsonValue } from '../contracts/json.ts';

/** One message of a chat request. Extra keys of an assistant message come back on the next turn (format 15.2). */
export interface ChatMessage extends JsonObject {
  readonly role: string;
  readonly content: JsonValue;
}

export interface ChatInput extends JsonObject {
  readonly messages: readonly ChatMessage[];
  readonly response_format?: JsonObject;
}

/** What a model is asked: a chat, or for a generic input builder any JSON. */
export type ModelInput = JsonValue;

export function isChatInput(input: ModelInput): input is ChatInput {
  return (
    typeof input === 'object' &&
    input !== null &&
    !Array.isArray(input) &&
    Array.isArray((input as JsonObject)['messages'])
  );
}

/**
 * What a model answered, in one of the kinds of format 15.2: an object with `items`, with `choices`, or anything else
 * (custom, passed to scorers as it is).
 */
export type ModelOutput = JsonValue;

/** Tokens of one answer; absent where the service did not say. */
export interface Usage {
  /** Cached ones included, whatever the service's own way to count. */
  readonly num_prompt_tokens?: number;
  readonly num_completion_tokens?: number;
  /** Of the prompt tokens, those that the service had in its cache. */
  readonly num_cached_prompt_tokens?: number;
}

/** What is known of how an answer came about; recorded with it (design 5). */
export interface AnswerEvidence {
  readonly served_model?: string;
  readonly system_fingerprint?: string;
  readonly request_id?: string;
  readonly finish_reason?: string;
  readonly usage?: Usage;
  /** ISO 8601, UTC. */
  readonly started_at: string;
  readonly duration_ms: number;
  /** Earlier sends of this query that failed and were retried. */
  readonly retries: readonly { readonly error_type: string; readonly status?: number; readonly message: string }[];
}

/** Where an answer was given that stands without having been asked for again (`reuse.answers`); of several the first. */
export interface AnswerOrigin {
  readonly run: string;
  readonly task_result: string;
  readonly sample_id: string;
  /** When it arrived; ISO 8601, UTC. */
  readonly answered_at: string;
}

/** What one model query returned. */
export interface Answer {
  readonly output: ModelOutput;
  readonly evidence: AnswerEvidence;
  /** Present where nothing was sent for it. */
  readonly origin?: AnswerOrigin;
}

/** Asks one model; bound by the engine to task result, stage, sample, trial and model. Throws `ModelError`. */
export type Generate = (input: ModelInput) => Promise<Answer>;
