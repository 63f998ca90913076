import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunDocument } from '../../client/run-document.ts';
import type { AddScheduleOptions } from '../../client/schedules/schedules.ts';
import type { Digest } from '../../contracts/digest.ts';
import { makeScheduleId } from '../../contracts/ids.ts';
import { openStet, type Stet } from '../../embedded/index.ts';
import { type StartedWorker, startWorker } from '../../embedded/start-worker.ts';
import { openStore } from '../../storage/index.ts';
import type { Store } from '../../storage/store.ts';
import { answerCapital, type CapitalRunOptions, makeCapitalRun } from '../support/capital-run.ts';
import { harmBlob } from '../support/harm-blob.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { connectStoreTemporal } from '../support/store-temporal.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';

const patience = { timeout: 40_000, interval: 50 };
/** Fires only when it is asked to. */
const yearly = { timing: { cron: '0 0 1 1 *' } } as const;
const environment = { STET_NOTIFY_SECRET: 'a key' };

let folder: TemporaryFolder;
let model: OpenAiTestServer;
let stet: Stet;
let up: StartedWorker;
let records: Store;

beforeAll(async () => {
  folder = await makeTemporaryFolder();
  model = await startOpenAiTestServer({ answer: ({ prompt }) => answerCapital(prompt) });
  const store = path.join(folder.path, 'store');
  const place = { store, workingDirectory: folder.path, environment };
  up = await startWorker({ ...place, role: 'up' });
  stet = await openStet(place);
  records = await openStore(store);
});

afterAll(async () => {
  await stet.close();
  await up.stop();
  await records.close();
  await model.close();
  await folder[Symbol.asyncDispose]();
});

function write(name: string, options: Partial<CapitalRunOptions> = {}): Promise<string> {
  return folder.write(
    `${name}.yaml`,
    makeCapitalRun({ baseUrl: model.baseUrl, rows: 10, cachePolicy: 'update', maxSampleErrors: 10, ...options }),
  );
}

const add = (file: string, name: string, options: Partial<AddScheduleOptions> = {}) =>
  stet.schedules.add(file, { ...yearly, name, ...options });

/** The newest run of a schedule once so many have ended. */
async function untilEnded(name: string, count = 1): Promise<RunDocument> {
  const find = async () => {
    const ids = await records.schedules.listRuns(name, { limit: 10 });
    const runs = await Promise.all(ids.map((id) => records.runs.getRun(id)));
    return runs.filter(({ endedAt }) => endedAt !== null);
  };
  await vi.waitUntil(async () => (await find()).length >= count, patience);
  return stet.show((await find())[0]?.runId ?? '');
}

describe('adding a schedule', () => {
  it('asks for a cache policy where the file declares none, and creates nothing', async () => {
    const run = makeCapitalRun({ baseUrl: model.baseUrl, rows: 4 });
    const file = await folder.write('silent.yaml', { ...run, run_config: {} });
    await expect(add(file, 'silent')).rejects.toMatchObject({
      code: 'config-invalid',
      hint: expect.stringContaining('--cache-policy') as string,
      location: { file: expect.stringContaining('silent.yaml') as string },
    });
    await expect(stet.schedules.show('silent')).rejects.toMatchObject({ code: 'schedule-not-found' });
    expect((await add(file, 'silent', { cachePolicy: 'update' })).cache_policy).toBe('update');
    await stet.schedules.remove('silent');
  });

  it('refuses a name that is taken, also one that only Temporal knows, and says how to remove it', async () => {
    const file = await write('taken');
    await add(file, 'taken');
    await expect(add(file, 'taken')).rejects.toMatchObject({
      code: 'schedule-exists',
      hint: expect.stringContaining('stet schedule remove taken') as string,
    });
    await records.schedules.remove('taken');
    await expect(add(file, 'taken')).rejects.toMatchObject({ code: 'schedule-exists' });
    await stet.schedules.remove('taken');
    await add(file, 'taken');
    await stet.schedules.remove('taken');
    await expect(stet.schedules.remove('taken')).rejects.toMatchObject({ code: 'schedule-not-found' });
  });

  it('refuses an alert on a metric that is not there, and a baseline that is no run', async () => {
    const file = await write('alerts');
    await expect(add(file, 'alerts', { alerts: ['accurracy < 0.5'] })).rejects.toMatchObject({
      code: 'usage',
      hint: 'Did you mean "accuracy"?',
    });
    await expect(add(file, 'alerts', { alerts: ['accuracy < -0.1'], baseline: 'nosuchrun' })).rejects.toMatchObject({
      code: 'run-not-found',
    });
    expect(await records.schedules.find('alerts')).toBeUndefined();
  });

  it('refuses notifications without a key, before anything is created', async () => {
    const file = await write('unsigned');
    const notify = { url: 'http://127.0.0.1:9/', secret: '$NO_SUCH_KEY' };
    await expect(add(file, 'unsigned', { notify })).rejects.toMatchObject({ code: 'config-secret' });
    expect(await records.schedules.find('unsigned')).toBeUndefined();
  });
});

