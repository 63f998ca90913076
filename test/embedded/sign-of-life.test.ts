import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { describeThisProcess } from '../../embedded/process-registry.ts';
import { giveSignsOfLife } from '../../embedded/sign-of-life.ts';
import type { ProcessRecord } from '../../storage/run-log.ts';

// The clock is the test's: what is shown is what is written and when, not how long it takes.

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function openRegistry(self: ProcessRecord) {
  const records = new Map([[self.processId, self]]);
  let failures = 0;
  return {
    records,
    failTimes(count: number) {
      failures = count;
    },
    async renewProcess(processId: string, seenAt: string) {
      if (failures-- > 0) throw new Error('The disk is full.');
      const record = records.get(processId);
      if (record !== undefined) records.set(processId, { ...record, seenAt });
      return record !== undefined;
    },
    async registerProcess(record: ProcessRecord) {
      records.set(record.processId, record);
    },
  };
}

describe('signs of life', () => {
  it('renew the record every ten seconds until they are stopped', async () => {
    const self = describeThisProcess('run');
    const registry = openRegistry(self);
    const signs = giveSignsOfLife(self, registry);
    const startedAt = Date.now();
    for (const beat of [1, 2, 3]) {
      await vi.advanceTimersByTimeAsync(10_000);
      expect(Date.parse(registry.records.get(self.processId)?.seenAt ?? '') - startedAt).toBe(beat * 10_000);
    }
    await signs.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(Date.parse(registry.records.get(self.processId)?.seenAt ?? '') - startedAt).toBe(30_000);
  });

  it('outlast a store that cannot be written for a while', async () => {
    const self = describeThisProcess('run');
    const registry = openRegistry(self);
    const signs = giveSignsOfLife(self, registry);
    registry.failTimes(2);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(registry.records.get(self.processId)?.seenAt).toBe(self.seenAt);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(registry.records.get(self.processId)?.seenAt).not.toBe(self.seenAt);
    await signs.stop();
  });

  it('make a record again that somebody removed', async () => {
    const self = describeThisProcess('run');
    const registry = openRegistry(self);
    const signs = giveSignsOfLife(self, registry);
    registry.records.clear();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(registry.records.get(self.processId)).toMatchObject({ pid: self.pid, registeredAt: self.registeredAt });
    await signs.stop();
  });
});
