import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStore } from '../../../storage/open-store.ts';
import { openOverlayStore } from '../../../storage/overlay/open-overlay-store.ts';
import type { Store } from '../../../storage/store.ts';
import { digestOf, makeRun, makeTask } from '../conformance/samples.ts';
import { collect, dayMs, listDigests, registerRun, storeRun } from '../housekeeping/stored-run.ts';
import { openTemporaryStore } from '../open-temporary-store.ts';

// `STET_STORE_ACCESS=read`: a store in a directory over one that others share.

let shared: Awaited<ReturnType<typeof openTemporaryStore>>;
let folder: string;
let store: Store;
beforeEach(async () => {
  shared = await openTemporaryStore();
  folder = await mkdtemp(path.join(tmpdir(), 'stet-overlay-'));
});
afterEach(async () => {
  await store?.close();
  await shared.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function open(): Promise<Store> {
  store = await openOverlayStore(path.join(folder, 'own'), await openStore(shared.directory, { access: 'read' }));
  return store;
}

/** The files of the shared store as they are now, to be compared with them later. */
async function copyShared(name: string): Promise<Store> {
  const copy = path.join(folder, name);
  await cp(shared.directory, copy, { recursive: true });
  return openStore(copy);
}

const resultKey = makeTask('any').resultKey;
const solverKey = makeTask('any').solverKey;

describe('a store over one that is only read', () => {
  test('finds the results of both, and reads the blobs of both', async () => {
    const there = await storeRun(shared, 'there');
    await open();
    expect((await store.results.findCurrentResults([resultKey])).get(resultKey)).toMatchObject({
      taskResultId: 'there',
    });
    expect((await store.results.findSolvedResults([solverKey])).get(solverKey)).toMatchObject([
      { taskResultId: 'there' },
    ]);
    expect((await store.results.findComparableResults(['task'])).get('task')).toHaveLength(1);
    expect((await store.results.listSegmentsOf(['there'])).get('there')?.solve).toHaveLength(1);
    expect(await store.results.findFingerprints([solverKey, resultKey])).toHaveProperty('size', 2);
    expect(await store.runs.findRuns(['run-there'])).toMatchObject([{ runId: 'run-there' }]);
    for (const digest of listDigests(there)) {
      expect(await store.content.get(digest)).toEqual(await shared.store.content.get(digest));
      expect(await store.content.touch(digest)).toBe(true);
    }
    expect(await store.runs.getRun('run-there')).toMatchObject({ status: 'completed' });
    expect(await store.spending.find('run-there')).toMatchObject({ limits: null });
    expect(await store.results.listTaskResults('run-there')).toMatchObject([{ taskResultId: 'there' }]);
  });

  test('lets a shared result stand whole in one of its own', async () => {
    await storeRun(shared, 'there');
    const bench = { store: await open(), directory: '' };
    await registerRun(bench, 'here', { data: 'there' });
    expect(await store.results.recordAlias('here', { sourceId: 'there', warnings: [] })).toBe(true);
    await store.runs.recordRunEnd('run-here', { failed: false });
    expect(await store.results.findTaskResults(['here'])).toMatchObject([
      { status: 'completed', reuse: 'full', reusedFrom: 'there' },
    ]);
    expect(await store.runs.listRuns({ limit: 10 })).toMatchObject([{ runId: 'run-here' }]);
    expect(await store.runs.getRun('latest')).toMatchObject({ runId: 'run-here' });
    // As it is there, with all its results, not only the one that was copied.
    expect(await store.runs.getRun('run-there')).toEqual(await shared.store.runs.getRun('run-there'));
  });

  test('lets shared solver outputs stand in a result of its own, which is current here', async () => {
    const there = await storeRun(shared, 'there');
    const bench = { store: await open(), directory: '' };
    const otherKey = digestOf('another scoring section');
    const here = await storeRun(bench, 'here', { data: 'there', source: 'there', task: { resultKey: otherKey } });
    expect(here.solve).toEqual(there.solve);
    expect((await store.results.findCurrentResults([otherKey])).get(otherKey)).toMatchObject({
      taskResultId: 'here',
      reuse: 'partial',
      reusedFrom: 'there',
    });
    expect((await shared.store.results.findCurrentResults([otherKey])).size).toBe(0);
  });

  test('leaves a usable shared result the current one, and replaces one that is not here alone', async () => {
    await storeRun(shared, 'there');
    const bench = { store: await open(), directory: '' };
    // `storeRun` judges the present one usable.
    await storeRun(bench, 'evidence');
    const current = async () => (await store.results.findCurrentResults([resultKey])).get(resultKey)?.taskResultId;
    expect(await current()).toBe('there');
    await storeRun(bench, 'update', { run: { policy: 'update' } });
    expect(await current()).toBe('update');
    expect((await shared.store.results.findCurrentResults([resultKey])).get(resultKey)?.taskResultId).toBe('there');
  });

  test('writes nothing into the shared one, whatever is done with it', async () => {
    const there = await storeRun(shared, 'there');
    await shared.store.runs.createRun(makeRun('run-open'), []);
    await shared.damageBlob(there.score.digest, Buffer.from('scribble'));
    const before = await copyShared('before');
    const bench = { store: await open(), directory: '' };
    await registerRun(bench, 'here', { data: 'there' });
    await store.results.recordAlias('here', { sourceId: 'there', warnings: [] });
    await store.runs.recordRunEnd('run-here', { failed: false });
    await expect(store.content.get(there.score.digest)).rejects.toMatchObject({ code: 'blob-damaged' });
    await expect(store.content.get(there.score.digest)).rejects.toMatchObject({ code: 'blob-damaged' });
    await store.housekeeping.verify();
    await collect(bench, { olderThanMs: 0, nowMs: Date.now() + dayMs });
    for (const refused of [
      store.runs.reopenRun('run-there'),
      store.runs.takeRun('run-open', 'me', () => false),
      store.runs.recordRunEnd('run-open', { failed: false }),
    ]) {
      await expect(refused).rejects.toMatchObject({
        code: 'usage',
        message: expect.stringContaining('shared') as string,
      });
    }
    const after = await copyShared('after');
    expect(await after.runs.listRuns({ limit: 10 })).toEqual(await before.runs.listRuns({ limit: 10 }));
    for (const runId of ['run-there', 'run-open']) {
      expect(await after.results.listTaskResults(runId)).toEqual(await before.results.listTaskResults(runId));
    }
    const list = async ({ blobs }: Store) => {
      const pages = [];
      for await (const page of blobs.list()) pages.push(page);
      return pages.flatMap((page) => [
        ...page.blobs.map(({ name }) => name),
        ...page.leftovers.map(({ path: at }) => at),
      ]);
    };
    expect(await list(after)).toEqual(await list(before));
    await before.close();
    await after.close();
  });

  test('collects its own garbage, counts its own results, and keeps what stands on shared ones', async () => {
    await storeRun(shared, 'there');
    const bench = { store: await open(), directory: '' };
    const otherKey = digestOf('another scoring section');
    const here = await storeRun(bench, 'here', { data: 'there', source: 'there', task: { resultKey: otherKey } });
    const { digest: garbage } = await store.content.put(Buffer.from('nobody refers to it'));
    await collect(bench, { nowMs: Date.now() + dayMs });
    expect(await store.content.findSize(garbage)).toBeUndefined();
    expect(await store.content.findSize(here.score.digest)).toBeDefined();
    const { results } = await store.housekeeping.listStoredResults({});
    expect(results.map(({ taskResult }) => taskResult.taskResultId)).toEqual(['here']);
    const { damaged } = await store.housekeeping.verify();
    expect(damaged).toEqual([]);
  });

  test('has the segment size of the shared one, and refuses a directory that has another', async () => {
    await open();
    expect(await store.runs.getSegmentSize()).toBe(await shared.store.runs.getSegmentSize());
    const other = path.join(folder, 'other');
    await (await openStore(other, { segmentSize: 7 })).close();
    const reading = await openStore(shared.directory, { access: 'read' });
    await expect(openOverlayStore(other, reading)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('7 rows a segment') as string,
    });
    await reading.close();
  });
});

test('a store that is only read must be there', async () => {
  await expect(openStore(path.join(folder, 'nothing'), { access: 'read' })).rejects.toMatchObject({
    code: 'store-failed',
  });
  store = await openStore(path.join(folder, 'own'));
});
