import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeTaskResultWorkflowId } from '../../contracts/ids.ts';
import { openStet, type RunDocument, type Stet } from '../../embedded/index.ts';
import { openStore } from '../../storage/index.ts';
import { makeGate } from '../activities/fake-models.ts';
import { answerCapital, type CapitalRunOptions, looseScorer, makeCapitalRun } from '../support/capital-run.ts';
import { createDriverPool, type DriverPool } from '../support/engine-model/driver-pool.ts';
import { limitTemporal } from '../support/limited-temporal-cli.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { connectStoreTemporal } from '../support/store-temporal.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// A task result so long that its workflow continues as new, several times, in both stages.

const rows = 70;
/** Rows of a run that is disturbed, and moments of it, in answers: before the first link is full, as it drains, and after. */
const fewRows = 36;
const moments = [8, 15, 24] as const;
const concurrency = 4;

let server: OpenAiTestServer;
let folder: TemporaryFolder;
let pool: DriverPool;
let limited: Stet;
let roomy: Stet;
let requestsBefore = 0;
let environment: Readonly<Record<string, string | undefined>>;

beforeAll(async () => {
  server = await startOpenAiTestServer({ answer: ({ prompt }) => answerCapital(prompt) });
  folder = await makeTemporaryFolder();
  environment = await limitTemporal(folder, { 'limit.historyCount.suggestContinueAsNew': 80 });
  pool = createDriverPool();
  const workingDirectory = folder.path;
  limited = await openStet({ store: `${folder.path}/limited`, workingDirectory, environment, segmentSize: 1 });
  roomy = await openStet({ store: `${folder.path}/roomy`, workingDirectory });
});

afterAll(async () => {
  await limited?.close();
  await roomy?.close();
  await pool?.[Symbol.asyncDispose]();
  await server?.close();
  await folder?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  requestsBefore = server.count();
  server.setHandler(({ prompt }) => answerCapital(prompt));
});

/** Requests of this test, and how many of them were unlike all others. */
function countRequests(): { readonly sent: number; readonly unlike: number } {
  const requests = server.requests.slice(requestsBefore);
  return { sent: requests.length, unlike: new Set(requests.map(({ prompt }) => prompt)).size };
}

/** Results of its own: the system prompt counts in the solver key. */
function makeDisturbedRun(what: string, options: Partial<CapitalRunOptions> = {}) {
  const systemPrompt = `${what}. Name the city only.`;
  return makeCapitalRun({
    baseUrl: server.baseUrl,
    rows: fewRows,
    systemPrompt,
    maxConcurrentRequests: concurrency,
    ...options,
  });
}

/**
 * Answers so many queries from now on and holds the rest; `held` resolves when one is held. As it drains, a link has fewer in
 * flight than the model would take.
 */
function holdAfter(answers: number) {
  const [opened, held] = [makeGate(), makeGate()];
  let arrived = 0;
  server.setHandler(async ({ prompt }) => {
    arrived++;
    if (arrived === answers + 1) held.open();
    if (arrived > answers) await opened.promise;
    return answerCapital(prompt);
  });
  return { held: held.promise, open: () => opened.open() };
}

async function run(stet: Stet): Promise<RunDocument> {
  return (await stet.run(makeCapitalRun({ baseUrl: server.baseUrl, rows }))).result();
}

describe('a task result of many segments', { timeout: 180_000 }, () => {
  it('that reaches the limit of a history after all is failed, not cancelled, and loses no answer', async () => {
    const tightEnvironment = await limitTemporal(folder, { 'limit.historyCount.error': 120 });
    const store = `${folder.path}/tight`;
    const tight = await openStet({
      store,
      workingDirectory: folder.path,
      environment: tightEnvironment,
      segmentSize: 1,
    });
    const failed = await run(tight);
    await tight.close();
    expect(failed.status).toBe('failed');
    expect(failed.tasks[0]).toMatchObject({ status: 'failed', error: { code: 'temporal-failed' } });
    expect(countRequests().sent).toBeLessThan(rows);

    const reopened = await openStet({ store, workingDirectory: folder.path });
    const resumed = await (await reopened.resume(failed.run)).result();
    await reopened.close();
    expect(resumed).toMatchObject({ status: 'completed', attempt: 2 });
    expect(countRequests()).toEqual({ sent: rows, unlike: rows });
  });

  it('continues as new, sends every query once, and has the result of one big segment', async () => {
    const document = await run(limited);
    expect(document.status).toBe('completed');
    expect(countRequests()).toEqual({ sent: rows, unlike: rows });
    expect(document.tasks[0]?.model_queries).toEqual({ sent: rows, retried: 0, saved: 0 });

    const undisturbed = await run(roomy);
    expect(document.tasks[0]?.result_digest).toBe(undisturbed.tasks[0]?.result_digest);
    expect(document.tasks[0]?.metrics).toEqual(undisturbed.tasks[0]?.metrics);
    await expectContinued(document);
  });
});

