import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeEvaluationWorkflowId } from '../../contracts/ids.ts';
import { openStet, type RunDocument, type RunHandle, type Stet } from '../../embedded/index.ts';
import { openStore } from '../../storage/index.ts';
import { makeGate } from '../activities/fake-models.ts';
import { type CapitalRunOptions, looseScorer, makeCapitalRun } from '../support/capital-run.ts';
import { type OpenAiTestServer, startOpenAiTestServer, type TestHandler } from '../support/openai-test-server.ts';
import { connectStoreTemporal, type HistoryJson, listPayloads } from '../support/store-temporal.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// Everything that goes through Temporal stays in its database and is shown in its web pages. After runs that went well and
// badly in all ways, no history holds anything of what was asked or answered, and no secret.

const secret = 'sk-walrus-0123456789';
const promptWord = 'pomegranate';
const answerWord = 'xylophone';
const rowWord = 'marmalade';
const marks = [secret, promptWord, answerWord, rowWord, 'Country 3'];
const PAYLOAD_LIMIT_BYTES = 64 * 1024;

let server: OpenAiTestServer;
let folder: TemporaryFolder;
let stet: Stet;
const runs: RunDocument[] = [];

const answerWell: TestHandler = () => `The ${answerWord}.`;

beforeAll(async () => {
  server = await startOpenAiTestServer({ answer: answerWell });
  folder = await makeTemporaryFolder();
  stet = await openStet({
    store: `${folder.path}/.stet`,
    workingDirectory: folder.path,
    environment: { ...process.env, WALRUS_KEY: secret },
    segmentSize: 5,
  });
});

afterAll(async () => {
  await stet?.close();
  await server?.close();
  await folder?.[Symbol.asyncDispose]();
});

async function start(what: string, options: Partial<CapitalRunOptions> = {}): Promise<RunHandle> {
  const systemPrompt = `A ${promptWord} on ${what} {{ sample.note }}.`;
  const source = makeCapitalRun({ baseUrl: server.baseUrl, rows: 12, systemPrompt, ...options }) as unknown as {
    readonly models: readonly { readonly config: object }[];
    readonly datasets: readonly { readonly source: { readonly samples: readonly object[] } }[];
  };
  const [dataset] = source.datasets;
  const samples = dataset?.source.samples.map((row) => ({ ...row, note: rowWord })) ?? [];
  return stet.run({
    ...source,
    models: source.models.map((model) => ({ ...model, config: { ...model.config, api_key: '$WALRUS_KEY' } })),
    datasets: [{ ...dataset, source: { ...dataset?.source, samples } }],
  } as unknown as Parameters<Stet['run']>[0]);
}

async function end(handle: RunHandle): Promise<RunDocument> {
  const document = await handle.result();
  runs.push(document);
  return document;
}

async function run(what: string, options: Partial<CapitalRunOptions> = {}): Promise<RunDocument> {
  return end(await start(what, options));
}

/** A run whose first answer is good and whose second query is held until the gate opens. */
async function startHeld(what: string, after: TestHandler = answerWell) {
  const [opened, held] = [makeGate(), makeGate()];
  let arrived = 0;
  server.setHandler(async (request) => {
    if (++arrived === 1) return answerWell(request);
    held.open();
    await opened.promise;
    return after(request);
  });
  const handle = await start(what, { maxConcurrentRequests: 4 });
  await held.promise;
  return { handle, open: () => opened.open() };
}

interface Shown {
  readonly histories: readonly HistoryJson[];
  /** Memos, summaries, search attributes, live details, heartbeat details and failures of what is pending. */
  readonly descriptions: readonly string[];
}

/** All that Temporal holds; `expected`: runs whose evaluations must be among it. */
async function readAll(expected: readonly { readonly run: string }[]): Promise<Shown> {
  const store = await openStore(`${folder.path}/.stet`);
  const storeId = await store.runs.getStoreId();
  await store.close();
  await using temporal = await connectStoreTemporal(`${folder.path}/.stet`);
  const ids = expected.map((document) => makeEvaluationWorkflowId({ storeId, runId: document.run }));
  const shown = { histories: [] as HistoryJson[], descriptions: [] as string[] };
  for (const execution of await temporal.listExecutions(ids)) {
    shown.histories.push(await temporal.fetchHistory(execution));
    shown.descriptions.push(await temporal.describeAsText(execution), await temporal.readLiveDetails(execution));
  }
  return shown;
}

