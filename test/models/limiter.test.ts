import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Limiter, type Permit } from '../../models/limiter.ts';
import { createVirtualClock, settle } from './virtual-clock.ts';

const never = new AbortController().signal;

function createQueue(limiter: Limiter, count: number) {
  const granted: (Permit & { readonly number: number })[] = [];
  for (let number = 0; number < count; number++) {
    void limiter.acquire([never]).then((permit) => granted.push({ ...permit, number }));
  }
  return granted;
}

describe('limiter', () => {
  it('keeps to the declared number in flight and serves in order', async () => {
    const limiter = new Limiter(createVirtualClock());
    limiter.tighten({ maxConcurrentRequests: 3 });
    const granted = createQueue(limiter, 7);
    await settle();
    expect(granted.map(({ number }) => number)).toEqual([0, 1, 2]);
    granted[1]?.release('answered');
    await settle();
    expect(granted.map(({ number }) => number)).toEqual([0, 1, 2, 3]);
  });

  it('lets the smallest value of a group hold, whatever came first', async () => {
    const limiter = new Limiter(createVirtualClock());
    limiter.tighten({ maxConcurrentRequests: 5 });
    limiter.tighten({ maxConcurrentRequests: 2 });
    limiter.tighten({ maxConcurrentRequests: 9 });
    const granted = createQueue(limiter, 9);
    await settle();
    expect(granted).toHaveLength(2);
  });

  it('spaces requests by the smallest rate', async () => {
    const clock = createVirtualClock();
    const limiter = new Limiter(clock);
    limiter.tighten({ rateLimit: 600, maxConcurrentRequests: 100 });
    limiter.tighten({ rateLimit: 6 });
    const granted = createQueue(limiter, 4);
    await settle();
    expect(granted).toHaveLength(1);
    await clock.advance(9_999);
    expect(granted).toHaveLength(1);
    await clock.advance(1);
    expect(granted).toHaveLength(2);
    await clock.advance(20_000);
    expect(granted).toHaveLength(4);
  });

  it('grows with every full window of answers up to 256 and halves once for one burst of refusals', async () => {
    const limiter = new Limiter(createVirtualClock());
    // More want to be sent than may, all the time: only then do answers say that the limit can be borne.
    const granted = createQueue(limiter, 6_000);
    let released = 0;
    const sendWindow = async (outcome: 'answered' | 'overloaded') => {
      await settle();
      const inFlight = granted.slice(released);
      released += inFlight.length;
      for (const permit of inFlight) permit.release(outcome);
      return inFlight.length;
    };
    const sizes: number[] = [];
    for (let window = 0; window < 14; window++) sizes.push(await sendWindow('answered'));
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
    expect([sizes[0], sizes.at(-1)]).toEqual([8, 256]);
    await sendWindow('overloaded');
    // While the burst of refusals came in, others left under the limit that the first of them had halved.
    expect(await sendWindow('overloaded')).toBe(128);
    expect(await sendWindow('answered')).toBe(64);
  });

  it('never falls below one', async () => {
    const limiter = new Limiter(createVirtualClock());
    for (let turn = 0; turn < 20; turn++) (await limiter.acquire([never])).release('overloaded');
    const granted = createQueue(limiter, 3);
    await settle();
    expect(granted).toHaveLength(1);
  });

  it('sends nothing before the moment that the service named', async () => {
    const clock = createVirtualClock();
    const limiter = new Limiter(clock, { defaultConcurrency: 64 });
    limiter.pauseUntil(clock.now() + 5_000);
    limiter.pauseUntil(clock.now() + 1_000);
    const granted = createQueue(limiter, 2);
    await clock.advance(4_999);
    expect(granted).toHaveLength(0);
    await clock.advance(1);
    expect(granted).toHaveLength(2);
  });

  it('forgets who gave up waiting', async () => {
    const limiter = new Limiter(createVirtualClock(), { defaultConcurrency: 1 });
    const first = await limiter.acquire([never]);
    const impatient = new AbortController();
    const waiting = limiter.acquire([never, impatient.signal]);
    const patient = createQueue(limiter, 1);
    impatient.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(async () => limiter.acquire([impatient.signal])).rejects.toThrow('enough');
    first.release('other');
    await settle();
    expect(patient).toHaveLength(1);
  });

  it('never exceeds its limits and serves everybody, in any order of releases', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 10 }),
        fc.array(fc.tuple(fc.nat(20), fc.constantFrom('answered', 'overloaded', 'other')), {
          minLength: 1,
          maxLength: 60,
        }),
        async (limit, steps) => {
          const limiter = new Limiter(createVirtualClock());
          limiter.tighten({ maxConcurrentRequests: limit });
          const granted = createQueue(limiter, steps.length);
          let released = 0;
          const open = new Set<Permit>();
          for (let seen = 0; released < steps.length; ) {
            await settle();
            for (; seen < granted.length; seen++) open.add(granted[seen] as Permit);
            expect(open.size).toBeLessThanOrEqual(limit);
            expect(open.size).toBeGreaterThan(0);
            const [choice, outcome] = steps[released] as (typeof steps)[number];
            const permit = [...open][choice % open.size] as Permit;
            open.delete(permit);
            permit.release(outcome as 'answered');
            released++;
          }
          expect(granted.map(({ number }) => number)).toEqual(steps.map((_, index) => index));
        },
      ),
      { numRuns: 50 },
    );
  });
});