describe('around the moment at which a task result continues as new', { timeout: 180_000 }, () => {
  it('a run that waits for its key goes on waiting, link after link, and sends nothing of its own', async () => {
    const gate = holdAfter(moments[0]);
    const first = await limited.run(makeDisturbedRun('Waited for'));
    await gate.held;
    const second = await limited.run(makeDisturbedRun('Waited for', { scorers: [looseScorer] }));
    await using store = await openClosing(`${folder.path}/limited`);
    await expect.poll(async () => (await store.runs.listWaits(second.id)).length, { timeout: 20_000 }).toBe(1);
    gate.open();
    const [holder, waiter] = await Promise.all([first.result(), second.result()]);
    expect([holder.status, waiter.status]).toEqual(['completed', 'completed']);
    expect(waiter.tasks[0]).toMatchObject({ reuse: 'partial', reused_from: holder.tasks[0]?.task_result });
    expect(countRequests()).toEqual({ sent: fewRows, unlike: fewRows });
    await expectContinued(holder, 2);
  });

  it.each(moments)('a cancel after %i answers is not lost, and resume sends the rest', async (answers) => {
    const gate = holdAfter(answers);
    const handle = await limited.run(makeDisturbedRun(`Cancelled after ${answers}`));
    await gate.held;
    const cancelling = handle.cancel();
    gate.open();
    await cancelling;
    expect((await handle.result()).status).toBe('cancelled');
    const { sent, unlike } = countRequests();
    expect(unlike).toBe(sent);
    expect(sent).toBeLessThanOrEqual(answers + concurrency);

    const resumed = await (await limited.resume(handle.id)).result();
    expect(resumed).toMatchObject({ status: 'completed', attempt: 2 });
    expect(countRequests()).toEqual({ sent: fewRows, unlike: fewRows });
  });

  it('kill -9 at any of these moments costs what was in flight, and the same plan goes on', async () => {
    await folder.write('plain.env', '');
    const envFile = `${folder.path}/plain.env`;
    const options = { store: `${folder.path}/killed`, workingDirectory: folder.path, segmentSize: 1, environment };
    const source = makeDisturbedRun('Killed');
    let killed: string | undefined;
    for (const [index, moment] of moments.entries()) {
      const driver = await pool.open(options);
      // What was in flight at the kill before is sent once more.
      const gate = holdAfter(moment - (moments[index - 1] ?? 0));
      const { run: runId } = await driver.run(source, envFile);
      killed ??= runId;
      expect(runId).toBe(killed);
      await gate.held;
      await driver.kill();
      gate.open();
    }
    server.setHandler(({ prompt }) => answerCapital(prompt));
    const last = await openStet(options);
    try {
      const again = await last.run(source);
      expect(again).toMatchObject({ id: killed, attached: true });
      const document = await again.result();
      expect(document).toMatchObject({ status: 'completed', attempt: 1 });
      const { sent, unlike } = countRequests();
      expect(unlike).toBe(fewRows);
      expect(sent).toBeLessThanOrEqual(fewRows + moments.length * concurrency);
      await expectContinued(document, 2, options.store);

      const undisturbed = await (await last.run({ ...source, run_config: { cache_policy: 'no-cache' } })).result();
      expect(document.tasks[0]?.result_digest).toBe(undisturbed.tasks[0]?.result_digest);
    } finally {
      await last.close();
    }
  });
});

/** The child's chain has several links under one id, each short, and the last one published. */
async function expectContinued(document: RunDocument, links = 4, directory = `${folder.path}/limited`): Promise<void> {
  await using store = await openClosing(directory);
  const [task] = await store.results.listTaskResults(document.run);
  if (task === undefined) throw new Error('The run has no task.');
  const storeId = await store.runs.getStoreId();
  const workflowId = makeTaskResultWorkflowId({ storeId, ...task, verdict: 'none' });
  await using temporal = await connectStoreTemporal(directory);
  const listStatuses = async () =>
    (await temporal.listExecutions([workflowId]))
      .filter((link) => link.workflowId === workflowId)
      .map(({ status }) => status.name);
  // Lists lag behind.
  await expect.poll(listStatuses, { timeout: 10_000 }).toContain('COMPLETED');
  const statuses = await listStatuses();
  expect(statuses.length).toBeGreaterThanOrEqual(links);
  expect(statuses.filter((status) => status !== 'CONTINUED_AS_NEW')).toEqual(['COMPLETED']);
  for (const link of await temporal.listExecutions()) expect(link.historyLength).toBeLessThan(200);
}

async function openClosing(directory: string) {
  const store = await openStore(directory);
  return { ...store, [Symbol.asyncDispose]: () => store.close() };
}
