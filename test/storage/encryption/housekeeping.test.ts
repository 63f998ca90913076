import { afterEach, beforeEach, expect, it } from 'vitest';
import { collect, dayMs, findThere, listDigests, storeRun } from '../housekeeping/stored-run.ts';
import { openTemporaryStore } from '../open-temporary-store.ts';
import { makeKeyText, makeRing } from './make-keys.ts';

let bench: Awaited<ReturnType<typeof openTemporaryStore>>;
beforeEach(async () => {
  bench = await openTemporaryStore(makeRing(makeKeyText('k1')));
});
afterEach(() => bench.dispose());

it('collects the garbage of an encrypted store, and nothing else, though names are no digests', async () => {
  const kept = listDigests(await storeRun(bench, 'kept'));
  const garbage = (await bench.store.content.put(Buffer.from('of a run that was never registered'))).digest;
  expect((await collect(bench, { nowMs: Date.now() + 2 * dayMs })).files.blobs.count).toBe(1);
  expect(await findThere(bench, [...kept, garbage])).toEqual(kept);
});

it('verifies, lists and erases what is stored in an encrypted store', async () => {
  const kept = listDigests(await storeRun(bench, 'kept'));
  const erased = await storeRun(bench, 'erased', { data: 'other' });
  expect(await bench.store.housekeeping.verify()).toMatchObject({ databaseProblems: [], damaged: [] });
  const { results } = await bench.store.housekeeping.listStoredResults({});
  expect(results.map(({ lost }) => lost)).toEqual(['none', 'none']);
  await bench.removeBlob(erased.score.digest);
  expect(await bench.store.housekeeping.verify()).toMatchObject({
    damaged: [{ digest: erased.score.digest, problem: 'missing' }],
  });
  await bench.store.housekeeping.removeResults(['erased'], { purge: true, dryRun: false });
  expect(await findThere(bench, [...kept, erased.solve.digest])).toEqual(kept);
});