function expectReferencesOnly({ histories, descriptions }: Shown): void {
  for (const history of histories) {
    const payloads = listPayloads(history);
    expect(payloads.length).toBeGreaterThan(0);
    expect(Math.max(...payloads.map(({ sizeBytes }) => sizeBytes))).toBeLessThan(PAYLOAD_LIMIT_BYTES);
    const text = [JSON.stringify(history), ...payloads.map((payload) => payload.text)].join('\n');
    expect(marks.filter((mark) => text.includes(mark))).toEqual([]);
  }
  for (const text of descriptions) expect(marks.filter((mark) => text.includes(mark))).toEqual([]);
}

function listTypes({ histories }: Shown): ReadonlySet<unknown> {
  const started = histories.map(({ events: [first] }) => {
    const attributes = first?.['workflowExecutionStartedEventAttributes'] as StartedAttributes | undefined;
    return attributes?.workflowType.name;
  });
  return new Set(started);
}

interface StartedAttributes {
  readonly workflowType: { readonly name: string };
}

/** A service that repeats in its error what it was sent. */
const echo = `no ${promptWord} ${rowWord} for ${secret}`;
const refuseCountry3: TestHandler = (request) =>
  request.prompt.includes('Country 3?') ? { status: 400, content: echo } : answerWell(request);

it('histories of runs that completed or failed hold references and counters', { timeout: 180_000 }, async () => {
  expect((await run('completed')).status).toBe('completed');
  expect(server.requests.at(-1)?.headers['authorization']).toBe(`Bearer ${secret}`);
  expect(JSON.stringify(server.requests.at(-1)?.body)).toContain(promptWord);
  expect((await run('completed', { scorers: [looseScorer] })).tasks[0]?.reuse).toBe('partial');
  expect((await run('completed')).tasks[0]?.reuse).toBe('full');

  server.setHandler(refuseCountry3);
  const failed = await run('a refusal');
  expect(failed.tasks[0]?.error?.code).toBe('too-many-sample-errors');
  server.setHandler(() => ({ status: 403, content: echo }));
  const refused = await run('nothing but refusals');
  expect(refused.tasks[0]?.error).toMatchObject({
    code: 'model-unusable',
    message: expect.stringContaining(promptWord),
  });
  server.setHandler(answerWell);
  const undefinedName = [{ type: 'string_equals', ground_truth: '{{ sample.country ~ sample.nothing }}' }];
  expect((await run('a broken template', { scorers: undefinedName })).status).toBe('failed');
  expect(await end(await stet.resume(failed.run))).toMatchObject({ status: 'completed', attempt: 2 });

  const shown = await readAll(runs);
  expect(shown.histories.length).toBeGreaterThanOrEqual(2 * runs.length - 1);
  expect(listTypes(shown)).toEqual(new Set(['evaluationWorkflow', 'taskResultWorkflow']));
  expectReferencesOnly(shown);
});

it('so do those of runs that were cancelled, drained, resumed, and waited for another', {
  timeout: 180_000,
}, async () => {
  const cancelled = await startHeld('cancelled', refuseCountry3);
  const cancelling = cancelled.handle.cancel();
  cancelled.open();
  await cancelling;
  expect((await end(cancelled.handle)).status).toBe('cancelled');
  server.setHandler(answerWell);
  expect((await end(await stet.resume(cancelled.handle.id))).status).toBe('completed');

  const drained = await startHeld('drained');
  const draining = drained.handle.drain();
  drained.open();
  await draining;
  // What failed last of the activity that is to be tried again, and what it said when it was alive.
  expectReferencesOnly(await readAll([{ run: drained.handle.id }]));
  server.setHandler(answerWell);
  expect((await end(await start('drained', { maxConcurrentRequests: 4 }))).run).toBe(drained.handle.id);

  const holder = await startHeld('held');
  const waiter = await start('held', { scorers: [looseScorer], maxConcurrentRequests: 4 });
  const store = await openStore(`${folder.path}/.stet`);
  await expect.poll(async () => (await store.runs.listWaits(waiter.id)).length, { timeout: 20_000 }).toBe(1);
  await store.close();
  const atWork = await readAll([{ run: holder.handle.id }, { run: waiter.id }]);
  // It describes a wait and a segment, both pending.
  expect(atWork.descriptions.some((text) => text.includes('waitWhileWorkflowOpen'))).toBe(true);
  expect(atWork.descriptions.some((text) => text.includes('solveSegment'))).toBe(true);
  expect(atWork.descriptions.some((text) => text.includes('queries sent'))).toBe(true);
  expectReferencesOnly(atWork);
  holder.open();
  expect((await end(holder.handle)).tasks[0]?.reuse).toBe('none');
  expect((await end(waiter)).tasks[0]?.reuse).toBe('partial');

  const shown = await readAll(runs);
  const ends = new Set(shown.histories.map(({ events }) => events.at(-1)?.eventType));
  expect(ends).toContain('EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED');
  expectReferencesOnly(shown);
});
