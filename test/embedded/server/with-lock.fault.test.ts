import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { withLock } from '../../../embedded/server/with-lock.ts';
import { buildCommand } from './commands.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stet-lock-'));
  path = join(folder, 'new', 'the.lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('lets one in at a time', async () => {
  let inside = 0;
  let most = 0;
  const enter = () =>
    withLock(path, { timeoutMs: 10_000 }, async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
    });
  await Promise.all([enter(), enter(), enter()]);
  expect(most).toBe(1);
});

it('is free again after what ran under it has failed', async () => {
  await expect(withLock(path, { timeoutMs: 0 }, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await withLock(path, { timeoutMs: 0 }, () => Promise.resolve('entered'))).toBe('entered');
});

it('is given up on in time, and tells first that it has to wait', async () => {
  const events: string[] = [];
  await withLock(path, { timeoutMs: 0 }, async () => {
    const second = withLock(path, { timeoutMs: 50, onWait: () => events.push('waits') }, () => Promise.resolve());
    await expect(second).rejects.toMatchObject({ code: 'temporal-failed' });
  });
  expect(events).toEqual(['waits']);
});

it('is free at once when its holder is killed', async () => {
  const holder = spawn(process.execPath, [await buildCommand('hold-lock'), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  await expect(withLock(path, { timeoutMs: 50 }, () => Promise.resolve())).rejects.toMatchObject({
    code: 'temporal-failed',
  });
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  expect(await withLock(path, { timeoutMs: 0 }, () => Promise.resolve('entered'))).toBe('entered');
});
