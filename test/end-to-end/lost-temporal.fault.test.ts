import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openStet, type RunDocument, type Stet } from '../../embedded/index.ts';
import type { RunFileInput } from '../../evaluation/spec/run-file.ts';
import { openStore } from '../../storage/index.ts';
import { exactScorer, looseScorer, makeCapitalRun } from '../support/capital-run.ts';
import { type HalfAnsweringModel, startHalfAnsweringModel } from '../support/half-answering-model.ts';
import { killServer, startKillableRuns } from '../support/killable-runs.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// Temporal's database is lost in every way there is: open runs start again from their plans under the same ids, and what
// was answered is not asked again.

const rows = 24;
const concurrency = 4;

let model: HalfAnsweringModel;
let folder: TemporaryFolder;
let undisturbed: RunDocument;
let runFile: string;
/** The same with another scorer: it waits for the solver outputs of the first. */
let looseRunFile: string;
/** A run of which half is done and one that waits for it, both killed, with the server. */
let halfDone: { readonly store: string; readonly id: string; readonly waiting: string; readonly sent: number };
let notices: string[];

beforeAll(async () => {
  model = await startHalfAnsweringModel();
  folder = await makeTemporaryFolder();
  runFile = await folder.write('run.json', makeRun());
  looseRunFile = await folder.write('loose.json', makeRun(looseScorer));
  store = path.join(folder.path, 'half-done');
  const before = model.count();
  model.holdBackAfter(rows / 2);
  const runs = await startKillableRuns(store, [runFile, looseRunFile], 'in-order');
  await model.untilHeld(concurrency);
  await untilWaiting(runs.ids[1] ?? '');
  await runs.kill({ server: true });
  model.answerAll();
  const [id = '', waiting = ''] = runs.ids;
  halfDone = { store, id, waiting, sent: model.count() - before };

  const stet = await openStet({ store: path.join(folder.path, 'undisturbed'), segmentSize: 6 });
  undisturbed = await (await stet.run(runFile)).result();
  await stet.close();
}, 120_000);

afterAll(async () => {
  await model.close();
  await folder[Symbol.asyncDispose]();
});

let scenario = 0;
let store: string;

beforeEach(() => {
  store = path.join(folder.path, `store-${++scenario}`);
  notices = [];
});

function makeRun(scorer: Readonly<Record<string, unknown>> = exactScorer): RunFileInput {
  return makeCapitalRun({ baseUrl: model.baseUrl, rows, maxConcurrentRequests: concurrency, scorers: [scorer] });
}

function open(): Promise<Stet> {
  return openStet({
    store,
    workingDirectory: folder.path,
    segmentSize: 6,
    onNotice: (message) => notices.push(message),
  });
}

/** Resolves once the store says that a run waits for another. */
async function untilWaiting(runId: string): Promise<void> {
  const opened = await openStore(store);
  try {
    await vi.waitUntil(async () => (await opened.runs.listWaits(runId)).length > 0, { timeout: 30_000, interval: 20 });
  } finally {
    await opened.close();
  }
}

const inTemporal = (name: string): string => path.join(store, 'temporal', name);

async function deleteDatabase(): Promise<void> {
  for (const name of await readdir(inTemporal('.'))) {
    if (/^temporal\.db(-shm|-wal)?$/.test(name)) await rm(inTemporal(name));
  }
}

function expectWhole(document: RunDocument, id: string): void {
  expect(document).toMatchObject({ run: id, status: 'completed', attempt: 1 });
  expect(document.tasks[0]?.metrics).toEqual(undisturbed.tasks[0]?.metrics);
  expect(document.tasks[0]?.result_digest).toBe(undisturbed.tasks[0]?.result_digest);
}

