import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { query } from '../../bench/servers/postgres/databases.ts';
import { diagnose } from '../../embedded/diagnose.ts';
import { openStet, type Stet } from '../../embedded/index.ts';
import { migrate } from '../../embedded/migrate-store.ts';
import { keepToOwnRuns } from '../../embedded/own-runs.ts';
import { describeThisProcess } from '../../embedded/process-registry.ts';
import { findTemporalCli } from '../../embedded/server/find-cli.ts';
import { openStore } from '../../storage/open-store.ts';
import { makeRun } from '../storage/conformance/samples.ts';
import { answerCapital, looseScorer, makeCapitalRun } from '../support/capital-run.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { createBucket, createDatabase, describeOnPostgresAndS3 } from '../support/services/shared-services.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// A store that a team shares, while each member brings a Temporal of its own.

let store: string;
let folder: TemporaryFolder;
let environment: Readonly<Record<string, string | undefined>>;
const opened: Stet[] = [];

function password(): string {
  return new URL(store).password;
}

async function open(more: Readonly<Record<string, string>> = {}): Promise<Stet> {
  const stet = await openStet({
    store,
    temporal: 'embedded',
    environment: { ...environment, ...more },
    workingDirectory: folder.path,
  });
  opened.push(stet);
  return stet;
}

describeOnPostgresAndS3('a store that a team shares', () => {
  let model: OpenAiTestServer;
  beforeEach(async () => {
    store = await createDatabase();
    folder = await makeTemporaryFolder();
    const cli = await findTemporalCli({ environment: process.env, onProgress: () => {} });
    environment = {
      ...process.env,
      STET_BLOBS: await createBucket(),
      STET_TEMPORAL_CLI: cli.path,
      // The files of the Temporal server lie there.
      XDG_CACHE_HOME: path.join(folder.path, 'cache'),
    };
    model = await startOpenAiTestServer({ answer: ({ prompt }) => ({ content: answerCapital(prompt) }) });
  });
  afterEach(async () => {
    for (const stet of opened.splice(0)) await stet.close();
    await model.close();
    await folder[Symbol.asyncDispose]();
  });

  test('lets a result stand for those who may only read it, and has nothing of theirs', async () => {
    const member = await open();
    const first = await (await member.run(makeCapitalRun({ baseUrl: model.baseUrl, rows: 6 }))).result();
    expect(first).toMatchObject({ status: 'completed', model_queries: { sent: 6 } });
    const countRows = async () =>
      query(store, 'SELECT (SELECT count(*) FROM runs) AS runs, (SELECT count(*) FROM journal_answers) AS answers');
    const before = await countRows();

    const reader = await open({ STET_STORE_ACCESS: 'read', STET_STORE_OVERLAY: path.join(folder.path, 'ci') });
    const whole = await (await reader.run(makeCapitalRun({ baseUrl: model.baseUrl, rows: 6 }))).result();
    expect(whole).toMatchObject({ model_queries: { sent: 0, saved: 6 }, tasks: [{ reuse: 'full' }] });
    expect(whole.tasks[0]?.reused_from).toBe(first.tasks[0]?.task_result);
    expect(whole.tasks[0]?.result_digest).toBe(first.tasks[0]?.result_digest);
    const scored = makeCapitalRun({ baseUrl: model.baseUrl, rows: 6, scorers: [looseScorer] });
    expect(await (await reader.run(scored)).result()).toMatchObject({
      model_queries: { sent: 0 },
      tasks: [{ reuse: 'partial' }],
    });
    expect(await (await reader.run(makeCapitalRun({ baseUrl: model.baseUrl, rows: 7 }))).result()).toMatchObject({
      model_queries: { sent: 7 },
      tasks: [{ reuse: 'none' }],
    });
    expect(model.count()).toBe(13);
    expect(await countRows()).toEqual(before);
    const listed = await reader.list();
    expect(listed).toHaveLength(3);
    expect((await reader.show(whole.run)).tasks).toMatchObject([{ reuse: 'full' }]);
    expect(await reader.show(first.run)).toMatchObject({ run: first.run, status: 'completed' });
    expect((await reader.cache.verify()).sound).toBe(true);
  });

  test('is described with its versions and where its blobs lie, and without its password', async () => {
    const find = async () => {
      const found = await diagnose({ store, environment: { ...environment, STET_TEMPORAL_CLI: '/nowhere' } });
      expect(JSON.stringify(found)).not.toContain(password());
      return new Map(found.map((diagnosis) => [diagnosis.name, diagnosis.detail]));
    };
    expect((await find()).get('Store database')).toContain('no store yet');
    const { from, to, store: name } = await migrate({ store });
    expect([from, to > 0, name.includes(password())]).toEqual([0, true, false]);
    expect(await migrate({ store })).toMatchObject({ from: to, to });
    const found = await find();
    expect(found.get('Store database')).toMatch(
      /^postgres:\/\/127\.0\.0\.1:\d+\/\w+, PostgreSQL \d+[\d.]*, schema \d+, /,
    );
    expect(found.get('Blobs')).toMatch(/^s3:\/\/test-\w+, which answers$/);
    expect(found.get('Store')).toContain('runs of other machines are neither waited for nor taken up here');
    expect(found.has('Store directory')).toBe(false);
  });

  test('is left alone by a release that does not know its schema, which says so', async () => {
    await migrate({ store });
    await query(store, 'UPDATE schema_version SET version = 99');
    await expect(migrate({ store })).rejects.toMatchObject({
      code: 'store-schema',
      hint: expect.any(String) as string,
    });
    await expect(openStore(store)).rejects.toMatchObject({
      code: 'store-schema',
      message: expect.stringContaining('version 99') as string,
    });
    expect(await query(store, 'SELECT version FROM schema_version')).toEqual([{ version: 99 }]);
  });

  test('gives an open run to the machine that it belongs to, and to no other', async () => {
    const records = await openStore(store);
    const { runs } = records;
    const here = describeThisProcess('run');
    const elsewhere = { ...here, processId: randomUUID(), host: 'another-machine', startMark: 'another boot|1' };
    await runs.registerProcess(elsewhere);
    await runs.registerProcess(here);
    await runs.createRun(makeRun('of-another', { ownerId: elsewhere.processId }), []);
    await runs.createRun(makeRun('left-there', { ownerId: null, origin: { host: 'another-machine' } }), []);
    await runs.createRun(makeRun('left-here', { ownerId: null, origin: { host: hostname() } }), []);
    const own = keepToOwnRuns(runs);
    expect((await own.findOpenRuns()).map(({ runId }) => runId)).toEqual(['left-here']);
    const take = (runId: string) => own.takeRun(runId, here.processId, () => false);
    expect([await take('of-another'), await take('left-there'), await take('left-here')]).toEqual([false, false, true]);
    // On one Temporal they are everybody's.
    expect(await runs.takeRun('of-another', here.processId, () => false)).toBe(true);
    await records.close();
  });
});
