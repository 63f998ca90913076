import type { JsonObject } from '../contracts/json.ts';
import type { AnswerEvidence, ModelInput, ModelOutput } from '../evaluation/model-io.ts';

/** One query as a connection gets it. */
export interface ModelRequest {
  readonly input: ModelInput;
  /** What user code and recordings may look at. */
  readonly sample: { readonly id: string; readonly row: JsonObject };
  readonly trial: number;
  /** This model's n-th call in this trial and stage, from 0. */
  readonly call: number;
  /** How often this query was sent before, from 0. */
  readonly attempt: number;
}

export interface ModelResponse {
  readonly output: ModelOutput;
  readonly evidence: Pick<
    AnswerEvidence,
    'served_model' | 'system_fingerprint' | 'request_id' | 'finish_reason' | 'usage'
  >;
}

/** One way to reach a model: sends a query once, without retry and without pace. */
export interface ModelConnection {
  /** @throws {ModelError} with `isRetryable` decided. `signal` fires at the request's time-out. */
  send(request: ModelRequest, options: { readonly signal: AbortSignal }): Promise<ModelResponse>;
  close(): Promise<void>;
}
