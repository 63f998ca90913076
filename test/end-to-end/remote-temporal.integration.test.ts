import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openStet, type Stet } from '../../embedded/index.ts';
import { type StartedWorker, startWorker, type WorkerOptions } from '../../embedded/start-worker.ts';
import { makeGate } from '../activities/fake-models.ts';
import { answerCapital, makeCapitalRun } from '../support/capital-run.ts';
import { type DevTemporal, startDevTemporal } from '../support/dev-temporal.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// Evaluations on a Temporal that somebody else runs: in one process, with workers where a test wants some.

const rows = 20;

vi.setConfig({ testTimeout: 120_000 });

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

describe('a run on a Temporal elsewhere', () => {
  it('is worked on by the command where no worker is there, which it says', async () => {
    const stet = await open();
    const document = await (await stet.run('run.yaml')).result();
    expect(document).toMatchObject({ status: 'completed', model_queries: { sent: rows } });
    expect(notices).toContain('No worker polls the queue of this store; this command does the work itself.');
    const again = await (await stet.run('run.yaml')).result();
    expect(again).toMatchObject({ tasks: [{ reuse: 'full' }], model_queries: { sent: 0 } });
  });

  it('makes the namespace it is told of, and tells nobody what it could not do', async () => {
    const stet = await open('store', { temporal: { address: temporal.address, namespace: 'evaluations' } });
    expect((await (await stet.run('run.yaml')).result()).status).toBe('completed');
    const { namespaceInfo } = await temporal.client.workflowService.describeNamespace({ namespace: 'evaluations' });
    expect(namespaceInfo?.name).toBe('evaluations');
  });

  it('says at once that nobody answers where it is told to look', async () => {
    const stet = await open('store', { temporal: { address: '127.0.0.1:1' } });
    await expect(stet.run('run.yaml')).rejects.toMatchObject({
      code: 'temporal-failed',
      message: expect.stringContaining('Temporal at 127.0.0.1:1 does not answer'),
    });
  });

  it('is refused when it is detached and nobody would work on it', async () => {
    const stet = await open();
    await expect(stet.run('run.yaml', { detach: true })).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('stet up'),
    });
    expect(await stet.list()).toEqual([]);
  });

  it('goes on from the journal when it began on the server that Stet brings', async () => {
    models.setHandler(async ({ index, prompt }) => {
      if (index >= rows / 2) await gate.promise;
      return answerCapital(prompt);
    });
    const before = await openStet({ ...place('store'), temporal: 'embedded' });
    const begun = await before.run('run.yaml');
    await untilAsked(rows / 2 + 4);
    gate.open();
    await begun.drain();
    await before.close();

    const stet = await open();
    const document = await (await stet.run('run.yaml')).result();
    expect(document).toMatchObject({ run: begun.id, status: 'completed', attempt: 1 });
    expect(models.count()).toBe(rows);
  });
});

describe('workers', () => {
  it('do what is left to them: followed by run and watch, attached to by the same file', async () => {
    holdAnswers();
    await work();
    const stet = await open();
    const detached = await stet.run('run.yaml', { detach: true });
    await detached.drain(); // whoever started it need not stay
    expect(await stet.list()).toMatchObject([{ run: detached.id, has_owner: false, on_workers: true }]);
    const attached = await stet.run('run.yaml');
    const watched = await stet.watch();
    expect([attached.id, attached.attached, watched.id]).toEqual([detached.id, true, detached.id]);
    gate.open();
    const [byRun, byWatch] = await Promise.all([attached.result(), watched.result()]);
    expect(byRun).toMatchObject({ status: 'completed', tasks: [{ metrics: { accuracy: 0.9 } }] });
    expect(byWatch.tasks[0]?.result_digest).toBe(byRun.tasks[0]?.result_digest);
    expect(models.count()).toBe(rows);
  });
});
