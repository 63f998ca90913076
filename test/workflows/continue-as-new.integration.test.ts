import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeTaskResultWorkflowId } from '../../contracts/ids.ts';
import { openStet, type RunDocument, type Stet } from '../../embedded/index.ts';
import { openStore } from '../../storage/index.ts';
import { answerCapital, makeCapitalRun } from '../support/capital-run.ts';
import { limitTemporal } from '../support/limited-temporal-cli.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { connectStoreTemporal } from '../support/store-temporal.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// A task result so long that its workflow continues as new, several times, in both stages.

const rows = 70;

let server: OpenAiTestServer;
let folder: TemporaryFolder;
let limited: Stet;
let roomy: Stet;
let requestsBefore = 0;

beforeAll(async () => {
  server = await startOpenAiTestServer({ answer: ({ prompt }) => answerCapital(prompt) });
  folder = await makeTemporaryFolder();
  const environment = await limitTemporal(folder, { 'limit.historyCount.suggestContinueAsNew': 80 });
  const workingDirectory = folder.path;
  limited = await openStet({ store: `${folder.path}/limited`, workingDirectory, environment, segmentSize: 1 });
  roomy = await openStet({ store: `${folder.path}/roomy`, workingDirectory });
});

afterAll(async () => {
  await limited?.close();
  await roomy?.close();
  await server?.close();
  await folder?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  requestsBefore = server.count();
});

/** Requests of this test, and how many of them were unlike all others. */
function countRequests(): { readonly sent: number; readonly unlike: number } {
  const requests = server.requests.slice(requestsBefore);
  return { sent: requests.length, unlike: new Set(requests.map(({ prompt }) => prompt)).size };
}

async function run(stet: Stet): Promise<RunDocument> {
  return (await stet.run(makeCapitalRun({ baseUrl: server.baseUrl, rows }))).result();
}

describe('a task result of many segments', () => {
  it('that reaches the limit of a history after all is failed, not cancelled, and loses no answer', async () => {
    const environment = await limitTemporal(folder, { 'limit.historyCount.error': 120 });
    const store = `${folder.path}/tight`;
    const tight = await openStet({ store, workingDirectory: folder.path, environment, segmentSize: 1 });
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

/** The child's chain has several links under one id, each short, and the last one published. */
async function expectContinued(document: RunDocument): Promise<void> {
  await using store = await openClosing(`${folder.path}/limited`);
  const [task] = await store.results.listTaskResults(document.run);
  if (task === undefined) throw new Error('The run has no task.');
  const storeId = await store.runs.getStoreId();
  const workflowId = makeTaskResultWorkflowId({ storeId, ...task, verdict: 'none' });
  await using temporal = await connectStoreTemporal(`${folder.path}/limited`);
  const listStatuses = async () =>
    (await temporal.listExecutions([workflowId]))
      .filter((link) => link.workflowId === workflowId)
      .map(({ status }) => status.name);
  // Lists lag behind.
  await expect.poll(listStatuses, { timeout: 10_000 }).toContain('COMPLETED');
  const statuses = await listStatuses();
  expect(statuses.length).toBeGreaterThanOrEqual(4);
  expect(statuses.filter((status) => status !== 'CONTINUED_AS_NEW')).toEqual(['COMPLETED']);
  for (const link of await temporal.listExecutions()) expect(link.historyLength).toBeLessThan(200);
}

async function openClosing(directory: string) {
  const store = await openStore(directory);
  return { ...store, [Symbol.asyncDispose]: () => store.close() };
}
