import { EvaluationError } from '../contracts/evaluation-error.ts';

/** gRPC's numbers for a service that is not there, and for an answer that did not come in time. */
const silences: ReadonlySet<number> = new Set([4, 14]);

/**
 * What Temporal answers. Its connection tries for about half a minute by itself; where nobody answers even then, the error
 * says so in words for people.
 *
 * @throws {EvaluationError} `temporal-failed` for a silence; whatever else it says goes on as it is.
 */
export async function askTemporal<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask();
  } catch (error) {
    const silence = findSilence(error);
    if (silence === undefined || error instanceof EvaluationError) throw error;
    throw new EvaluationError('temporal-failed', `Temporal does not answer: ${silence.split('\n', 1)[0]}.`, {
      hint: 'It may be on its way back: nothing that was answered is lost, so try again. `stet doctor` shows where it is looked for.',
      cause: error,
    });
  }
}

/** Whether nobody answered, however the error is wrapped. */
export function isTemporalAway(error: unknown): boolean {
  return findSilence(error) !== undefined;
}

/**
 * The client names what it was about to do, and keeps why it could not as the cause. Known by its shape: to load Temporal's
 * libraries takes long, and some who ask here do so only when there is something to ask.
 */
function findSilence(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, details } = error as { readonly code?: unknown; readonly details?: unknown };
  if (typeof details === 'string' && silences.has(Number(code))) return details.replace(/\.$/, '');
  return findSilence(error.cause);
}
