import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Lease, leaseTermMs, sendWindowMs } from '../../../contracts/limit-leases.ts';
import type { Store } from '../../../storage/store.ts';

/** What limits need of a store; its clock is the test's. */
export type LedgerStore = Pick<Store, 'limits' | 'runs'>;

let store: LedgerStore;
let nowMs = Date.UTC(2030, 0, 1);
let groups = 0;
const processes = ['p0', 'p1', 'p2', 'p3'];
const dead = new Set<string>();

const registerAll = async () => {
  for (const processId of processes) {
    const registeredAt = new Date(nowMs).toISOString();
    const record = { processId, host: 'here', pid: 1, startMark: '', command: 'test' };
    await store.runs.registerProcess({ ...record, registeredAt, seenAt: registeredAt });
  }
};

/** A holder that does what it may, and never more. */
class Holder {
  inFlight = 0;
  lease: Lease | undefined;
  /** When queries may leave, in the store's time. */
  sends: number[] = [];
  readonly #at = { ms: 0 };
  readonly group: string;
  readonly holderId: string;
  readonly processId: string;
  readonly limits: { readonly maxConcurrentRequests?: number; readonly rateLimit?: number };

  constructor(group: string, index: number, limits: Holder['limits']) {
    this.group = group;
    this.holderId = `h${index}`;
    this.processId = processes[index] ?? 'p0';
    this.limits = limits;
  }

  async renew(waiting: number, sends = 0): Promise<void> {
    const { group, holderId, inFlight, processId } = this;
    this.lease = await store.limits.renew(
      { group, holderId, ...this.limits, inFlight, waiting, sends },
      { processId, isAlive: (process) => !dead.has(process.processId) },
    );
    this.#at.ms = nowMs;
    this.sends.push(...(this.lease.sendsInMs ?? []).map((inMs) => nowMs + inMs));
  }

  get slots(): number {
    return this.lease === undefined || nowMs - this.#at.ms > leaseTermMs ? 0 : (this.lease.slots ?? 1_000);
  }

  /** Sends as many as it may; says how many. */
  send(count: number): number {
    const sent = Math.max(0, Math.min(count, this.slots - this.inFlight));
    this.inFlight += sent;
    return sent;
  }

  die(): void {
    this.lease = undefined;
    this.inFlight = 0;
    this.sends = [];
  }
}

const step = fc.oneof(
  fc.record({ do: fc.constant('renew' as const), who: fc.nat(3), waiting: fc.nat(12) }),
  fc.record({ do: fc.constant('send' as const), who: fc.nat(3), count: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ do: fc.constant('end' as const), who: fc.nat(3), count: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(50, 500, 1_500, 3_000) }),
  fc.record({ do: fc.constant('leave' as const), who: fc.nat(3) }),
  fc.record({ do: fc.constant('kill' as const), who: fc.nat(3) }),
);

