import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openStet, type RunDocument, type Stet } from '../../embedded/index.ts';
import { makeCapitalRun } from '../support/capital-run.ts';
import { countReached, setFaults } from '../support/fault-preload.mjs';
import { type HalfAnsweringModel, startHalfAnsweringModel } from '../support/half-answering-model.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// Disks that are full, read-only or broken, and a database that another process keeps locked: the command says so, what was
// answered is kept, nothing is paid for twice, and it goes on once the store is well.

const rows = 24;
const concurrency = 4;
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const inspect = fileURLToPath(new URL('../support/inspect-store.mjs', import.meta.url));
/** Real mounts, in a namespace that goes with its process; needs the rights of root. */
const canMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

let model: HalfAnsweringModel;
let folder: TemporaryFolder;
let stet: Stet;
let notices: string[];

beforeAll(async () => {
  if (!canMount)
    process.stderr.write('SKIPPED: full and read-only disks need the right to mount; errors are injected only.\n');
  model = await startHalfAnsweringModel();
  folder = await makeTemporaryFolder();
  stet = await openStet({
    store: path.join(folder.path, '.stet'),
    workingDirectory: folder.path,
    segmentSize: 6,
    onNotice: (message) => notices.push(message),
  });
});

afterEach(() => setFaults([]));

afterAll(async () => {
  await stet?.close();
  await model?.close();
  await folder?.[Symbol.asyncDispose]();
});

/** A run of its own: its model has another address. */
async function write(name: string): Promise<string> {
  notices = [];
  const run = makeCapitalRun({ baseUrl: model.atPath(name), rows, maxConcurrentRequests: concurrency });
  return folder.write(`${name}.json`, run);
}

function countSent(name: string): number {
  return model.requests.filter((request) => request.path.startsWith(`/v1/${name}/`)).length;
}

describe('a store that cannot be written for a while', () => {
  it.each([
    ['SQLITE_FULL', 'database or disk is full. The disk is full: make room'],
    ['SQLITE_BUSY', 'has been locked for 5 s by another process'],
    ['SQLITE_IOERR', 'disk I/O error'],
  ])('keeps the answers of a run in progress and sends nothing more: %s', async (code, reason) => {
    const file = await write(code);
    model.holdBackAfter(6);
    const handle = await stet.run(file);
    await model.untilHeld(concurrency);
    const sent = countSent(code);
    setFaults([{ at: 'begin', when: 'before', act: code }]);
    model.answerAll();
    const about = () => notices.find((notice) => notice.includes('Nothing is sent until the store can be written'));
    await expect.poll(about, { timeout: 30_000 }).toContain(reason);
    await vi.waitUntil(() => countReached() > 10, { timeout: 30_000 });
    expect(countSent(code) - sent).toBeLessThanOrEqual(concurrency);
    setFaults([]);
    expect(await handle.result()).toMatchObject({ status: 'completed', model_queries: { sent: rows } });
    expect(countSent(code)).toBe(rows);
  });

  it.each(['blob-write', 'blob-sync-folder'])(
    'seals what it has once there is room, and asks for none of it again: ENOSPC at %s',
    async (point) => {
      const file = await write(point);
      model.holdBackAfter(4);
      const handle = await stet.run(file);
      await model.untilHeld(concurrency);
      setFaults([{ at: point, when: 'before', act: 'ENOSPC' }]);
      model.answerAll();
      await vi.waitUntil(() => countReached() >= 6, { timeout: 30_000 });
      setFaults([]);
      expect(await handle.result()).toMatchObject({ status: 'completed', model_queries: { sent: rows } });
      expect(countSent(point)).toBe(rows);
    },
  );

  it.each([
    ['blob-write', 'ENOSPC', /cannot be written \(ENOSPC\)/, /disk is full: make room/],
    ['create-run', 'SQLITE_FULL', /database or disk is full/, /disk is full: make room/],
    ['create-run', 'SQLITE_READONLY', /readonly database/, /who may write/],
  ])('begins nothing, says why, and the same command works after it: %s, %s', async (point, code, message, hint) => {
    const name = `${point}-${code}`;
    const file = await write(name);
    const before = await stet.list({ limit: 100 });
    setFaults([{ at: point, when: 'before', act: code }]);
    const failure: unknown = await stet.run(file).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'store-failed',
      message: expect.stringMatching(message) as string,
      hint: expect.stringMatching(hint) as string,
    });
    expect(await stet.list({ limit: 100 })).toEqual(before);
    expect(countSent(name)).toBe(0);
    setFaults([]);
    expect((await (await stet.run(file)).result()).status).toBe('completed');
    expect(countSent(name)).toBe(rows);
  });
});

describe.runIf(canMount)('a disk that is really', () => {
  const inNamespace = (script: string, words: readonly string[]) =>
    spawn('unshare', ['-m', 'sh', '-c', script, 'sh', ...words], {
      cwd: folder.path,
      env: { ...process.env, STET_STORE: undefined, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  it('full is named, waited for, and forgotten once there is room', async () => {
    const file = await write('full');
    model.holdBackAfter(6);
    const child = inNamespace('mkdir -p mounted && mount -t tmpfs -o size=16m tmpfs mounted && exec "$@"', [
      process.execPath,
      main,
      'run',
      '-f',
      file,
      '--store',
      'mounted/.stet',
      '--json',
    ]);
    const ended = once(child, 'close');
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
    await model.untilHeld(concurrency);
    const filler = `/proc/${child.pid}/root${folder.path}/mounted/filler`;
    // As much as there is room for.
    await expect(writeFile(filler, Buffer.alloc(32_000_000))).rejects.toMatchObject({ code: 'ENOSPC' });
    model.answerAll();
    await vi.waitUntil(() => /disk of the store is full/.test(stderr), { timeout: 30_000 });
    expect(countSent('full')).toBeLessThanOrEqual(6 + 2 * concurrency);
    await rm(filler);
    const [code] = (await ended) as [number];
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout) as RunDocument).toMatchObject({ status: 'completed', model_queries: { sent: rows } });
    expect(countSent('full')).toBe(rows);
  });

  it('read-only lets list, show and plan work, and stops a run with one sentence', async () => {
    const file = await write('read-only');
    const store = path.join(folder.path, 'at-rest');
    const writing = await openStet({ store, workingDirectory: folder.path });
    await (await writing.run(file)).result();
    await writing.close();
    const child = inNamespace('mount --bind "$3" "$3" && mount -o remount,ro,bind "$3" && exec "$@"', [
      process.execPath,
      inspect,
      store,
      file,
    ]);
    let stdout = '';
    child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      listed: 'completed',
      shown: 'completed',
      planned: 'full',
      refused: {
        code: 'store-failed',
        message: `The store ${store} cannot be written: its file system is read-only.`,
        hint: expect.stringContaining('--store') as string,
      },
    });
    expect(countSent('read-only')).toBe(rows);
  });
});
