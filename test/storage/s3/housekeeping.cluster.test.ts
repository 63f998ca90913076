import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeOnPostgresAndS3 } from '../../support/services/shared-services.ts';
import type { OpenedStore } from '../conformance/opened-store.ts';
import { type Bench, collect, findThere, listDigests, registerRun, storeRun } from '../housekeeping/stored-run.ts';
import { openTemporaryS3Store } from '../open-temporary-s3-store.ts';

let bench: OpenedStore & Bench;

describeOnPostgresAndS3('housekeeping of a store with blobs in S3', () => {
  beforeEach(async () => {
    bench = { ...(await openTemporaryS3Store()), directory: '' };
  });
  afterEach(() => bench.dispose());

  test('keeps what records refer to and what was put lately, and removes the rest', async () => {
    const { content, housekeeping, runs } = bench.store;
    const kept = listDigests(await storeRun(bench, 'usable'));
    const failed = Object.values(await registerRun(bench, 'failed'));
    await runs.recordRunEnd('run-failed', { failed: true });
    const { digest: garbage } = await content.put(Buffer.from('of a run that was never registered'));
    const all = [...kept, ...failed, garbage];
    expect(await collect(bench, { nowMs: Date.now() })).toMatchObject({
      files: { blobs: { count: 0 } },
      young: { count: 1 },
    });
    expect(await findThere(bench, all)).toEqual(all);
    expect(await collect(bench)).toMatchObject({ files: { blobs: { count: 1 } }, young: { count: 0 } });
    expect(await findThere(bench, all)).toEqual(all.slice(0, -1));
    expect((await housekeeping.verify()).damaged).toEqual([]);
  });

  test('finds what is missing or damaged, and removes what was put aside once it is old', async () => {
    const one = await storeRun(bench, 'one');
    await bench.damageBlob(one.score.digest, Buffer.from('not what it was'));
    await bench.removeBlob(one.rows);
    const { damaged } = await bench.store.housekeeping.verify();
    expect(damaged.map(({ kind, problem }) => `${kind} ${problem}`).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      'rows missing',
      'scores damaged',
    ]);
    expect(await bench.store.housekeeping.listStoredResults({})).toMatchObject({ results: [{ lost: 'scores' }] });
    expect(await collect(bench, { nowMs: Date.now() })).toMatchObject({ files: { damaged: { count: 0 } } });
    expect(await collect(bench)).toMatchObject({ files: { damaged: { count: 1 } } });
  });
});
