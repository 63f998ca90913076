import type { JsonValue } from './json.ts';

/** What user code gets for a request that failed: an error that it may catch. */
export interface RequestFailure {
  readonly type: string;
  readonly message: string;
}

/**
 * Answers a request of running user code, such as a model query. A rejection ends the call with that very error; user code
 * does not see it.
 */
export type AnswerRequest = (
  request: JsonValue,
) => Promise<{ readonly value: JsonValue } | { readonly failure: RequestFailure }>;
