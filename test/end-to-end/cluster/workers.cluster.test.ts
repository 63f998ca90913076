import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeEvaluationWorkflowId } from '../../../contracts/ids.ts';
import { openStet, type Stet } from '../../../embedded/index.ts';
import { type StartedWorker, startWorker, type WorkerOptions } from '../../../embedded/start-worker.ts';
import { makeGate } from '../../activities/fake-models.ts';
import { answerCapital, makeCapitalRun } from '../../support/capital-run.ts';
import { type DevTemporal, startDevTemporal } from '../../support/dev-temporal.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../../support/openai-test-server.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';

// Workers, and "stet up", in one process with the commands that leave runs to them.

const rows = 20;

// Each test starts several processes or sessions, which a busy machine may take long for.
vi.setConfig({ testTimeout: 300_000 });

let temporal: DevTemporal;
let models: OpenAiTestServer;
let folder: TemporaryFolder;
let opened: { close(): Promise<unknown> }[];
let notices: string[];
let gate: ReturnType<typeof makeGate<void>>;

beforeAll(async () => {
  temporal = await startDevTemporal();
}, 300_000);
afterAll(() => temporal[Symbol.asyncDispose]());

beforeEach(async () => {
  models = await startOpenAiTestServer({ answer: ({ prompt }) => answerCapital(prompt) });
  folder = await makeTemporaryFolder();
  await folder.write('run.yaml', makeCapitalRun({ baseUrl: models.baseUrl, rows, maxConcurrentRequests: 4 }));
  opened = [];
  notices = [];
  gate = makeGate();
});
afterEach(async () => {
  models.setHandler(({ prompt }) => answerCapital(prompt));
  gate.open(); // a test that failed left queries waiting
  for (const each of opened.toReversed()) await each.close();
  await models.close();
  await folder[Symbol.asyncDispose]();
});

const place = (name: string) => ({
  store: `${folder.path}/${name}`,
  workingDirectory: folder.path,
  environment: { PATH: process.env['PATH'] },
  temporal: { address: temporal.address },
  onNotice: (line: string) => void notices.push(line),
});

async function open(name = 'store', more: Parameters<typeof openStet>[0] = {}): Promise<Stet> {
  const stet = await openStet({ ...place(name), ...more });
  opened.push(stet);
  return stet;
}

async function work(more: Partial<WorkerOptions> = {}, name = 'store'): Promise<StartedWorker> {
  const worker = await startWorker({ role: 'worker', ...place(name), ...more });
  opened.push({ close: () => worker.stop() });
  return worker;
}

/** Queries have reached the model; a first one goes ahead alone, as long as nothing is known of the model. */
async function untilAsked(count: number): Promise<void> {
  await vi.waitUntil(() => models.count() >= count, { timeout: 60_000, interval: 10 });
}

/** No query is answered before the gate opens. */
function holdAnswers(): void {
  models.setHandler(async ({ prompt }) => {
    await gate.promise;
    return answerCapital(prompt);
  });
}

describe('workers', () => {
  it('hear of a cancel from another process, and resume leaves the rest to them', async () => {
    holdAnswers();
    const { storeId } = await work();
    const stet = await open();
    const detached = await stet.run('run.yaml', { detach: true });
    await untilAsked(1);
    const cancelled = (await open()).cancel(detached.id);
    // The queries in flight may finish once the workflow has heard of it.
    const handle = temporal.client.workflow.getHandle(makeEvaluationWorkflowId({ storeId, runId: detached.id }));
    await vi.waitUntil(async () => hasEvent(await handle.fetchHistory(), 'workflowExecutionCancelRequested'), {
      timeout: 15_000,
      interval: 50,
    });
    gate.open();
    expect((await cancelled).status).toBe('cancelled');

    const resumed = await stet.resume(detached.id);
    expect(await resumed.result()).toMatchObject({ run: detached.id, status: 'completed', attempt: 2 });
    expect(new Set(models.requests.map(({ prompt }) => prompt)).size).toBe(rows);
  });

  it('record within their interval what was terminated in Temporal', async () => {
    holdAnswers();
    const { storeId } = await work({ reconcileIntervalMs: 100 });
    const stet = await open();
    const detached = await stet.run('run.yaml', { detach: true });
    await untilAsked(1);
    await temporal.client.workflow
      .getHandle(makeEvaluationWorkflowId({ storeId, runId: detached.id }))
      .terminate('by a test');
    gate.open();
    expect((await detached.result()).status).toBe('cancelled');
  });

  it('leave what they have no secret for to one that has it', async () => {
    const connection = { api_key: '$STET_TEST_KEY' };
    await folder.write('run.yaml', makeCapitalRun({ baseUrl: models.baseUrl, rows, connection }));
    await work();
    const stet = await open();
    const detached = await stet.run('run.yaml', { detach: true }); // nor has this process
    await vi.waitUntil(() => notices.some((line) => line.includes('lacks STET_TEST_KEY')), { timeout: 60_000 });
    expect(models.count()).toBe(0);
    await work({ environment: { PATH: process.env['PATH'], STET_TEST_KEY: 'sesame' } });
    expect(await detached.result()).toMatchObject({ status: 'completed', model_queries: { sent: rows } });
    expect(models.requests[0]?.headers['authorization']).toBe('Bearer sesame');
  });

  it('take up runs whose owner has gone', async () => {
    models.setHandler(async ({ index, prompt }) => {
      if (index >= rows / 2) await gate.promise;
      return answerCapital(prompt);
    });
    const before = await openStet(place('store'));
    const begun = await before.run('run.yaml');
    await untilAsked(rows / 2 + 4);
    gate.open();
    await begun.drain();
    await before.close();
    await work();
    const watched = await (await open()).watch(begun.id);
    expect(await watched.result()).toMatchObject({ run: begun.id, status: 'completed' });
    expect(models.count()).toBe(rows);
  });
});

describe('"stet up"', () => {
  it('works on detached runs with the environment of their file, and is one on a store', async () => {
    await folder.write('.env', 'STET_TEST_KEY=sesame\n');
    const connection = { api_key: '$STET_TEST_KEY' };
    await folder.write('run.yaml', makeCapitalRun({ baseUrl: models.baseUrl, rows, connection }));
    await work({ role: 'up' });
    await expect(startWorker({ role: 'up', ...place('store') })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('"stet up" runs on this store already'),
    });
    const detached = await (await open()).run(`${folder.path}/run.yaml`, { detach: true });
    expect(await detached.result()).toMatchObject({ status: 'completed', model_queries: { sent: rows } });
    expect(models.requests[0]?.headers['authorization']).toBe('Bearer sesame');
  });
});

describe('two stores in one namespace', () => {
  it('neither wait for each other nor list each other', async () => {
    holdAnswers();
    const [first, second] = [await open('first'), await open('second')];
    const runs = [await first.run('run.yaml'), await second.run('run.yaml')];
    // Both have a query in flight at once: one that waited for the other's key would have none.
    await untilAsked(2);
    gate.open();
    const documents = await Promise.all(runs.map((run) => run.result()));
    expect(documents.map(({ status, model_queries: { sent } }) => [status, sent])).toEqual([
      ['completed', rows],
      ['completed', rows],
    ]);
    expect((await first.list()).map(({ run }) => run)).toEqual([documents[0]?.run]);
    expect((await second.list()).map(({ run }) => run)).toEqual([documents[1]?.run]);
  });
});

function hasEvent(history: { readonly events?: unknown }, attributes: string): boolean {
  return JSON.stringify(history.events ?? []).includes(attributes);
}
