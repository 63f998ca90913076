import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf, getTask, makeJournalAnswer, segmentOf } from '../conformance/samples.ts';
import { openTemporaryStore } from '../open-temporary-store.ts';
import { age, collect, findThere, listDigests, registerRun, repeatRun, storeRun } from './stored-run.ts';

let bench: Awaited<ReturnType<typeof openTemporaryStore>>;
beforeEach(async () => {
  bench = await openTemporaryStore();
});
afterEach(() => bench.dispose());

const otherSection = { task: { resultKey: digestOf('other section') } };
const remove = (id: string, options: { purge?: boolean; dryRun?: boolean } = {}) =>
  bench.store.housekeeping.removeResults([id], { purge: false, dryRun: false, ...options });
const findCurrent = async () => (await bench.store.results.findCurrentResults([digestOf('result')])).size;
const findSolved = async () => (await bench.store.results.findSolvedResults([digestOf('solver')])).size;
const lookFor = async (...ids: readonly string[]) =>
  (await bench.store.results.findTaskResults(ids)).map(({ taskResultId }) => taskResultId).toSorted();
const runs = async () => (await bench.store.runs.listRuns({ limit: 10 })).map(({ runId }) => runId).toSorted();

describe('a result that was taken out', () => {
  it('is found by no look-up, neither for its result key nor for its solver key', async () => {
    await storeRun(bench, 'one');
    expect([await findCurrent(), await findSolved()]).toEqual([1, 1]);
    await remove('one', { dryRun: true });
    expect([await findCurrent(), await findSolved()]).toEqual([1, 1]);
    const { removed } = await remove('one');
    expect(removed).toMatchObject([{ taskResultId: 'one', isCurrent: true, isRemoved: false }]);
    expect([await findCurrent(), await findSolved()]).toEqual([0, 0]);
    expect((await getTask(bench.store, 'one')).isRemoved).toBe(true);
  });

  it('is there no more for a decision that was made before, and to be decided again', async () => {
    await storeRun(bench, 'one');
    await registerRun(bench, 'late');
    await registerRun(bench, 'late partial', otherSection);
    await remove('one');
    expect(await bench.store.results.recordAlias('late', { sourceId: 'one', warnings: [] })).toBe(false);
    const decision = { verdict: 'partial', sourceId: 'one', why: null, warnings: [] } as const;
    expect(await bench.store.results.recordRunning('late partial', decision)).toBe(false);
    expect(await getTask(bench.store, 'late')).toMatchObject({ status: 'pending', reusedFrom: null });
  });

  it('goes with the next collection: its run, its blobs, its journal', async () => {
    const stored = listDigests(await storeRun(bench, 'one'));
    await remove('one');
    expect(await findThere(bench, stored)).toEqual(stored);
    expect((await collect(bench)).rows).toMatchObject({ runs: 1, taskResults: 1, fingerprints: 2 });
    expect(await findThere(bench, stored)).toEqual([]);
    expect(await runs()).toEqual([]);
  });

  it('stays whole while another repeats it, and goes with that one', async () => {
    const stored = listDigests(await storeRun(bench, 'one'));
    await repeatRun(bench, 'alias', 'one');
    expect((await remove('one')).standing).toMatchObject([{ by: { taskResultId: 'alias' } }]);
    await collect(bench);
    expect(await lookFor('one', 'alias')).toEqual(['alias', 'one']);
    expect(await findThere(bench, stored)).toEqual(stored);
    await remove('alias');
    await collect(bench);
    expect(await lookFor('one', 'alias')).toEqual([]);
    expect(await findThere(bench, stored)).toEqual([]);
  });

  it('leaves its solver outputs to those that stand on them, and its data to those that use it', async () => {
    const one = await storeRun(bench, 'one', { data: 'shared' });
    const two = await storeRun(bench, 'two', { data: 'shared', source: 'one', ...otherSection });
    await remove('one');
    await collect(bench);
    expect(await lookFor('one', 'two')).toEqual(['two']);
    expect(await findThere(bench, listDigests(two))).toHaveLength(8);
    expect(await findThere(bench, [one.plan, one.score.digest, one.manifest.digest, one.metrics.digest])).toEqual([]);
  });

  it('is taken back when its run is resumed', async () => {
    await registerRun(bench, 'failed');
    await bench.store.runs.recordRunEnd('run-failed', { failed: true });
    await remove('failed');
    await bench.store.runs.reopenRun('run-failed');
    await collect(bench);
    expect(await getTask(bench.store, 'failed')).toMatchObject({ isRemoved: false, status: 'pending' });
  });

  it('cannot be one of an open run, and then no other is taken out either', async () => {
    await storeRun(bench, 'one');
    await registerRun(bench, 'open');
    const removing = bench.store.housekeeping.removeResults(['one', 'open'], { purge: true, dryRun: false });
    await expect(removing).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('run-open') as string,
    });
    expect(await findCurrent()).toBe(1);
  });
});

describe('a purge', () => {
  it('erases at once what nothing else uses, however young it is', async () => {
    const stored = listDigests(await storeRun(bench, 'one'));
    const kept = listDigests(await storeRun(bench, 'two', otherSection));
    await bench.store.journal.appendAnswer(segmentOf('one', 'score', 7), makeJournalAnswer('private'));
    const said = await remove('one', { purge: true, dryRun: true });
    expect(await findThere(bench, stored)).toEqual(stored);
    const { purged } = await remove('one', { purge: true });
    expect(purged).toEqual(said.purged);
    expect(purged).toMatchObject({
      rows: { runs: 1, taskResults: 1, fingerprints: 1 },
      blobs: { count: 8 },
      used: { count: 0 },
      busy: { count: 0 },
    });
    expect(await findThere(bench, [...stored, ...kept])).toEqual(kept);
    expect(await runs()).toEqual(['run-two']);
    expect((await bench.store.journal.load(segmentOf('one', 'score', 7))).answers).toEqual([]);
  });

  it('leaves and names what others stand on or use', async () => {
    const one = await storeRun(bench, 'one', { data: 'shared' });
    await storeRun(bench, 'two', { data: 'shared', source: 'one', ...otherSection });
    const { standing, purged } = await remove('one', { purge: true });
    expect(standing).toMatchObject([
      { removed: { taskResultId: 'one' }, by: { taskResultId: 'two', reuse: 'partial' } },
    ]);
    expect(purged).toMatchObject({ blobs: { count: 4 }, used: { count: 4 } });
    expect(await findThere(bench, [one.solve.digest, one.rows, one.rowManifest, one.recording])).toHaveLength(4);

    await repeatRun(bench, 'three', 'two');
    const again = await remove('two', { purge: true });
    expect(again).toMatchObject({
      standing: [{ by: { taskResultId: 'three', reuse: 'full' } }],
      purged: { rows: { taskResults: 0 }, blobs: { count: 0 } },
    });
    expect(await lookFor('two', 'three')).toEqual(['three', 'two']);
  });

  it('leaves to the next collection what an open run may have put again since it was opened', async () => {
    const one = await storeRun(bench, 'one');
    await age(bench, listDigests(one));
    await registerRun(bench, 'open', { run: { startedAt: new Date().toISOString() } });
    await bench.store.content.put(Buffer.from('score of one')); // not registered yet
    expect((await remove('one', { purge: true })).purged).toMatchObject({ blobs: { count: 7 }, busy: { count: 1 } });
    expect(await findThere(bench, listDigests(one))).toEqual([one.score.digest]);
  });
});
