import { readdir, rename, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ScheduleDefinition } from '../../../storage/schedule-log.ts';
import { digestOf, getTask, makeJournalAnswer, makeProcess, segmentOf } from '../conformance/samples.ts';
import { openTemporaryStore, pathOf } from '../open-temporary-store.ts';
import { age, collect, dayMs, findThere, hourMs, listDigests, registerRun, repeatRun, storeRun } from './stored-run.ts';

let bench: Awaited<ReturnType<typeof openTemporaryStore>>;
beforeEach(async () => {
  bench = await openTemporaryStore();
});
afterEach(() => bench.dispose());

const put = async (text: string) => (await bench.store.content.put(Buffer.from(text))).digest;
const lookFor = async (...ids: readonly string[]) =>
  (await bench.store.results.findTaskResults(ids)).map(({ taskResultId }) => taskResultId).toSorted();

describe('a garbage collection', () => {
  it('keeps results of every kind, with all that their plans name, and removes what nothing refers to', async () => {
    const kept = listDigests(await storeRun(bench, 'usable'));
    const evidence = listDigests(await storeRun(bench, 'evidence', { run: { policy: 'no-cache' } }));
    const failed = Object.values(await registerRun(bench, 'failed'));
    await bench.store.runs.recordRunEnd('run-failed', { failed: true });
    const open = Object.values(await registerRun(bench, 'open', { run: { startedAt: new Date().toISOString() } }));
    const garbage = await put('of a run that was never registered');
    const all = [...kept, ...evidence, ...failed, ...open, garbage];
    await age(bench, all);
    expect((await collect(bench, { nowMs: Date.now() })).files.blobs.count).toBe(1);
    expect(await findThere(bench, all)).toEqual(all.slice(0, -1));
  });

  it('keeps what a schedule runs, and what its alerts compare with, as long as there is the schedule', async () => {
    const ended = { run: { startedAt: '2020-01-01T00:00:00.000Z' } };
    const planned = Object.values(await registerRun(bench, 'planned', ended));
    const [plan] = planned;
    const first = await storeRun(bench, 'first', {
      run: { ...ended.run, trigger: 'schedule', scheduleName: 'nightly' },
    });
    await storeRun(bench, 'second', { run: { ...ended.run, trigger: 'schedule', scheduleName: 'nightly' } });
    const named = await storeRun(bench, 'named', ended);
    await bench.store.runs.recordRunEnd('run-planned', { failed: true });
    const definition = {} as ScheduleDefinition;
    const schedule = { definition, plan: plan ?? digestOf('') };
    await bench.store.schedules.create({ ...schedule, name: 'nightly', baseline: 'first' });
    await bench.store.schedules.create({ ...schedule, name: 'weekly', baseline: 'run-named' });
    const all = [...planned, first.plan, first.score.digest, named.plan, named.score.digest];
    const later = { nowMs: Date.now() + 10 * dayMs, olderThanMs: dayMs };
    await collect(bench, later);
    expect(await lookFor('planned', 'first', 'second', 'named')).toEqual(['first', 'named']);
    expect(await findThere(bench, all)).toEqual(all);
    await bench.store.schedules.remove('nightly');
    await bench.store.schedules.remove('weekly');
    await collect(bench, later);
    expect(await findThere(bench, all)).toEqual([]);
  });

  it('keeps whatever was put within the grace time, also in vain', async () => {
    const fresh = await put('written just now');
    const again = await put('written long ago and put again just now');
    await age(bench, [again]);
    await put('written long ago and put again just now');
    const old = await put('written long ago');
    await age(bench, [old]);
    const report = await collect(bench, { nowMs: Date.now() });
    expect(report).toMatchObject({ files: { blobs: { count: 1 } }, young: { count: 2 } });
    expect(await findThere(bench, [fresh, again, old])).toEqual([fresh, again]);
  });

  it('keeps the text of a failure that an open run has not recorded yet', async () => {
    await registerRun(bench, 'open', { run: { startedAt: new Date().toISOString() } });
    const text = await put('The service said no.');
    await collect(bench, { graceMs: 0 });
    expect(await findThere(bench, [text])).toEqual([text]);
    await bench.store.runs.recordRunEnd('run-open', { failed: true });
    await collect(bench);
    expect(await findThere(bench, [text])).toEqual([]);
  });

  it('removes what killed writes and collections left, and damaged files, once they are old', async () => {
    const stored = await storeRun(bench, 'one');
    const path = pathOf(bench.directory, stored.rows);
    const leave = async (name: string) => {
      await writeFile(join(dirname(path), name), 'left');
      await utimes(join(dirname(path), name), 1_000, 1_000);
    };
    await leave(`.${basename(path)}.abc.tmp`);
    await leave(`.${basename(path)}.0123456789ab.swept`);
    await leave('notes.txt');
    await bench.damageBlob(stored.score.digest, Buffer.from('scribble'));
    await expect(bench.store.content.get(stored.score.digest)).rejects.toMatchObject({ code: 'blob-damaged' });
    // A damaged file is kept for a while from when it was found, whenever it was written.
    expect((await collect(bench, { nowMs: Date.now() })).files).toMatchObject({
      temporary: { count: 2 },
      damaged: { count: 0 },
    });
    expect((await collect(bench)).files).toMatchObject({ temporary: { count: 0 }, damaged: { count: 1 } });
    expect(await readdir(dirname(path))).toEqual(expect.arrayContaining(['notes.txt', basename(path)]));
  });

  it('leaves a blob alone that is being written, even without grace time', async () => {
    const { rows } = await storeRun(bench, 'one');
    const folder = dirname(pathOf(bench.directory, rows));
    const temporary = `.${basename(pathOf(bench.directory, rows))}.abc.tmp`;
    await writeFile(join(folder, temporary), 'half of it');
    await collect(bench, { graceMs: 0, nowMs: Date.now() + 1_000 });
    expect(await readdir(folder)).toContain(temporary);
  });

  it('puts back what a killed one had aside, where something refers to it', async () => {
    const { rows } = await storeRun(bench, 'one');
    const path = pathOf(bench.directory, rows);
    await rename(path, join(dirname(path), `.${basename(path)}.0123456789ab.swept`));
    await collect(bench);
    expect(await readdir(dirname(path))).toContain(basename(path));
  });

  it('removes journal rows of results that are gone or completed, and no others', async () => {
    await storeRun(bench, 'done');
    await registerRun(bench, 'open');
    await registerRun(bench, 'failed');
    await bench.store.runs.recordRunEnd('run-failed', { failed: true });
    for (const id of ['done', 'open', 'failed', 'unknown']) {
      for (const segmentIndex of [3, 4]) {
        await bench.store.journal.appendAnswer(segmentOf(id, 'score', segmentIndex), makeJournalAnswer('late'));
      }
    }
    const count = async (id: string) => (await bench.store.journal.load(segmentOf(id, 'score', 3))).answers.length;
    const before = (await count('done')) + (await count('unknown'));
    expect((await collect(bench, { dryRun: true })).rows.journalRows).toBe(2 * before);
    expect((await collect(bench)).rows.journalRows).toBe(2 * before);
    expect([await count('done'), await count('unknown'), await count('open'), await count('failed')]).toEqual([
      0, 0, 1, 1,
    ]);
  });

  it('removes fingerprints and stored selections that nothing uses', async () => {
    const { rowManifest } = await storeRun(bench, 'one');
    const lone = await put('a manifest of rows that no run uses');
    const selection = { version: digestOf('version'), count: 1, idSource: 'position', warnings: [] } as const;
    await bench.store.datasets.recordSelection(digestOf('used'), {
      ...selection,
      manifest: { digest: rowManifest, sizeBytes: 1 },
    });
    await bench.store.datasets.recordSelection(digestOf('unused'), {
      ...selection,
      manifest: { digest: lone, sizeBytes: 1 },
    });
    expect((await collect(bench, { nowMs: Date.now() })).rows.selections).toBe(0);
    expect((await collect(bench)).rows).toMatchObject({ selections: 1, fingerprints: 0 });
    expect(await bench.store.datasets.findSelection(digestOf('used'))).toBeDefined();
    expect(await bench.store.datasets.findSelection(digestOf('unused'))).toBeUndefined();
  });

  it('removes records of processes that ended, but none while a run is open', async () => {
    for (const id of ['dead', 'alive']) await bench.store.runs.registerProcess(makeProcess(id));
    const isProcessAlive = ({ processId }: { readonly processId: string }) => processId === 'alive';
    const list = async () => (await bench.store.runs.listProcesses()).map(({ processId }) => processId);
    await registerRun(bench, 'open');
    expect((await collect(bench, { isProcessAlive })).rows.processes).toBe(0);
    await bench.store.runs.recordRunEnd('run-open', { failed: false });
    expect((await collect(bench, { isProcessAlive, dryRun: true })).rows.processes).toBe(1);
    expect(await list()).toHaveLength(2);
    expect((await collect(bench, { isProcessAlive })).rows.processes).toBe(1);
    expect(await list()).toEqual(['alive']);
  });

  it('says with dryRun what it then does, and changes nothing', async () => {
    const stored = listDigests(await storeRun(bench, 'old'));
    await put('garbage');
    const options = { olderThanMs: hourMs, keepLatest: 0 };
    const said = await collect(bench, { ...options, dryRun: true });
    expect(await findThere(bench, stored)).toEqual(stored);
    expect(await lookFor('old')).toEqual(['old']);
    expect(said).toMatchObject({
      rows: { runs: 1, taskResults: 1, fingerprints: 2 },
      files: { blobs: { count: stored.length + 1 } },
    });
    expect(await collect(bench, options)).toEqual(said);
    expect(await findThere(bench, stored)).toEqual([]);
    expect(await lookFor('old')).toEqual([]);
  });
});

