import { type ErrorCode, EvaluationError } from '../contracts/evaluation-error.ts';

/** A query that brought no answer. Whether it may be sent again is decided once, here, by whoever saw the response. */
export class ModelError extends EvaluationError {
  override readonly name = 'ModelError';
  readonly statusCode: number | undefined;
  readonly isRetryable: boolean;
  /** How long the service asked to be left alone, milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Times the query was sent again before this error became final. */
  readonly retries: number;

  constructor(
    message: string,
    options: {
      readonly code?: ErrorCode;
      readonly hint?: string;
      readonly statusCode?: number | undefined;
      readonly isRetryable: boolean;
      readonly retryAfterMs?: number | undefined;
      readonly retries?: number;
      readonly cause?: unknown;
    },
  ) {
    super(options.code ?? 'model-error', message, {
      ...(options.hint === undefined ? {} : { hint: options.hint }),
      ...(options.cause === undefined ? {} : { cause: options.cause }),
    });
    this.statusCode = options.statusCode;
    this.isRetryable = options.isRetryable;
    this.retryAfterMs = options.retryAfterMs;
    this.retries = options.retries ?? 0;
  }
}
