import { type ErrorCode, EvaluationError } from '../contracts/evaluation-error.ts';
import type { SampleError } from './trace.ts';

/** Codes that are not about one sample: no model, or no store, for any. */
const taskLevelCodes: ReadonlySet<ErrorCode> = new Set([
  'model-unusable',
  'limit-reached',
  'frozen',
  'store-failed',
  'store-damaged',
  'store-schema',
  'encryption-key-missing',
  'encryption-key-wrong',
  'store-not-encrypted',
  'blob-missing',
  'blob-damaged',
  'internal',
]);

/** Whether an error is not about one sample. */
export function isTaskLevel({ code }: EvaluationError): boolean {
  return taskLevelCodes.has(code);
}

/**
 * The record of what went wrong with one sample.
 *
 * @throws what it was given where that is no error of this sample: a bug, a query that a drain met before it was sent, a
 *   store or model that nothing can use.
 */
export function toSampleError(error: unknown, place: Pick<SampleError, 'stage' | 'trial' | 'scorer_key'>): SampleError {
  if (!(error instanceof EvaluationError) || isTaskLevel(error)) throw error;
  return {
    error_type: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...place,
  };
}
