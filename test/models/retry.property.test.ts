import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeRetryWaitMs, sendWithRetries } from '../../models/retry.ts';
import { SendError } from '../../models/send-error.ts';

const random = () => fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

function fail(isRetryable: boolean, retryAfterMs?: number): SendError {
  return new SendError(isRetryable ? 'service' : 'rejected', 'no', { isRetryable, retryAfterMs });
}

describe('wait before a retry', () => {
  it('is never longer than 1 s · 2^n or 60 s, unless the service asks for more', () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        random(),
        fc.option(fc.nat(1_000_000), { nil: undefined }),
        (retry, chance, retryAfterMs) => {
          const waitMs = computeRetryWaitMs(retry, retryAfterMs, () => chance);
          expect(waitMs).toBeGreaterThanOrEqual(retryAfterMs ?? 0);
          expect(waitMs).toBeLessThanOrEqual(Math.max(Math.min(60_000, 1_000 * 2 ** retry), retryAfterMs ?? 0));
        },
      ),
    );
  });

  it('uses the full range of its jitter', () => {
    expect(computeRetryWaitMs(3, undefined, () => 0)).toBe(0);
    expect(computeRetryWaitMs(3, undefined, () => 0.5)).toBe(4_000);
    expect(computeRetryWaitMs(20, undefined, () => 0.999)).toBeCloseTo(59_940);
  });
});

describe('sending with retries', () => {
  it('sends until an answer, a final failure or the last retry, and counts what it did', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(6),
        fc.array(fc.constantFrom('retryable', 'final', 'answer'), { minLength: 8, maxLength: 8 }),
        async (maxRetries, outcomes) => {
          let sent = 0;
          let waits = 0;
          const result = sendWithRetries(
            async (attempt) => {
              expect(attempt).toBe(sent);
              const outcome = outcomes[sent++];
              if (outcome === 'answer') return 'answer';
              throw fail(outcome === 'retryable');
            },
            {
              maxRetries,
              clock: { random: () => 0 },
              wait: async () => {
                waits++;
              },
            },
          );
          const end = outcomes.findIndex((outcome) => outcome !== 'retryable');
          const expected = Math.min(end === -1 ? outcomes.length : end, maxRetries);
          if (end !== -1 && end <= maxRetries && outcomes[end] === 'answer') {
            expect((await result).failures).toHaveLength(end);
          } else {
            const error = await result.then(
              () => undefined,
              (reason: unknown) => reason,
            );
            expect(error).toMatchObject({ name: 'ModelError', retries: expected });
          }
          expect(sent).toBe(expected + 1);
          expect(waits).toBe(expected);
        },
      ),
    );
  });

  it('ends with the error of a wait that is given up', async () => {
    const sending = sendWithRetries(() => Promise.reject(fail(true)), {
      maxRetries: 3,
      clock: { random: () => 0 },
      wait: () => Promise.reject(new Error('over')),
    });
    await expect(sending).rejects.toThrow('over');
  });

  it('does not send again what failed for another reason', async () => {
    let sent = 0;
    const sending = sendWithRetries(
      () => {
        sent++;
        return Promise.reject(new TypeError('a mistake'));
      },
      { maxRetries: 3, clock: { random: () => 0 }, wait: async () => {} },
    );
    await expect(sending).rejects.toThrow('a mistake');
    expect(sent).toBe(1);
  });
});