describe('forgetting old runs', () => {
  const later = () => ({ nowMs: Date.now() + 10 * dayMs, olderThanMs: 7 * dayMs });

  it('leaves younger ones, and those that ended within the grace time whatever was asked for', async () => {
    await storeRun(bench, 'one');
    await collect(bench, { nowMs: Date.now() + dayMs, olderThanMs: 7 * dayMs });
    await collect(bench, { nowMs: Date.now(), olderThanMs: 0 });
    expect(await lookFor('one')).toEqual(['one']);
    await collect(bench, later());
    expect(await lookFor('one')).toEqual([]);
  });

  it('keeps the latest completed results of each task specification', async () => {
    for (const id of ['first', 'second', 'third']) await storeRun(bench, id);
    await storeRun(bench, 'other', { task: { key: 'other task' } });
    await storeRun(bench, 'elsewhere', { run: { evaluationKey: 'elsewhere' } });
    await storeRun(bench, 'evidence', { run: { policy: 'no-cache' } });
    await registerRun(bench, 'failed');
    await bench.store.runs.recordRunEnd('run-failed', { failed: true });
    const all = ['first', 'second', 'third', 'other', 'elsewhere', 'evidence', 'failed'];
    expect((await collect(bench, { ...later(), keepLatest: 2 })).rows).toMatchObject({ runs: 2, taskResults: 2 });
    expect(await lookFor(...all)).toEqual(['elsewhere', 'evidence', 'other', 'second', 'third']);
    expect((await collect(bench, { ...later(), keepLatest: 1 })).rows).toMatchObject({ runs: 1, taskResults: 1 });
    expect(await lookFor(...all)).toEqual(['elsewhere', 'evidence', 'other', 'third']);
  });

  it('keeps what a kept result stands on, through any number of steps', async () => {
    const source = await storeRun(bench, 'source');
    const partial = { task: { resultKey: digestOf('second section'), key: 'second' }, source: 'source' };
    await storeRun(bench, 'partial', partial);
    await repeatRun(bench, 'alias', 'partial');
    await storeRun(bench, 'lone', {
      task: { key: 'lone', solverKey: digestOf('lone'), resultKey: digestOf('lone 2') },
    });
    // Of the key `task` the alias is the latest; it stands on `partial`, and that on `source`.
    const { rows } = await collect(bench, { ...later(), keepLatest: 1 });
    expect(rows.runs).toBe(0);
    await bench.store.housekeeping.removeResults(['lone'], { purge: false, dryRun: false });
    expect((await collect(bench, { ...later(), keepLatest: 1 })).rows.runs).toBe(1);
    expect(await lookFor('source', 'partial', 'alias', 'lone')).toEqual(['alias', 'partial', 'source']);
    expect(await findThere(bench, listDigests(source))).toHaveLength(8);
    await collect(bench, { ...later(), keepLatest: 0 });
    expect(await lookFor('source', 'partial', 'alias')).toEqual([]);
  });

  it('keeps what an open run stands on and the run itself, however old they are', async () => {
    const source = await storeRun(bench, 'source');
    await registerRun(bench, 'open', { task: { resultKey: digestOf('other section') } });
    const decision = { verdict: 'partial', sourceId: 'source', why: null, warnings: [] } as const;
    await bench.store.results.recordRunning('open', decision);
    await collect(bench, { ...later(), keepLatest: 0 });
    expect(await lookFor('source', 'open')).toEqual(['open', 'source']);
    expect(await findThere(bench, listDigests(source))).toHaveLength(8);
    expect((await getTask(bench.store, 'open')).reusedFrom).toBe('source');
  });
});
