import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { type ErrorCode, EvaluationError } from '../contracts/evaluation-error.ts';

/** Codes that say "not now": the store or Temporal could not be reached, and may be a moment later. */
const retryable: ReadonlySet<ErrorCode> = new Set(['store-failed', 'temporal-failed']);

/** Messages go into histories; Temporal cuts those of pending activities at 4 KiB. */
const MESSAGE_LIMIT = 500;

/** The one translation of errors at the activity door: `code` → failure type, retryable or not. */
export function toApplicationFailure(error: unknown): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (error instanceof EvaluationError) {
    const message = error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
    return ApplicationFailure.create({
      type: error.code,
      message: message.slice(0, MESSAGE_LIMIT),
      nonRetryable: !retryable.has(error.code),
    });
  }
  // A bug. Retried for ever it would hang the run without a word; so it fails the task result, with its name.
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return ApplicationFailure.create({ type: 'internal', message: message.slice(0, MESSAGE_LIMIT), nonRetryable: true });
}
