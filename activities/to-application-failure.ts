import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { type ErrorCode, EvaluationError } from '../contracts/evaluation-error.ts';
import type { ContentStore } from '../storage/content-store.ts';
import { AttemptSuperseded } from '../storage/journal.ts';

/**
 * Codes that say "not now": the store or Temporal could not be reached, and may be a moment later; or the store's keys were
 * changed, and this worker lacks the new one until it is started again.
 */
const retryable: ReadonlySet<ErrorCode> = new Set(['store-failed', 'temporal-failed', 'encryption-key-missing']);

/** Temporal cuts messages of pending activities at 4 KiB. */
const MESSAGE_LIMIT = 500;

/**
 * The one translation of errors at the activity door: `code` → failure type, retryable or not.
 *
 * A service may repeat in its error what it was asked, and user code may throw anything, so the text of what ends a task
 * result goes into the store; the history gets its digest, as the failure's only detail.
 */
export async function toApplicationFailure(error: unknown, content: Pick<ContentStore, 'put'>): Promise<Error> {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (error instanceof AttemptSuperseded) {
    return ApplicationFailure.create({ type: 'superseded', message: error.message, nonRetryable: true });
  }
  const { code, text } = describe(error);
  if (retryable.has(code)) return ApplicationFailure.create({ type: code, message: text.slice(0, MESSAGE_LIMIT) });
  // A store that cannot be written must not hide what went wrong before.
  const blob = await content.put(new TextEncoder().encode(text)).catch(() => undefined);
  return ApplicationFailure.create({
    type: code,
    message: `Failed with ${code}; the text is in the store.`,
    nonRetryable: true,
    ...(blob === undefined ? {} : { details: [blob.digest] }),
  });
}

function describe(error: unknown): { readonly code: ErrorCode; readonly text: string } {
  if (error instanceof EvaluationError) {
    return { code: error.code, text: error.hint === undefined ? error.message : `${error.message} ${error.hint}` };
  }
  // A bug. Retried for ever it would hang the run without a word; so it fails the task result, with its name.
  return { code: 'internal', text: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
}
