import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Digest } from '../../../contracts/digest.ts';
import { openStore } from '../../../storage/open-store.ts';
import { bundleScript } from '../bundle-script.ts';
import { openTemporaryStore } from '../open-temporary-store.ts';
import type { RaceReport, RaceRole } from './race-process.ts';
import { collect, findThere, hourMs, registerRun } from './stored-run.ts';

let root: string;
let script: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'stet-races-'));
  script = join(root, 'race-process.mjs');
  await bundleScript(new URL('race-process.ts', import.meta.url), script);
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rm(root, { recursive: true, force: true }));

interface Started {
  readonly ready: Promise<unknown>;
  readonly report: Promise<RaceReport>;
  stop(): unknown;
  kill(): Promise<unknown>;
}

function start(role: RaceRole, directory: string, name: string, graceMs = 0): Started {
  const child = fork(script, [role, directory, name, String(graceMs)], { execArgv: [] });
  children.push(child);
  const ready = new Promise<void>((resolve) => child.once('message', () => resolve()));
  const report = new Promise<RaceReport>((resolve, reject) => {
    child.on('message', (message) => {
      if (typeof message === 'object') resolve(message as RaceReport);
    });
    child.once('exit', (code) => reject(new Error(`${role} ended with ${code} and without a report`)));
  });
  report.catch(() => undefined);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const kill = () => {
    child.kill('SIGKILL');
    return ended;
  };
  return { ready, report, kill, stop: () => child.connected && child.send('stop') };
}

async function race(
  role: Exclude<RaceRole, 'collect'>,
  graceMs: number,
): Promise<{ readonly unreadable: readonly string[]; readonly swept: number; readonly lost: readonly string[] }> {
  const directory = join(root, role.replaceAll(/\W+/g, '-'), '.stet');
  await (await openStore(directory)).close();
  const collectors = ['a', 'b'].map((name) => start('collect', directory, name, graceMs));
  await Promise.all(collectors.map(({ ready }) => ready));
  const writers = ['one', 'two'].map((name) => start(role, directory, name));
  const written = await Promise.all(writers.map(({ report }) => report));
  for (const collector of collectors) collector.stop();
  const collected = await Promise.all(collectors.map(({ report }) => report));
  const store = await openStore(directory);
  const lost: string[] = [];
  for (const digest of written.flatMap(({ kept }) => kept)) {
    await store.content.get(digest as Digest).catch(() => lost.push(digest));
  }
  await store.close();
  return {
    unreadable: written.flatMap(({ unreadable }) => unreadable),
    swept: collected.reduce((sum, { swept }) => sum + swept, 0),
    lost,
  };
}

describe('a collection that is killed', () => {
  it('leaves nothing that a record refers to missing, and the next one ends its work', async () => {
    const bench = await openTemporaryStore();
    const { store, directory } = bench;
    const kept: string[] = [];
    for (let index = 0; index < 40; index++) {
      // Half of the old runs share their data with one that is open.
      const data = `data ${index % 20}`;
      await registerRun(bench, `old ${index}`, { data });
      await store.runs.recordRunEnd(`run-old ${index}`, { failed: true });
      if (index < 20 && index % 2 === 0)
        kept.push(...Object.values(await registerRun(bench, `open ${index}`, { data })));
    }
    const count = async () => (await readdir(join(directory, 'blobs'), { recursive: true })).length;
    const all = await findThere(bench, kept as Digest[]);
    // Long ago, so that the open runs do not keep the small ones for their own sake.
    for (const entry of await readdir(join(directory, 'blobs'), { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) await utimes(join(entry.parentPath, entry.name), 1_000, 1_000);
    }
    const before = await count();
    const collector = start('collect', directory, 'killed');
    await collector.ready;
    while ((await count()) === before); // until the first blob has gone
    await collector.kill();

    expect(await findThere(bench, kept as Digest[])).toEqual(all);
    expect((await store.housekeeping.verify()).damaged).toEqual([]);
    await collect(bench, { olderThanMs: 0, nowMs: Date.now() + 2 * hourMs });
    expect(await findThere(bench, kept as Digest[])).toEqual(all);
    const { verified } = await store.housekeeping.verify();
    const files = await readdir(join(directory, 'blobs'), { recursive: true, withFileTypes: true });
    expect(files.filter((entry) => entry.isFile())).toHaveLength(verified.count);
    await bench.dispose();
  });
});

describe('two processes that put blobs beside two that collect garbage', () => {
  it('can read each of them whose reference was registered before, even without grace time', async () => {
    const { unreadable, swept } = await race('register, then put', 0);
    expect(unreadable).toEqual([]);
    expect(swept).toBeGreaterThan(0); // the texts were garbage in between
  });

  it('can read each of them whose reference is registered within the grace time after', async () => {
    const { unreadable, swept, lost } = await race('put, then register', 3_600_000);
    expect(unreadable).toEqual([]);
    expect(lost).toEqual([]);
    expect(swept).toBeGreaterThan(0); // they had been lying around for long
  });
});
