import { EvaluationError } from '../contracts/evaluation-error.ts';

/** Whether a blob could not be read because it is missing or damaged: as far as reuse goes, it does not exist. */
export function isBlobLost(error: unknown): error is EvaluationError {
  return error instanceof EvaluationError && (error.code === 'blob-missing' || error.code === 'blob-damaged');
}
