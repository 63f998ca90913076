import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nothingSpent } from '../../../evaluation/limits/spending-limits.ts';
import type { Store } from '../../../storage/store.ts';
import type { OpenedStore, OpenStore } from './opened-store.ts';
import { makeRun } from './samples.ts';

/** What runs spend, over every handle of a store. Time is for each kind of store to show. */
export function describeSpending(open: OpenStore): void {
  describe('spending', () => {
    let opened: OpenedStore;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.dispose());

    const reserveMany = async (store: Store, runId: string, count: number): Promise<number> => {
      const answers = await Promise.all(Array.from({ length: count }, () => store.spending.reserve(runId)));
      return answers.filter(({ isGranted }) => isGranted).length;
    };

    it('gives as many queries as the limit has, however many ask at once and from wherever', async () => {
      const other = await opened.openAnother();
      await opened.store.runs.createRun({ ...makeRun('run'), limits: { queries: 25 } }, []);
      const granted = await Promise.all([
        reserveMany(opened.store, 'run', 20),
        reserveMany(other, 'run', 20),
        reserveMany(opened.store, 'run', 20),
      ]);
      expect(granted.reduce((sum, count) => sum + count, 0)).toBe(25);
      expect(await other.spending.find('run')).toMatchObject({
        limits: { queries: 25 },
        spent: { queries: 25 },
        reached: 'queries',
      });
    });

    it('keeps what was counted when it is opened again, and gives what was given back to somebody else', async () => {
      await opened.store.runs.createRun({ ...makeRun('run'), limits: { queries: 3 } }, []);
      expect(await reserveMany(opened.store, 'run', 2)).toBe(2);
      const store = await opened.reopen();
      expect(await reserveMany(store, 'run', 2)).toBe(1);
      expect(await store.spending.giveBack('run')).toMatchObject({ spent: { queries: 2 }, reached: undefined });
      expect(await reserveMany(store, 'run', 2)).toBe(1);
    });

    it('gives nothing more once tokens or cost are at their limit, and adds cost up exactly', async () => {
      await opened.store.runs.createRun({ ...makeRun('tokens'), limits: { tokens: 100 } }, []);
      await opened.store.runs.createRun({ ...makeRun('cost'), limits: { cost: 0.3 } }, []);
      const { spending } = opened.store;
      const cents = 10n ** 10n;
      expect(await spending.add('tokens', { tokens: 99, cost: 0n })).toMatchObject({ reached: undefined });
      expect(await reserveMany(opened.store, 'tokens', 1)).toBe(1);
      expect(await spending.add('tokens', { tokens: 2, cost: 0n })).toMatchObject({ reached: 'tokens' });
      expect(await reserveMany(opened.store, 'tokens', 1)).toBe(0);
      await Promise.all([10n, 10n].map((count) => spending.add('cost', { tokens: 1, cost: count * cents - 1n })));
      expect(await reserveMany(opened.store, 'cost', 1)).toBe(1);
      const { spent, reached } = await spending.add('cost', { tokens: 1, cost: 10n * cents + 2n });
      expect([spent, reached]).toEqual([{ queries: 1, tokens: 3, cost: 30n * cents, workedMs: 0 }, 'cost']);
      expect(await reserveMany(opened.store, 'cost', 1)).toBe(0);
    });

    it('counts before it gives, where both come at once', async () => {
      await opened.store.runs.createRun({ ...makeRun('run'), limits: { tokens: 10 } }, []);
      const { spending } = opened.store;
      const [first, , second] = await Promise.all([
        spending.reserve('run'),
        spending.add('run', { tokens: 10, cost: 0n }),
        spending.reserve('run'),
      ]);
      expect([first.isGranted, second.isGranted]).toEqual([false, false]);
    });

    it('has new limits from the next query on, and what a run spent before it had any', async () => {
      const { runs, spending } = opened.store;
      await runs.createRun(makeRun('free'), []);
      expect(await spending.find('free')).toEqual({ limits: null, spent: nothingSpent, reached: undefined });
      await spending.setLimits('free', { queries: 12 }, { ...nothingSpent, queries: 10, workedMs: 5 });
      expect(await reserveMany(opened.store, 'free', 5)).toBe(2);
      await spending.setLimits('free', { queries: 13, tokens: 5 }, nothingSpent);
      expect(await reserveMany(opened.store, 'free', 5)).toBe(1);
      expect(await spending.find('free')).toMatchObject({ spent: { queries: 13, workedMs: 5 }, reached: 'queries' });
      await spending.setLimits('free', null, nothingSpent);
      expect(await reserveMany(opened.store, 'free', 5)).toBe(5);
      expect(await spending.find('free')).toMatchObject({ limits: null, spent: { queries: 18 }, reached: undefined });
    });

    it('counts signs of work that are close together, once for all who give them', async () => {
      const other = await opened.openAnother();
      await opened.store.runs.createRun({ ...makeRun('run'), limits: { duration_s: 3_600 } }, []);
      const beganAtMs = Date.now();
      expect(await opened.store.spending.recordSign('run')).toMatchObject({ spent: { workedMs: 0 } });
      for (let signs = 0; signs < 5; signs++) {
        await Promise.all([opened.store.spending.recordSign('run'), other.spending.recordSign('run')]);
      }
      const { spent } = await other.spending.find('run');
      expect(spent.workedMs).toBeLessThanOrEqual(Date.now() - beganAtMs + 2);
    });
  });
}
