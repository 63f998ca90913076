import { afterEach, beforeEach, expect, test } from 'vitest';
import { query } from '../../../bench/servers/postgres/databases.ts';
import type { Digest } from '../../../contracts/digest.ts';
import { describeOnPostgres } from '../../support/services/shared-services.ts';
import { digestOf, makeJournalAnswer, makeRun, makeTask, segmentOf } from '../conformance/samples.ts';
import {
  type Bench,
  collect,
  dayMs,
  findThere,
  hourMs,
  listDigests,
  registerRun,
  repeatRun,
  storeRun,
} from '../housekeeping/stored-run.ts';
import { openTemporaryPostgresStore } from '../open-temporary-postgres-store.ts';

let bench: Awaited<ReturnType<typeof openTemporaryPostgresStore>> & Bench;
beforeEach(async () => {
  bench = { ...(await openTemporaryPostgresStore()), directory: '' };
});
afterEach(() => bench.dispose());

const put = async (text: string) => (await bench.store.content.put(Buffer.from(text))).digest;
const ageAll = () => query(bench.url, 'UPDATE blobs SET written_at_us = 1000');
const countRows = async (table: string) =>
  Number((await query(bench.url, `SELECT count(*) AS n FROM ${table}`))[0]?.['n']);

describeOnPostgres('housekeeping of a PostgreSQL store', () => {
  test('keeps what records refer to and what was put lately, and removes the rest', async () => {
    const kept = listDigests(await storeRun(bench, 'usable'));
    const failed = Object.values(await registerRun(bench, 'failed'));
    await bench.store.runs.recordRunEnd('run-failed', { failed: true });
    const garbage = await put('of a run that was never registered');
    await ageAll();
    const fresh = await put('written just now');
    const all: readonly Digest[] = [...kept, ...failed, fresh, garbage];
    const counted = await collect(bench, { nowMs: Date.now(), dryRun: true });
    expect(counted).toMatchObject({ files: { blobs: { count: 1 } }, young: { count: 1 } });
    expect(await findThere(bench, all)).toEqual(all);
    expect(await collect(bench, { nowMs: Date.now() })).toEqual(counted);
    expect(await findThere(bench, all)).toEqual(all.slice(0, -1));
  });

  test('forgets old runs with their rows, fingerprints and journals, but for what others stand on', async () => {
    await storeRun(bench, 'old', { task: { resultKey: digestOf('old'), resultFingerprint: { scorers: ['old'] } } });
    await storeRun(bench, 'source');
    await repeatRun(bench, 'alias', 'source');
    await bench.store.runs.createRun(makeRun('run-journalled'), [makeTask('journalled')]);
    await bench.store.journal.appendAnswer(segmentOf('journalled'), makeJournalAnswer('yes'));
    await bench.store.runs.recordRunEnd('run-journalled', { failed: true });
    const nowMs = Date.now() + 2 * dayMs;
    // `keepLatest: 1` spares the alias, and it what it repeats.
    const { rows } = await collect(bench, { olderThanMs: dayMs, keepLatest: 1, nowMs });
    expect(rows).toMatchObject({ runs: 2, taskResults: 2, journalRows: 1, fingerprints: 1 });
    const left = await bench.store.runs.listRuns({ limit: 10 });
    expect(left.map(({ runId }) => runId)).toEqual(['run-alias', 'run-source']);
    expect(await countRows('journal_answers')).toBe(0);
  });

  test('finds what is missing or damaged, and says whose it is', async () => {
    const one = await storeRun(bench, 'one');
    await bench.damageBlob(one.score.digest, Buffer.from('not what it was'));
    await bench.removeBlob(one.rows);
    const { damaged, databaseCheck, databaseProblems, verified } = await bench.store.housekeeping.verify();
    expect({ databaseCheck, databaseProblems }).toEqual({ databaseCheck: 'nothing', databaseProblems: [] });
    expect(verified.count).toBe(6);
    expect(damaged.map(({ kind, problem }) => `${kind} ${problem}`).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      'rows missing',
      'scores damaged',
    ]);
    for (const { holders } of damaged) expect(holders).toMatchObject([{ run: { runId: 'run-one' } }]);
  });

  test('lists results with their sizes, and erases one with what nothing else uses', async () => {
    const one = await storeRun(bench, 'one');
    await storeRun(bench, 'two', { source: 'one', task: { resultKey: digestOf('two') } });
    const { results, blobs, databaseSizeBytes } = await bench.store.housekeeping.listStoredResults({});
    expect(results).toMatchObject([
      { taskResult: { taskResultId: 'two' }, lost: 'none', standing: 0 },
      { taskResult: { taskResultId: 'one' }, lost: 'none', standing: 1 },
    ]);
    expect(blobs.count).toBe(await countRows('blobs'));
    expect(databaseSizeBytes).toBeGreaterThan(0);
    const { removed, standing, purged } = await bench.store.housekeeping.removeResults(['one'], {
      purge: true,
      dryRun: false,
    });
    expect(removed).toMatchObject([{ taskResultId: 'one' }]);
    expect(standing).toMatchObject([{ by: { taskResultId: 'two' } }]);
    // Its solver outputs are those of the other as well.
    expect(purged?.used.count).toBeGreaterThan(0);
    expect(await findThere(bench, [one.solve.digest, one.score.digest])).toEqual([one.solve.digest]);
  });

  test('leaves the rows of a running evaluation to it while it collects', async () => {
    await bench.store.runs.createRun(makeRun('run'), [makeTask('task')]);
    const appends = Array.from({ length: 50 }, (_, sampleIndex) =>
      bench.store.journal.appendAnswer(segmentOf('task'), makeJournalAnswer('yes', { sampleIndex })),
    );
    await collect(bench, { graceMs: hourMs, olderThanMs: 0 });
    await Promise.all(appends);
    expect(await countRows('journal_answers')).toBe(50);
  });
});
