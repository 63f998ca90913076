import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diagnose } from '../../embedded/diagnose.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'stet-diagnose-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function examine(store: string, environment: Record<string, string> = {}) {
  // A CLI that is named and absent keeps the check from fetching one.
  const named = { STET_TEMPORAL_CLI: path.join(folder, 'no-such-temporal'), PATH: process.env['PATH'] ?? '' };
  const found = await diagnose({ store, environment: { ...named, ...environment }, workingDirectory: folder });
  return new Map(found.map((diagnosis) => [diagnosis.name, diagnosis]));
}

describe('diagnose', () => {
  it('finds a machine that runs these tests fit, and makes no store', async () => {
    const store = path.join(folder, 'store');
    const found = await examine(store);
    for (const name of ['Node.js', 'SQLite (libsql)', 'Temporal SDK', 'Store directory', 'Store', 'Temporal server']) {
      expect(found.get(name)).toMatchObject({ ok: true });
    }
    expect(found.get('Store')?.detail).toBe('none yet');
    expect((await examine(store)).get('Store')?.detail).toBe('none yet');
  });

  it('shows which Temporal is used and where each part came from, never a key', async () => {
    expect((await examine(path.join(folder, 'store'))).get('Temporal')).toEqual({
      name: 'Temporal',
      ok: true,
      detail: 'the server that Stet brings: nothing names another one',
    });
    const found = await examine(path.join(folder, 'store'), {
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      TEMPORAL_API_KEY: 'key-that-nobody-may-see',
    });
    expect(found.get('Temporal')).toMatchObject({
      ok: false,
      detail: expect.stringContaining(
        'address 127.0.0.1:1 (TEMPORAL_ADDRESS), namespace default (default), API key set (TEMPORAL_API_KEY)',
      ),
    });
    expect(JSON.stringify([...found.values()])).not.toContain('key-that-nobody-may-see');
    expect(found.get('Temporal CLI')).toMatchObject({ ok: true, detail: 'not needed: Temporal runs elsewhere' });
  });

  it('says what to do when the Temporal CLI is missing', async () => {
    expect((await examine(path.join(folder, 'store'))).get('Temporal CLI')).toMatchObject({
      ok: false,
      hint: expect.stringContaining('unset it'),
    });
  });

  it('finds that a store cannot be where a file is', async () => {
    const store = path.join(folder, 'file');
    await writeFile(store, '');
    expect((await examine(store)).get('Store directory')).toMatchObject({ ok: false, hint: expect.any(String) });
  });

  it('takes a missing Python as no failure', async () => {
    const found = await examine(path.join(folder, 'store'), { PATH: folder });
    expect(found.get('python3')).toMatchObject({ ok: true, detail: expect.stringContaining('not found') });
  });
});