/** What holds of limits in every store, in whatever order things happen. */
export function describeLimits(open: (nowMs: () => number) => Promise<LedgerStore & AsyncDisposable>): void {
  let opened: LedgerStore & AsyncDisposable;
  beforeAll(async () => {
    opened = await open(() => nowMs);
    store = opened;
    await registerAll();
  });
  afterAll(() => opened[Symbol.asyncDispose]());

  describe('slots of a limit group', () => {
    it('are never more than the limit, however holders come, work, stall, go and die', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 9 }),
          fc.array(step, { minLength: 10, maxLength: 120 }),
          async (limit, steps) => {
            dead.clear();
            const group = `slots ${groups++}`;
            const holders = processes.map((_, index) => new Holder(group, index, { maxConcurrentRequests: limit }));
            for (const action of steps) {
              const holder = holders['who' in action ? action.who : 0] as Holder;
              switch (action.do) {
                case 'renew':
                  dead.delete(holder.processId);
                  await holder.renew(action.waiting);
                  break;
                case 'send':
                  holder.send(action.count);
                  break;
                case 'end':
                  holder.inFlight = Math.max(0, holder.inFlight - action.count);
                  break;
                case 'pass':
                  nowMs += action.ms;
                  // Whoever lives renews in time; it is known elsewhere what becomes of one that does not.
                  for (const living of holders) if (living.lease !== undefined) await living.renew(living.inFlight);
                  break;
                case 'leave':
                  holder.inFlight = 0;
                  await store.limits.release(group, holder.holderId);
                  holder.die();
                  break;
                case 'kill':
                  dead.add(holder.processId);
                  holder.die();
                  break;
              }
              expect(holders.reduce((sum, { inFlight }) => sum + inFlight, 0)).toBeLessThanOrEqual(limit);
            }
          },
        ),
        { numRuns: 40 },
      );
    });

    it('all come to a sole holder at once', async () => {
      const holder = new Holder(`sole ${groups++}`, 0, { maxConcurrentRequests: 7 });
      await holder.renew(1);
      expect(holder.lease).toEqual({ slots: 7, isOverdrawn: false, isShort: false, sendsInMs: null });
    });

    it('are divided evenly as soon as queries in flight end, and go back to who is left', async () => {
      dead.clear();
      const group = `even ${groups++}`;
      const [one, two] = [0, 1].map((index) => new Holder(group, index, { maxConcurrentRequests: 6 })) as [
        Holder,
        Holder,
      ];
      await one.renew(20);
      expect(one.send(20)).toBe(6);
      await two.renew(20);
      expect(two.lease).toMatchObject({ slots: 0, isShort: true });
      await one.renew(14);
      expect(one.lease).toMatchObject({ slots: 3, isOverdrawn: true });
      one.inFlight = 4;
      await one.renew(14);
      await two.renew(20);
      expect([one.slots, two.slots]).toEqual([3, 2]);
      one.inFlight = 3;
      await one.renew(14);
      await two.renew(20);
      expect([one.slots, two.slots]).toEqual([3, 3]);
      dead.add(two.processId);
      nowMs += 2_500;
      await one.renew(14);
      expect(one.slots).toBe(6);
    });

    it('go to who wants them: one that wants little leaves the rest to the others', async () => {
      dead.clear();
      const group = `wants ${groups++}`;
      const [busy, modest] = [0, 1].map((index) => new Holder(group, index, { maxConcurrentRequests: 10 })) as [
        Holder,
        Holder,
      ];
      await modest.renew(1);
      await busy.renew(50);
      await modest.renew(1);
      await busy.renew(50);
      expect([busy.slots, modest.slots]).toEqual([9, 1]);
    });

    it('go round where there are fewer than holders: everybody gets a turn, also with long queries', async () => {
      dead.clear();
      const group = `turns ${groups++}`;
      const holders = [0, 1, 2].map((index) => new Holder(group, index, { maxConcurrentRequests: 1 }));
      const sent = [0, 0, 0];
      // Each query takes 7 s, far longer than a turn.
      let endsAtMs = 0;
      for (let tick = 0; tick < 1_200; tick++) {
        nowMs += 100;
        for (const [index, holder] of holders.entries()) {
          if (holder.inFlight === 1 && nowMs >= endsAtMs) holder.inFlight = 0;
          await holder.renew(5);
          if (holder.send(1) === 1) {
            sent[index] = (sent[index] ?? 0) + 1;
            endsAtMs = nowMs + 7_000;
          }
        }
      }
      expect(Math.max(...sent) - Math.min(...sent)).toBeLessThanOrEqual(1);
      expect(sent.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(15);
    });

    it('are limited by the smallest value that a living holder declares', async () => {
      dead.clear();
      const group = `smallest ${groups++}`;
      const wide = new Holder(group, 0, { maxConcurrentRequests: 8 });
      const narrow = new Holder(group, 1, { maxConcurrentRequests: 2 });
      const unlimited = new Holder(group, 2, {});
      await unlimited.renew(50);
      expect(unlimited.lease?.slots).toBeNull();
      await wide.renew(50);
      expect(wide.slots).toBe(0);
      await unlimited.renew(50);
      await wide.renew(50);
      expect([unlimited.slots, wide.slots]).toEqual([4, 4]);
      await narrow.renew(50);
      for (let round = 0; round < 3; round++) for (const holder of [wide, unlimited, narrow]) await holder.renew(50);
      expect(wide.slots + unlimited.slots + narrow.slots).toBe(2);
      await store.limits.release(group, narrow.holderId);
      await store.limits.release(group, unlimited.holderId);
      await wide.renew(50);
      expect(wide.slots).toBe(8);
    });

    it('of a holder that has stalled are given to others only after it relies on them no more', async () => {
      dead.clear();
      const group = `stalled ${groups++}`;
      const [stalled, other] = [0, 1].map((index) => new Holder(group, index, { maxConcurrentRequests: 4 })) as [
        Holder,
        Holder,
      ];
      await stalled.renew(4);
      for (let waitedMs = 0; waitedMs < 15_000; waitedMs += 500) {
        await other.renew(4);
        expect(stalled.slots + other.slots).toBeLessThanOrEqual(4);
        nowMs += 500;
      }
      expect(other.slots).toBe(4);
    });
  });

  describe('moments of sending of a limit group', () => {
    it('are never more in a minute than the rate, whoever takes them and however late', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 240 }),
          fc.array(
            fc.record({
              who: fc.nat(3),
              sends: fc.integer({ min: 1, max: 40 }),
              passMs: fc.constantFrom(0, 20, 300, 1_000, 20_000),
              lateMs: fc.integer({ min: 0, max: sendWindowMs }),
              fate: fc.constantFrom('work', 'work', 'work', 'kill', 'leave'),
            }),
            { minLength: 5, maxLength: 80 },
          ),
          async (rateLimit, steps) => {
            dead.clear();
            const group = `rate ${groups++}`;
            const holders = processes.map((_, index) => new Holder(group, index, { rateLimit }));
            const left: number[] = [];
            for (const { who, sends, passMs, lateMs, fate } of steps) {
              const holder = holders[who] as Holder;
              dead.delete(holder.processId);
              await holder.renew(sends, sends);
              left.push(...holder.sends.splice(0).map((at) => at + lateMs));
              if (fate === 'kill') dead.add(holder.processId);
              if (fate === 'leave') await store.limits.release(group, holder.holderId);
              nowMs += passMs;
            }
            left.sort((a, b) => a - b);
            let first = 0;
            for (const [last, at] of left.entries()) {
              while (at - (left[first] ?? 0) >= 60_000 - 1e-3) first++;
              expect(last - first + 1).toBeLessThanOrEqual(rateLimit);
            }
          },
        ),
        { numRuns: 40 },
      );
    });

    it('begin at once, waste little, and are shared evenly', async () => {
      dead.clear();
      const group = `pace ${groups++}`;
      const beganMs = nowMs;
      const holders = [0, 1].map((index) => new Holder(group, index, { rateLimit: 120 }));
      const taken = [0, 0];
      const first: number[] = [];
      while (nowMs < beganMs + 60_000) {
        for (const [index, holder] of holders.entries()) {
          if (holder.sends.length === 0) await holder.renew(50, 50);
          while ((holder.sends[0] ?? Number.POSITIVE_INFINITY) <= nowMs) {
            first.push(holder.sends.shift() ?? 0);
            taken[index] = (taken[index] ?? 0) + 1;
          }
        }
        nowMs += 50;
      }
      expect(first[0]).toBe(beganMs);
      expect((taken[0] ?? 0) + (taken[1] ?? 0)).toBeGreaterThanOrEqual(115);
      expect(Math.abs((taken[0] ?? 0) - (taken[1] ?? 0))).toBeLessThanOrEqual(4);
    });

    it('are not put off by a clock that was set back', async () => {
      dead.clear();
      const holder = new Holder(`clock ${groups++}`, 0, { rateLimit: 60 });
      await holder.renew(1, 1);
      nowMs -= 3_600_000;
      await holder.renew(1, 1);
      expect(holder.lease?.sendsInMs?.[0]).toBeLessThan(3_000);
      nowMs += 3_600_000;
    });
  });
}
