import type { Blame } from './availability.ts';
import type { Clock } from './clock.ts';
import { SendError } from './send-error.ts';

const firstWaitMs = 1_000;
const longestWaitMs = 60_000;

/**
 * Wait before a query is sent again: 1 s · 2^n with full jitter, 60 s at most, and never shorter than what the service
 * asked for.
 *
 * @param retry - How often the query was sent again before, from 0.
 */
export function computeRetryWaitMs(retry: number, retryAfterMs: number | undefined, random: () => number): number {
  const backoffMs = Math.min(longestWaitMs, firstWaitMs * 2 ** retry) * random();
  return Math.max(backoffMs, retryAfterMs ?? 0);
}

export interface RetryOptions {
  readonly maxRetries: number;
  readonly clock: Pick<Clock, 'random'>;
  /** Waits; rejects when the query is to be given up. */
  wait(durationMs: number): Promise<void>;
  /**
   * Sees every failure before it is decided whether to send again; throws to end the query with another error. A failure
   * that is the model's counts for no query: `send` is called again, and waits itself until the model may be asked.
   */
  findBlame?(failure: SendError, isLast: boolean): Promise<Blame>;
}

/**
 * Sends until there is an answer, a failure that is final, or no retry left (format 15.1). `failures` are those of the
 * sends before the answer.
 */
export async function sendWithRetries<T>(
  send: (attempt: number) => Promise<T>,
  options: RetryOptions,
): Promise<{ readonly value: T; readonly failures: readonly SendError[] }> {
  const failures: SendError[] = [];
  let retries = 0;
  for (let attempt = 0; ; attempt++) {
    try {
      return { value: await send(attempt), failures };
    } catch (error) {
      if (!(error instanceof SendError)) throw error;
      const isLast = !error.isRetryable || retries >= options.maxRetries;
      const blame = (await options.findBlame?.(error, isLast)) ?? 'query';
      if (blame === 'query' && isLast) throw countRetries(error, attempt);
      failures.push(error);
      // Whoever met an outage begins anew after it: what failed before was most likely its beginning.
      if (blame === 'model') retries = 0;
      else await options.wait(computeRetryWaitMs(retries++, error.retryAfterMs, options.clock.random));
    }
  }
}

function countRetries(error: SendError, retries: number): SendError {
  if (retries === 0) return error;
  return new SendError(error.kind, error.message, {
    code: error.code,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    statusCode: error.statusCode,
    isRetryable: error.isRetryable,
    retryAfterMs: error.retryAfterMs,
    retries,
    cause: error.cause,
  });
}
