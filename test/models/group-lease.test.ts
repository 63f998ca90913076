import { setMaxListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LimitLeases } from '../../contracts/limit-leases.ts';
import { Limiter, type Permit } from '../../models/limiter.ts';
import { openSqliteStore } from '../../storage/sqlite/open-sqlite-store.ts';
import type { Store } from '../../storage/store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

// Limiters of several runs, as they share a group by way of a real store.

const never = new AbortController().signal;
setMaxListeners(0, never);

let folder: TemporaryFolder;
let clock: VirtualClock;
let store: Store;
let renewals: number;
const limiters: Limiter[] = [];

beforeEach(async () => {
  folder = await makeTemporaryFolder();
  clock = createVirtualClock();
  renewals = 0;
  store = await openSqliteStore(folder.path, { now: () => new Date(clock.now()) });
});
afterEach(async () => {
  await Promise.all(limiters.splice(0).map((limiter) => limiter.close()));
  await store.close();
  await folder[Symbol.asyncDispose]();
});

function join(
  holderId: string,
  limits: Parameters<Limiter['tighten']>[0],
  more: Partial<LimitLeases> = {},
  defaultConcurrency?: number,
): Limiter {
  const leases: LimitLeases = {
    renew: (request) => {
      renewals++;
      return store.limits.renew(request, { processId: holderId, isAlive: () => true });
    },
    release: (group, id) => store.limits.release(group, id),
    ...more,
  };
  const limiter = new Limiter(clock, { defaultConcurrency, shared: { leases, group: 'g', holderId } });
  limiter.tighten(limits);
  limiters.push(limiter);
  return limiter;
}

/** Work of one run: each query takes a while, and then the next one is sent. */
function work(limiter: Limiter, count: number, durationMs: number, seen: Seen) {
  const progress = { done: 0 };
  for (let query = 0; query < count; query++) {
    void (async () => {
      const permit = await limiter.acquire([never]);
      seen.sentAt.push(clock.now());
      seen.highestInFlight = Math.max(seen.highestInFlight, ++seen.inFlight);
      await clock.sleep(durationMs, never);
      seen.inFlight--;
      permit.release('answered');
      progress.done++;
    })();
  }
  return progress;
}

interface Seen {
  inFlight: number;
  highestInFlight: number;
  readonly sentAt: number[];
}

const watch = (): Seen => ({ inFlight: 0, highestInFlight: 0, sentAt: [] });

describe('a shared limit group', () => {
  it('lets its limit be in flight over all limiters, never more, and each of them works', async () => {
    const seen = watch();
    const [one, two, three] = ['one', 'two', 'three'].map((id) => join(id, { maxConcurrentRequests: 5 })) as [
      Limiter,
      Limiter,
      Limiter,
    ];
    const first = work(one, 600, 70, seen);
    await clock.advance(2_000);
    expect(seen.inFlight).toBe(5);
    const second = work(two, 200, 70, seen);
    const third = work(three, 200, 70, seen);
    await clock.advance(3_000);
    for (const progress of [second, third]) expect(progress.done).toBeGreaterThan(30);
    await clock.advance(12_000);
    expect([first.done, second.done, third.done]).toEqual([600, 200, 200]);
    expect(seen.highestInFlight).toBe(5);
  });

  it('of one slot serves two limiters in turn', async () => {
    const seen = watch();
    const progress = ['one', 'two'].map((id) => work(join(id, { maxConcurrentRequests: 1 }), 200, 50, seen));
    await clock.advance(8_000);
    for (const { done } of progress) expect(done).toBeGreaterThan(40);
    expect(seen.highestInFlight).toBe(1);
  });

  it('keeps its rate over all limiters, also when one comes after another', async () => {
    const seen = watch();
    const rateLimit = 300;
    const one = join('one', { rateLimit }, {}, 50);
    work(one, 400, 10, seen);
    await clock.advance(20_000);
    await one.close();
    for (const id of ['two', 'three']) work(join(id, { rateLimit }, {}, 50), 150, 10, seen);
    await clock.advance(70_000);
    const times = seen.sentAt.toSorted((a, b) => a - b);
    expect(times.length).toBeGreaterThan(380);
    let first = 0;
    for (const [last, at] of times.entries()) {
      while (at - (times[first] ?? 0) >= 60_000) first++;
      expect(last - first + 1).toBeLessThanOrEqual(rateLimit);
    }
  });

  it('does not ask the store for every query', async () => {
    const seen = watch();
    const progress = work(join('one', { maxConcurrentRequests: 10, rateLimit: 60_000 }), 5_000, 5, seen);
    await clock.advance(10_000);
    expect(progress.done).toBe(5_000);
    expect(renewals).toBeLessThan(60);
  });

  it('gives the first query leave without waiting, and everything back when nothing is left to send', async () => {
    const seen = watch();
    work(join('one', { maxConcurrentRequests: 3 }), 3, 100, seen);
    await clock.advance(0);
    expect(seen.inFlight).toBe(3);
    await clock.advance(1_000);
    const asked = renewals;
    await clock.advance(60_000);
    expect(renewals).toBe(asked);
    work(join('two', { maxConcurrentRequests: 3 }), 3, 100, seen);
    await clock.advance(0);
    expect(seen.inFlight).toBe(3);
  });

  it('gives everything back when it is closed', async () => {
    const seen = watch();
    const one = join('one', { maxConcurrentRequests: 3 });
    const held: Permit[] = [];
    for (let query = 0; query < 3; query++) held.push(await one.acquire([never]));
    const progress = work(join('two', { maxConcurrentRequests: 3 }), 3, 10, seen);
    await clock.advance(300);
    expect(progress.done).toBe(0);
    for (const permit of held) permit.release('answered');
    await one.close();
    await clock.advance(300);
    expect(progress.done).toBe(3);
  });

  it('obeys what another one declares of a group that is named here without limits', async () => {
    const seen = watch();
    const open = join('open', {}, {}, 64);
    open.share();
    work(open, 400, 50, seen);
    await clock.advance(200);
    expect(seen.highestInFlight).toBe(64);
    work(join('strict', { maxConcurrentRequests: 4 }), 100, 50, seen);
    await clock.advance(1_000);
    seen.highestInFlight = 0;
    await clock.advance(1_000);
    expect(seen.highestInFlight).toBe(4);
  });

  it('says so when the store cannot be asked, and asks again with the next query', async () => {
    let isBroken = true;
    const limiter = join(
      'one',
      { maxConcurrentRequests: 2 },
      {
        renew: (request) =>
          isBroken
            ? Promise.reject(new Error('locked'))
            : store.limits.renew(request, { processId: 'one', isAlive: () => true }),
      },
    );
    await expect(limiter.acquire([never])).rejects.toThrow('locked');
    isBroken = false;
    const permit = limiter.acquire([never]);
    await clock.advance(1_000);
    (await permit).release('answered');
  });

  it('stops sending when it has not been able to renew for too long', async () => {
    let isBroken = false;
    const limiter = join(
      'one',
      { maxConcurrentRequests: 2 },
      {
        renew: (request) =>
          isBroken
            ? Promise.reject(new Error('locked'))
            : store.limits.renew(request, { processId: 'one', isAlive: () => true }),
      },
    );
    const first = await limiter.acquire([never]);
    isBroken = true;
    await clock.advance(5_000);
    (await limiter.acquire([never])).release('answered');
    await clock.advance(5_000);
    const refused = expect(limiter.acquire([never])).rejects.toThrow('locked');
    await clock.advance(1_000);
    await refused;
    first.release('answered');
  });
});
