import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeEvaluationWorkflowId } from '../../contracts/ids.ts';
import { openStet, type RunDocument, type Stet } from '../../embedded/index.ts';
import { openStore } from '../../storage/index.ts';
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

async function run(what: string, options: Partial<CapitalRunOptions> = {}): Promise<RunDocument> {
  const systemPrompt = `A ${promptWord} on ${what} {{ sample.note }}.`;
  const source = makeCapitalRun({ baseUrl: server.baseUrl, rows: 12, systemPrompt, ...options }) as unknown as {
    readonly models: readonly { readonly config: object }[];
    readonly datasets: readonly { readonly source: { readonly samples: readonly object[] } }[];
  };
  const [dataset] = source.datasets;
  const samples = dataset?.source.samples.map((row) => ({ ...row, note: rowWord })) ?? [];
  const document = await (
    await stet.run({
      ...source,
      models: source.models.map((model) => ({ ...model, config: { ...model.config, api_key: '$WALRUS_KEY' } })),
      datasets: [{ ...dataset, source: { ...dataset?.source, samples } }],
    } as unknown as Parameters<Stet['run']>[0])
  ).result();
  runs.push(document);
  return document;
}

async function fetchAll(): Promise<readonly HistoryJson[]> {
  const store = await openStore(`${folder.path}/.stet`);
  const storeId = await store.runs.getStoreId();
  await store.close();
  await using temporal = await connectStoreTemporal(`${folder.path}/.stet`);
  const executions = await temporal.listExecutions(
    runs.map((document) => makeEvaluationWorkflowId({ storeId, runId: document.run })),
  );
  const histories: HistoryJson[] = [];
  for (const execution of executions) histories.push(await temporal.fetchHistory(execution));
  return histories;
}

it('histories hold references and counters, whatever happened', async () => {
  expect((await run('completed')).status).toBe('completed');
  expect(server.requests.at(-1)?.headers['authorization']).toBe(`Bearer ${secret}`);
  expect(JSON.stringify(server.requests.at(-1)?.body)).toContain(promptWord);
  expect((await run('completed', { scorers: [looseScorer] })).tasks[0]?.reuse).toBe('partial');

  // A service that repeats in its error what it was sent.
  const echo = `no ${promptWord} ${rowWord} for ${secret}`;
  server.setHandler(({ prompt }) =>
    prompt.includes('Country 3?') ? { status: 400, content: echo } : `The ${answerWord}.`,
  );
  expect((await run('a refusal')).tasks[0]?.error?.code).toBe('too-many-sample-errors');
  server.setHandler(() => ({ status: 403, content: echo }));
  const refused = await run('nothing but refusals');
  expect(refused.tasks[0]?.error).toMatchObject({
    code: 'model-unusable',
    message: expect.stringContaining(promptWord),
  });
  server.setHandler(answerWell);
  const undefinedName = [{ type: 'string_equals', ground_truth: '{{ sample.country ~ sample.nothing }}' }];
  expect((await run('a broken template', { scorers: undefinedName })).status).toBe('failed');

  const histories = await fetchAll();
  expect(histories.length).toBeGreaterThanOrEqual(2 * runs.length);
  for (const history of histories) {
    const payloads = listPayloads(history);
    expect(payloads.length).toBeGreaterThan(0);
    expect(Math.max(...payloads.map(({ sizeBytes }) => sizeBytes))).toBeLessThan(PAYLOAD_LIMIT_BYTES);
    const text = [JSON.stringify(history), ...payloads.map((payload) => payload.text)].join('\n');
    expect(marks.filter((mark) => text.includes(mark))).toEqual([]);
  }
});
