import { EvaluationError } from '../contracts/evaluation-error.ts';
import { isBlobLost } from '../storage/is-blob-lost.ts';

/**
 * Runs what reads a blob that planning stored. A run cannot make it again, since it has only what it reads here; a command
 * that plans anew does.
 */
export async function readPlanned<Value>(what: string, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    if (!isBlobLost(error)) throw error;
    throw new EvaluationError(error.code, `${what} of this run are lost or damaged in the store. ${error.message}`, {
      hint: 'Run the same command again: it stores them anew.',
      cause: error,
    });
  }
}
