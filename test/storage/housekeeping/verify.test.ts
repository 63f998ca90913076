import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Digest } from '../../../contracts/digest.ts';
import { SqliteConnection } from '../../../storage/sqlite/connection.ts';
import { digestOf } from '../conformance/samples.ts';
import { openTemporaryStore, pathOf } from '../open-temporary-store.ts';
import { collect, listDigests, registerRun, repeatRun, type StoredRun, storeRun } from './stored-run.ts';

let bench: Awaited<ReturnType<typeof openTemporaryStore>>;
let one: StoredRun;
beforeEach(async () => {
  bench = await openTemporaryStore();
  one = await storeRun(bench, 'one');
});
afterEach(() => bench.dispose());

async function flipBit(digest: Digest): Promise<void> {
  const path = pathOf(bench.directory, digest);
  const bytes = await readFile(path);
  bytes[bytes.length - 6] = (bytes.at(-6) ?? 0) ^ 1;
  await writeFile(path, bytes);
}

describe('verifying a store', () => {
  it('reads every blob that a record refers to, once, and tells how far it is', async () => {
    await repeatRun(bench, 'alias', 'one');
    await bench.store.content.put(Buffer.from('nobody refers to this'));
    const steps: unknown[] = [];
    const report = await bench.store.housekeeping.verify({ onProgress: (progress) => steps.push(progress) });
    expect(report).toMatchObject({ databaseProblems: [], verified: { count: 9 }, damaged: [] });
    expect(steps).toHaveLength(9);
    expect(steps.at(-1)).toEqual({ done: 9, total: 9 });
  });

  const pieces: readonly (readonly [kind: string, find: (stored: StoredRun) => Digest, ofRun: boolean])[] = [
    ['plan', ({ plan }) => plan, true],
    ['row-manifest', ({ rowManifest }) => rowManifest, true],
    ['rows', ({ rows }) => rows, true],
    ['recording', ({ recording }) => recording, true],
    ['solver-outputs', ({ solve }) => solve.digest, false],
    ['scores', ({ score }) => score.digest, false],
    ['manifest', ({ manifest }) => manifest.digest, false],
    ['metrics', ({ metrics }) => metrics.digest, false],
  ];

  it.each(pieces)(
    'finds a bit that flipped in %s, says whose it is, and puts the blob aside',
    async (kind, find, ofRun) => {
      await storeRun(bench, 'sound', { task: { resultKey: digestOf('other') } });
      await flipBit(find(one));
      const sizeBefore = await bench.store.content.findSize(find(one));
      expect(sizeBefore).toBeGreaterThan(0); // a look at it sees nothing
      const { damaged } = await bench.store.housekeeping.verify();
      expect(damaged).toMatchObject([{ digest: find(one), kind, problem: 'damaged' }]);
      expect(damaged[0]?.holders).toMatchObject([
        { run: { runId: 'run-one' }, taskResult: ofRun ? null : { taskResultId: 'one' } },
      ]);
      expect(await bench.store.content.findSize(find(one))).toBeUndefined();
      const names = await readdir(dirname(pathOf(bench.directory, find(one))));
      expect(names.some((name) => name.endsWith('.damaged'))).toBe(true);
      // What leads to other blobs is not read again once it is gone; all that can be named is still named.
      expect((await bench.store.housekeeping.verify()).damaged).toMatchObject([{ kind, problem: 'missing' }]);
    },
  );

  it('names those that repeat a damaged result, and all that share a damaged piece', async () => {
    await repeatRun(bench, 'alias', 'one');
    await storeRun(bench, 'partial', { source: 'one', task: { resultKey: digestOf('other') } });
    await bench.removeBlob(one.solve.digest);
    const { damaged } = await bench.store.housekeeping.verify();
    expect(damaged.flatMap(({ holders }) => holders.map(({ taskResult }) => taskResult?.taskResultId))).toEqual([
      'one',
      'alias',
      'partial',
    ]);
  });

  it('takes a blob for sound that was compressed in another way, since its content counts', async () => {
    const path = pathOf(bench.directory, one.score.digest);
    await writeFile(path, gzipSync('score of one', { level: 0 }));
    expect((await bench.store.housekeeping.verify()).damaged).toEqual([]);
  });

  it('finds what the database itself says is wrong with it', async () => {
    const connection = new SqliteConnection(join(bench.directory, 'store.db'));
    connection.exec('PRAGMA foreign_keys = OFF');
    connection.exec('DELETE FROM fingerprints');
    connection.close();
    const { databaseProblems } = await bench.store.housekeeping.verify();
    expect(databaseProblems).toEqual(['a row of task_results refers to a row of fingerprints that is not there']);
  });

  it('finds nothing wrong beside a collection that takes away what it was about to read', async () => {
    for (let index = 0; index < 30; index++) await registerRun(bench, `old ${index}`);
    for (let index = 0; index < 30; index++) await bench.store.runs.recordRunEnd(`run-old ${index}`, { failed: true });
    const [{ damaged }] = await Promise.all([
      bench.store.housekeeping.verify(),
      collect(bench, { olderThanMs: 0, keepLatest: 1 }),
    ]);
    expect(damaged).toEqual([]);
    expect(await bench.store.housekeeping.verify()).toMatchObject({ damaged: [], verified: { count: 8 } });
    expect(listDigests(one)).toHaveLength(8);
  });
});

describe('the list of stored results', () => {
  it('says what each takes, how many stand on it and what of it is lost, and counts shared pieces once', async () => {
    const two = await storeRun(bench, 'two', { source: 'one', task: { key: 'two', resultKey: digestOf('other') } });
    await repeatRun(bench, 'alias', 'one');
    const size = async (digests: readonly Digest[]) => {
      const sizes = await Promise.all(digests.map((digest) => bench.store.content.findSize(digest)));
      return sizes.reduce<number>((sum, each) => sum + (each ?? 0), 0);
    };
    const listed = await bench.store.housekeeping.listStoredResults({});
    const own = (stored: StoredRun) => [stored.score.digest, stored.manifest.digest, stored.metrics.digest];
    expect(listed).toMatchObject({
      results: [
        {
          taskResult: { taskResultId: 'one' },
          standing: 2,
          lost: 'none',
          sizeBytes: await size([one.solve.digest, ...own(one)]),
        },
        {
          taskResult: { taskResultId: 'two' },
          standing: 0,
          lost: 'none',
          sizeBytes: await size([one.solve.digest, ...own(two)]),
        },
      ],
      sizeBytes: await size([one.solve.digest, ...own(one), ...own(two)]),
    });
    await bench.removeBlob(two.score.digest);
    const ofTask = await bench.store.housekeeping.listStoredResults({ task: 'two' });
    expect(ofTask.results).toMatchObject([{ taskResult: { taskResultId: 'two' }, lost: 'scores' }]);
    await bench.removeBlob(one.solve.digest);
    const lost = (await bench.store.housekeeping.listStoredResults({})).results.map((each) => each.lost);
    expect(lost).toEqual(['outputs', 'outputs']);
  });
});
