import type { JsonObject, JsonValue } from '../../contracts/json.ts';
import type { ModelInput, ModelOutput } from '../../evaluation/model-io.ts';

export interface AdapterContext {
  readonly sampleId: string;
  /** `config.model_key`, null where there is none. */
  readonly modelKey: string | null;
  /** The model's `task`. */
  readonly task: string;
  /** Parameters of generation under their own names, `extra` among them. */
  readonly parameters: JsonObject;
}

export interface AdapterResponse {
  readonly status: number;
  readonly body: string;
}

/** What an adapter made of a response. */
export type AdapterResult =
  | {
      readonly type: 'output';
      readonly output: ModelOutput;
      /** The response as JSON, where the adapter has read it as that: it may be long, and need not be parsed again. */
      readonly received?: JsonValue;
    }
  /** The service, or the adapter, says that this is an error. */
  | { readonly type: 'error'; readonly message: string }
  /** Not JSON; `text` is what was to be JSON. */
  | { readonly type: 'unreadable'; readonly text: string };

/** Translates between model input and output and what one kind of service takes and gives (format 15.3). */
export interface Adapter {
  /** Whether a response that is not JSON can be an answer, and a 4xx something else than an error. */
  readonly readsAnything: boolean;
  /**
   * The request's body.
   *
   * @throws {EvaluationError} of the template; nothing is sent then.
   */
  renderRequest(input: ModelInput, context: AdapterContext): string;
  /** @throws {EvaluationError} of the template. */
  readResponse(response: AdapterResponse, context: AdapterContext): AdapterResult;
}
