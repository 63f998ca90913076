import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRateLimit } from '../../models/rate-limit.ts';

const minuteMs = 60_000;

/** Sends as early as it may, again and again, with pauses of the caller's in between. */
function sendTimes(requestsPerMinute: number, pausesMs: readonly number[]): number[] {
  const limit = createRateLimit(requestsPerMinute);
  let now = 0;
  return pausesMs.map((pauseMs) => {
    now = Math.max(now + pauseMs, limit.nextAt);
    limit.take(now);
    return now;
  });
}

describe('rate limit', () => {
  it('never lets more than the declared number through in any minute', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3_000 }),
        fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 90_000 })), { minLength: 1, maxLength: 400 }),
        (rate, pausesMs) => {
          const times = sendTimes(rate, pausesMs);
          let first = 0;
          for (const [last, time] of times.entries()) {
            while (time - (times[first] ?? 0) >= minuteMs - 1e-6) first++;
            expect(last - first + 1).toBeLessThanOrEqual(rate);
          }
        },
      ),
    );
  });

  it('lets the first request through at once and the following ones without much waste', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_000 }), (rate) => {
        const times = sendTimes(
          rate,
          Array.from({ length: 2 * rate }, () => 0),
        );
        expect(times[0]).toBe(0);
        expect(times.at(-1)).toBeLessThanOrEqual(2.1 * minuteMs);
      }),
    );
  });
});
