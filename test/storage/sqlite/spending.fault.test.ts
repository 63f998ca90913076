import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { describeSpendingFaults } from '../conformance/spending-faults.ts';

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

describe('processes on one SQLite store', () =>
  describeSpendingFaults(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stet-spending-'));
    folders.push(folder);
    return join(folder, '.stet');
  }));