describe('a schedule', () => {
  it('runs the plan as it was when it was added, whatever became of the file', async () => {
    const file = await write('snapshot', { rows: 6 });
    await add(file, 'snapshot');
    await folder.write('snapshot.yaml', 'no longer a run file');
    await stet.schedules.trigger('snapshot');
    const run = await untilEnded('snapshot');
    expect(run).toMatchObject({ status: 'completed', schedule: 'snapshot', cache_policy: 'update' });
    expect(run.run).toMatch(/^snapshot-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(run.tasks[0]?.samples.total).toBe(6);
    expect((await stet.schedules.show('snapshot')).runs).toMatchObject([
      { run: run.run, status: 'completed', tasks: [{ metrics: { accuracy: 1 } }], alerts: null },
    ]);
    await stet.schedules.remove('snapshot');
    expect((await stet.show(run.run)).status).toBe('completed');
  });

  it('that tracks its file reads it at each firing, and tells when it cannot', async () => {
    await using receiver = await startWebhookReceiver();
    const file = await write('tracked', { rows: 6 });
    // The first firing may not quite be over for Temporal when the second one comes.
    await add(file, 'tracked', { track: true, notify: { url: receiver.url }, overlap: 'allow-all' });
    await write('tracked', { rows: 8 });
    await stet.schedules.trigger('tracked');
    expect((await untilEnded('tracked')).tasks[0]?.samples.total).toBe(8);
    await folder.write('tracked.yaml', 'models: nonsense');
    // Firings of one second have one id, and the first may have been in this one.
    const firstRun = (await records.schedules.listRuns('tracked', { limit: 1 }))[0] ?? '';
    const isPast = () => new Date().toISOString().slice(0, 19) > firstRun.slice('tracked-'.length, -1);
    await vi.waitUntil(isPast, patience);
    await stet.schedules.trigger('tracked');
    await vi.waitUntil(() => receiver.received.length > 0, patience);
    expect(JSON.parse(receiver.received[0]?.body ?? '')).toMatchObject({
      type: 'failed',
      schedule: 'tracked',
      run: null,
      error_code: 'config-invalid',
    });
    expect((await stet.schedules.show('tracked')).last_failure?.error.code).toBe('config-invalid');
    await stet.schedules.remove('tracked');
  });

  it('that a limit stops is told of, with counts and codes and no text', async () => {
    await using receiver = await startWebhookReceiver();
    const file = await write('limited', { maxSampleErrors: 0, rows: 2, model: { max_retries: 0 } });
    model.setHandler(({ index }) => (index % 2 === 0 ? 'fine' : { status: 400, content: 'the prompt was: Country' }));
    await add(file, 'limited', { notify: { url: receiver.url } });
    await stet.schedules.trigger('limited');
    expect((await untilEnded('limited')).status).toBe('failed');
    model.setHandler(({ prompt }) => answerCapital(prompt));
    await vi.waitUntil(() => receiver.received.length > 0, patience);
    const { body = '' } = receiver.received[0] ?? {};
    expect(JSON.parse(body)).toMatchObject({
      type: 'limit-stopped',
      run: { status: 'failed', tasks: [{ error_code: 'too-many-sample-errors', samples: { total: 2, errors: 1 } }] },
    });
    expect(body).not.toContain('Country');
    await stet.schedules.remove('limited');
  });

  it('may spend at each firing what it was added with, and tells when that is used up', async () => {
    await using receiver = await startWebhookReceiver();
    const before = model.count();
    await add(await write('thrifty', { rows: 10 }), 'thrifty', { maxQueries: 4, notify: { url: receiver.url } });
    await stet.schedules.trigger('thrifty');
    const run = await untilEnded('thrifty');
    expect(run).toMatchObject({ status: 'failed', limits: { queries: { limit: 4, used: 4 } } });
    expect(model.count() - before).toBe(4);
    await vi.waitUntil(() => receiver.received.length > 0, patience);
    expect(JSON.parse(receiver.received[0]?.body ?? '')).toMatchObject({
      type: 'limit-stopped',
      run: { run: run.run, tasks: [{ error_code: 'limit-reached', samples: { total: 10, errors: 0 } }] },
    });
    await stet.schedules.remove('thrifty');
  });

  it('is paused and resumed, and keeps that when Temporal has lost it', async () => {
    await add(await write('paused'), 'paused', { timing: { cron: '0 3 * * mon-fri' }, timezone: 'Europe/Berlin' });
    expect((await stet.schedules.show('paused')).next).toHaveLength(5);
    await stet.schedules.pause('paused');
    expect(await stet.schedules.show('paused')).toMatchObject({ paused: true, next: [] });
    await using temporal = await connectStoreTemporal(path.join(folder.path, 'store'));
    const handle = temporal.client.schedule.getHandle(
      makeScheduleId({ storeId: await records.runs.getStoreId(), name: 'paused' }),
    );
    await handle.delete();
    await stet.schedules.show('paused');
    expect((await handle.describe()).state.paused).toBe(true);
    await stet.schedules.resume('paused');
    expect((await stet.schedules.show('paused')).next).toHaveLength(5);
    await stet.schedules.remove('paused');
  });

  it('is backfilled for every time of a span, one after the other', async () => {
    await add(await write('backfilled', { rows: 2 }), 'backfilled', { timing: { cron: '0 3 * * *' }, timezone: 'UTC' });
    const span = { from: new Date('2026-03-01T00:00:00Z'), to: new Date('2026-03-03T00:00:00Z') };
    await stet.schedules.backfill('backfilled', span);
    await untilEnded('backfilled', 2);
    const { runs } = await stet.schedules.show('backfilled');
    expect(runs.map(({ run, scheduled_at }) => [run, scheduled_at])).toEqual([
      ['backfilled-2026-03-02T03:00:00Z', '2026-03-02T03:00:00.000Z'],
      ['backfilled-2026-03-01T03:00:00Z', '2026-03-01T03:00:00.000Z'],
    ]);
    await stet.schedules.remove('backfilled');
  });
});

describe('a run with alerts', () => {
  it('is marked where a metric has fallen against the run before, and not where it has not', async () => {
    const file = await write('compared', { rows: 20 });
    const alerts = ['plain.accuracy < -0.05', 'accuracy < 0.5'];
    const set = [{ path: 'evaluation.key', value: 'compared' }];
    const judge = async () => (await (await stet.run(file, { alerts, set })).result()).alerts ?? [];
    expect((await judge()).map(({ verdict }) => verdict)).toEqual(['no-baseline', 'quiet']);
    expect((await judge()).map(({ verdict }) => verdict)).toEqual(['quiet', 'quiet']);
    model.setHandler(({ prompt, index }) => (index % 5 < 3 ? 'Atlantis' : answerCapital(prompt)));
    const fallen = await judge();
    model.setHandler(({ prompt }) => answerCapital(prompt));
    expect(fallen).toMatchObject([
      { verdict: 'fired', baseline_value: 0.9, difference: { pairs: 20, method: 'agresti-min' } },
      { verdict: 'fired', difference: null },
    ]);
    expect((await stet.show('latest')).alerts).toEqual(fallen);
  });

  it('does not pass where it cannot be judged: nothing to compare with in the run that is named, or it is lost', async () => {
    const set = [{ path: 'evaluation.key', value: 'unjudged' }];
    const specifications = [{ key: 'other', task_key: 'capital-qa', model_key: 'small' }];
    const other = await (await stet.run(await write('other', { specifications }), { set })).result();
    const file = await write('unjudged', { rows: 12 });
    const run = async (options: { readonly baseline?: string }) =>
      (await stet.run(file, { set, alerts: ['accuracy < -0.1'], ...options })).result();
    expect((await run({ baseline: other.run })).alerts).toMatchObject([
      {
        verdict: 'unjudged',
        baseline_run: other.run,
        sentence: expect.stringContaining('no completed plain') as string,
      },
    ]);
    const [earlier] = await records.results.listTaskResults((await run({})).run);
    await harmBlob(path.join(folder.path, 'store'), earlier?.metrics?.digest as Digest, 'lost');
    model.setHandler(() => 'Atlantis'); // equal metrics would be the same blob, and mend it
    const { alerts, status } = await run({});
    model.setHandler(({ prompt }) => answerCapital(prompt));
    expect({ alerts, status }).toMatchObject({ status: 'completed', alerts: [{ verdict: 'unjudged' }] });
  });

  it('is refused before anything is sent where it is about nothing', async () => {
    const sent = model.count();
    const file = await write('refused');
    await expect(stet.run(file, { alerts: ['accuracy'] })).rejects.toMatchObject({ code: 'usage' });
    await expect(stet.run(file, { baseline: 'first' })).rejects.toMatchObject({ code: 'usage' });
    expect(model.count()).toBe(sent);
  });
});
