import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../../../storage/sqlite/open-sqlite-store.ts';
import { describeLimits } from '../conformance/limit-laws.ts';

describeLimits(async (nowMs) => {
  const root = await mkdtemp(join(tmpdir(), 'stet-ledger-'));
  const store = await openSqliteStore(join(root, '.stet'), { now: () => new Date(nowMs()) });
  return {
    limits: store.limits,
    runs: store.runs,
    async [Symbol.asyncDispose]() {
      await store.close();
      await rm(root, { recursive: true, force: true });
    },
  };
});
