import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LeaseRequest } from '../../../contracts/limit-leases.ts';
import type { Store } from '../../../storage/store.ts';
import type { OpenedStore, OpenStore } from './opened-store.ts';

/** Limits that hold over every handle of a store. Time and its faults are for each kind of store to show. */
export function describeLimitLedger(open: OpenStore): void {
  describe('limits', () => {
    let opened: OpenedStore;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.dispose());

    const renew = (store: Store, holderId: string, more: Partial<LeaseRequest>) =>
      store.limits.renew(
        { group: 'g', holderId, inFlight: 0, waiting: 20, sends: 0, ...more },
        { processId: holderId, isAlive: () => true },
      );

    it('are all for a sole holder, and shared with the next one as soon as it gives back', async () => {
      const other = await opened.openAnother();
      const limits = { maxConcurrentRequests: 6 };
      expect(await renew(opened.store, 'one', limits)).toMatchObject({ slots: 6, isShort: false, sendsInMs: null });
      expect(await renew(other, 'two', limits)).toMatchObject({ slots: 0, isShort: true });
      expect(await renew(opened.store, 'one', { ...limits, inFlight: 5 })).toMatchObject({
        slots: 3,
        isOverdrawn: true,
      });
      expect(await renew(other, 'two', limits)).toMatchObject({ slots: 1 });
      expect(await renew(opened.store, 'one', { ...limits, inFlight: 2 })).toMatchObject({
        slots: 3,
        isOverdrawn: false,
      });
      expect(await renew(other, 'two', limits)).toMatchObject({ slots: 3, isShort: false });
      await opened.store.limits.release('g', 'one');
      expect(await renew(other, 'two', limits)).toMatchObject({ slots: 6 });
    });

    it('give each moment of sending once, in whatever group they are', async () => {
      const other = await opened.openAnother();
      const limits = { rateLimit: 61, sends: 1 };
      const moments: number[] = [];
      const beganAt = performance.now();
      for (const [store, holderId] of [
        [opened.store, 'one'],
        [other, 'two'],
        [opened.store, 'one'],
      ] as const) {
        const { sendsInMs } = await renew(store, holderId, limits);
        moments.push(performance.now() - beganAt + (sendsInMs?.[0] ?? Number.NaN));
      }
      const [first = 0, second = 0, third = 0] = moments;
      // A second apart; when exactly each was named is known only roughly here.
      expect(second - first).toBeGreaterThan(500);
      expect(third - second).toBeGreaterThan(500);
      const apart = await renew(other, 'two', { ...limits, group: 'another' });
      expect(apart.sendsInMs?.[0]).toBeLessThanOrEqual(0);
    });
  });
}