describe('an open run whose Temporal database is lost while nothing runs', () => {
  it.each([
    ['deleted', deleteDatabase, undefined],
    [
      'of another version of the CLI',
      async () => {
        const stamp = JSON.parse(await readFile(inTemporal('temporal.db.json'), 'utf8')) as Record<string, unknown>;
        await writeFile(inTemporal('temporal.db.json'), JSON.stringify({ ...stamp, cliVersion: '1.9.0' }));
      },
      /set aside .* version 1\.9\.0 /,
    ],
    [
      'damaged in the middle',
      async () => {
        await rm(inTemporal('temporal.db-wal'), { force: true }); // it alone would mend what it covers
        const database = await readFile(inTemporal('temporal.db'));
        await writeFile(inTemporal('temporal.db'), database.fill('garbage', 4_096, 4_096 * 40));
      },
      /set aside .* is damaged/,
    ],
    [
      'cut off',
      async () => {
        await rm(inTemporal('temporal.db-wal'), { force: true });
        const database = await readFile(inTemporal('temporal.db'));
        await writeFile(inTemporal('temporal.db'), database.subarray(0, 4_096 * 20 + 100));
      },
      /set aside .* is damaged/,
    ],
  ])('starts again under its id when the database is %s', async (_how, lose, notice) => {
    await cp(halfDone.store, store, { recursive: true });
    await lose();
    const before = model.count();
    const stet = await open();
    try {
      const handle = await stet.run(runFile);
      expect(handle).toMatchObject({ id: halfDone.id, attached: true });
      expectWhole(await handle.result(), halfDone.id);
    } finally {
      await stet.close();
    }
    expect(halfDone.sent + model.count() - before).toBe(rows + concurrency); // what was in flight, and nothing else
    if (notice === undefined) expect(notices).toEqual([]);
    else expect(notices).toEqual([expect.stringMatching(notice)]);
  });
});

describe('a run whose Temporal database is lost under its command', () => {
  it('starts again by itself, and sends nothing twice', async () => {
    model.holdBackAfter(rows / 2);
    const before = model.count();
    const stet = await open();
    try {
      const handle = await stet.run(runFile);
      await model.untilHeld(concurrency);
      await deleteDatabase();
      await killServer(store);
      await expect.poll(() => notices.join('\n'), { timeout: 30_000 }).toContain('starts again from its plan');
      model.answerAll();
      expectWhole(await handle.result(), handle.id);
      expect(model.count() - before).toBe(rows);
    } finally {
      await stet.close();
    }
  });
});

describe('a run that waits for work of another when the database is lost', () => {
  it('lets the other start first, both being worked on', async () => {
    const before = model.count();
    model.holdBackAfter(rows / 2);
    const [one, other] = [await open(), await open()];
    try {
      const holder = await one.run(runFile);
      await model.untilHeld(concurrency);
      const waiter = await other.run(looseRunFile);
      await untilWaiting(waiter.id);
      await deleteDatabase();
      await killServer(store);
      await expect
        .poll(() => notices.filter((notice) => notice.includes('starts again from its plan')), { timeout: 30_000 })
        .toHaveLength(2);
      model.answerAll();
      expectWhole(await holder.result(), holder.id);
      expect(await waiter.result()).toMatchObject({ status: 'completed', tasks: [{ reuse: 'partial' }] });
      expect(model.count() - before).toBe(rows);
    } finally {
      await one.close();
      await other.close();
    }
  });

  it('takes the other up first, both having been killed', async () => {
    await cp(halfDone.store, store, { recursive: true });
    await deleteDatabase();
    const before = model.count();
    const stet = await open();
    try {
      const again = await stet.run(looseRunFile);
      expect(again).toMatchObject({ id: halfDone.waiting, attached: true });
      expect(await again.result()).toMatchObject({ status: 'completed', tasks: [{ reuse: 'partial' }] });
      expectWhole(await stet.show(halfDone.id), halfDone.id);
    } finally {
      await stet.close();
    }
    expect(notices).toEqual([expect.stringContaining(`Taking up run ${halfDone.id}`)]);
    expect(halfDone.sent + model.count() - before).toBe(rows + concurrency);
  });
});
