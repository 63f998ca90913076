import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeEvaluationWorkflowId } from '../../contracts/ids.ts';
import { openStet, type PlanDocument, type RunDocument, type RunHandle, type Stet } from '../../embedded/index.ts';
import { findTemporalCli } from '../../embedded/server/find-cli.ts';
import type { RunFileInput } from '../../evaluation/spec/run-file.ts';
import { makeGate } from '../activities/fake-models.ts';
import { answerCapital, type CapitalRunOptions, makeCapitalRun } from '../support/capital-run.ts';
import { limitTemporal } from '../support/limited-temporal-cli.ts';
import { type OpenAiTestServer, startOpenAiTestServer, type TestHandler } from '../support/openai-test-server.ts';
import { startCli } from '../support/run-cli.ts';
import { runTool } from '../support/run-tool.ts';
import { connectStoreTemporal, type StoreTemporal } from '../support/store-temporal.ts';
import { openPlacedStore, placeStore, readServerRecord } from '../support/stores/place-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { waitForRequests } from '../support/wait-for-requests.ts';

// Workflows that are cancelled, terminated or deleted from Temporal's side, or ended by a limit of Temporal: a terminated
// workflow runs no code of its own, so somebody else has to record what that means.

const rows = 24;
const answered = 8;
const concurrency = 4;

let server: OpenAiTestServer;
let folder: TemporaryFolder;
let stet: Stet;
let temporal: StoreTemporal;
let storeId: string;
let scenario = 0;
let notices: string[] = [];
let onNotice: (message: string) => void = () => {};

const answerWell: TestHandler = ({ prompt }) => answerCapital(prompt);

beforeAll(async () => {
  server = await startOpenAiTestServer({ answer: answerWell });
  folder = await makeTemporaryFolder();
  const directory = placeStore(`${folder.path}/.stet`);
  stet = await openStet({
    store: directory,
    workingDirectory: folder.path,
    segmentSize: 6,
    onNotice(message) {
      notices.push(message);
      onNotice(message);
    },
  });
  await (await stet.run(makeCapitalRun({ baseUrl: server.baseUrl, rows: 1 }))).result(); // starts the server
  temporal = await connectStoreTemporal(directory);
  const store = await openPlacedStore(directory);
  storeId = await store.runs.getStoreId();
  await store.close();
});

afterAll(async () => {
  await temporal?.[Symbol.asyncDispose]();
  await stet?.close();
  await server?.close();
  await folder?.[Symbol.asyncDispose]();
});

// Each test has results of its own: the system prompt counts in the solver key.
beforeEach(() => {
  scenario++;
  notices = [];
  onNotice = () => {};
  server.setHandler(answerWell);
});

const capital = (options: Partial<CapitalRunOptions> = {}): RunFileInput =>
  makeCapitalRun({
    baseUrl: server.baseUrl,
    rows,
    systemPrompt: `Terminated ${scenario}. Name the city only.`,
    maxConcurrentRequests: concurrency,
    ...options,
  });

const evaluationId = (runId: string): string => makeEvaluationWorkflowId({ storeId, runId });

async function findChildId(source: RunFileInput): Promise<string> {
  const plan: PlanDocument = await stet.plan(source);
  return `${storeId}/solve/${plan.tasks[0]?.solver_key}`;
}

const deleteWorkflow = (workflowId: string) =>
  temporal.client.workflowService.deleteWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId },
  });

/** Resolves with the notice that a run was ended from Temporal's side: from then on it sends nothing. */
function waitForNotice(): Promise<void> {
  return new Promise((resolve) => {
    onNotice = (message) => {
      if (message.includes("ended from Temporal's side")) resolve();
    };
  });
}

interface Stuck {
  readonly handle: RunHandle;
  /** Lets the queries in flight be answered. */
  readonly release: () => void;
  /** Requests of this run so far. */
  readonly countSent: () => number;
}

/** A run with some answers, and as many queries in flight as may be. */
async function runUntilStuck(source = capital()): Promise<Stuck> {
  const before = server.count();
  const gate = makeGate();
  const stuck = makeGate();
  let received = 0;
  server.setHandler(async ({ prompt }) => {
    received++;
    if (received === answered + concurrency) stuck.open();
    if (received > answered) await gate.promise;
    return answerCapital(prompt);
  });
  const handle = await stet.run(source);
  await stuck.promise;
  return { handle, release: () => gate.open(), countSent: () => server.count() - before };
}

async function expectResumeToSendTheRest(runId: string, sent: number): Promise<RunDocument> {
  server.setHandler(answerWell);
  const before = server.count();
  const document = await (await stet.resume(runId)).result();
  expect(document).toMatchObject({ run: runId, status: 'completed', attempt: 2 });
  expect(server.count() - before).toBe(rows - sent);
  return document;
}

describe('an evaluation at work', () => {
  it.each([
    ['terminated', (workflowId: string) => temporal.client.workflow.getHandle(workflowId).terminate('enough')],
    ['deleted', deleteWorkflow],
  ])(
    'that is %s is cancelled: nothing more is sent, what is in flight counts, and resume sends the rest',
    async (_, end) => {
      const { handle, release, countSent } = await runUntilStuck();
      const noticed = waitForNotice();
      await end(evaluationId(handle.id));
      await noticed;
      release();
      const document = await handle.result();
      expect(document).toMatchObject({ status: 'cancelled', tasks: [{ status: 'cancelled', error: null }] });
      expect(countSent()).toBe(answered + concurrency);
      await expectResumeToSendTheRest(handle.id, answered + concurrency);
    },
  );

  it('that is cancelled from Temporal ends as cancelled, and resume sends the rest', async () => {
    const { handle, release, countSent } = await runUntilStuck();
    const workflow = temporal.client.workflow.getHandle(await findChildId(capital()));
    await temporal.client.workflow.getHandle(evaluationId(handle.id)).cancel();
    // Heard of in the answer to the next heartbeat; until then nothing in flight is answered.
    await expect.poll(async () => (await workflow.describe()).raw.pendingActivities?.[0]?.state).toBe(3);
    release();
    expect((await handle.result()).status).toBe('cancelled');
    await expectResumeToSendTheRest(handle.id, countSent());
  });
});

describe('a task result at work', () => {
  const specifications = [
    { key: 'plain', task_key: 'capital-qa', model_key: 'small' },
    { key: 'other', task_key: 'capital-qa', model_key: 'large' },
  ];
  const withOther = () =>
    capital({
      specifications,
      models: [
        {
          key: 'large',
          config: { connection_type: 'openai_compatible', base_url: server.baseUrl, model_key: 'large-1' },
        },
      ],
    });

  it.each([
    ['terminated', (workflowId: string) => temporal.client.workflow.getHandle(workflowId).terminate('enough')],
    ['deleted', deleteWorkflow],
    ['cancelled', (workflowId: string) => temporal.client.workflow.getHandle(workflowId).cancel()],
  ])('that is %s is cancelled, the others go on, and resume sends the rest', async (_, end) => {
    const gate = makeGate();
    const stuck = makeGate();
    let small = 0;
    let large = 0;
    server.setHandler(async ({ prompt, body }) => {
      if (body.model === 'large-1') large++;
      else if (++small > answered) {
        if (small === answered + concurrency) stuck.open();
        await gate.promise;
      }
      return answerCapital(prompt);
    });
    const handle = await stet.run(withOther());
    await stuck.promise;
    await end(await findChildId(withOther()));
    await expect.poll(async () => (await stet.show(handle.id)).tasks[1]?.status, { timeout: 20_000 }).toBe('completed');
    gate.open();
    const document = await handle.result();
    expect(document.status).toBe('cancelled');
    expect(document.tasks.map(({ status }) => status)).toEqual(['cancelled', 'completed']);
    expect(large).toBe(rows);
    await expectResumeToSendTheRest(handle.id, small);
  });
});

describe('an evaluation that was terminated while nobody worked on it', () => {
  async function leaveTerminated(): Promise<{ readonly runId: string; readonly sent: number }> {
    const { handle, release, countSent } = await runUntilStuck();
    const drained = handle.drain();
    release();
    await drained;
    await temporal.client.workflow.getHandle(evaluationId(handle.id)).terminate('enough');
    expect((await stet.show(handle.id)).status).toBe('running');
    server.setHandler(answerWell);
    return { runId: handle.id, sent: countSent() };
  }

  it('is recorded as cancelled by a run of the same plan, which starts anew', async () => {
    const { runId } = await leaveTerminated();
    const before = server.count();
    const found: string[] = [];
    const handle = await stet.run(capital(), {
      resume({ run, status }) {
        found.push(`${run} ${status}`);
        return 'new';
      },
    });
    const document = await handle.result();
    expect(found).toEqual([`${runId} cancelled`]);
    expect(handle).toMatchObject({ attached: false });
    expect(document.run).not.toBe(runId);
    expect(server.count() - before).toBe(rows);
    expect((await stet.show(runId)).status).toBe('cancelled');
  });

  it('goes on by resume, with one more attempt', async () => {
    const { runId, sent } = await leaveTerminated();
    await expectResumeToSendTheRest(runId, sent);
  });

  it('is recorded as cancelled by cancel, which sends nothing', async () => {
    const { runId } = await leaveTerminated();
    const before = server.count();
    expect(await stet.cancel(runId)).toMatchObject({ status: 'cancelled', tasks: [{ status: 'cancelled' }] });
    expect(server.count()).toBe(before);
  });

  it('by the temporal command line, all processes of Stet being killed, goes on by resume', async () => {
    await using place = await makeTemporaryFolder();
    await place.write('run.yaml', capital());
    const before = server.count();
    server.setHandler(({ prompt, index }) => ({
      content: answerCapital(prompt),
      delayMs: index - before < answered ? 0 : 60_000,
    }));
    const command = startCli(['run', '-f', 'run.yaml'], { cwd: place.path });
    await waitForRequests(server, before + answered + concurrency, command);
    command.process.kill('SIGKILL');
    await command.ended;
    server.setHandler(answerWell);

    const { runId, address, workflowId } = await findOpenRun(placeStore(`${place.path}/.stet`));
    const cli = await findTemporalCli({ environment: process.env, onProgress: () => {} });
    const words = ['workflow', 'terminate', '--address', address, '--workflow-id', workflowId, '--reason', 'enough'];
    const terminated = await runTool(cli.path, words, { cwd: place.path });
    expect(terminated.code, terminated.stderr).toBe(0);

    const sent = server.count();
    await using opened = await openAnother(place);
    const document = await (await opened.stet.resume(runId)).result();
    expect(document).toMatchObject({ run: runId, status: 'completed', attempt: 2 });
    expect(server.count() - sent).toBe(rows - answered);
  });
});

describe('an evaluation that a limit of Temporal ends', () => {
  it('is failed, with the reason, and goes on by resume', async () => {
    await using place = await makeTemporaryFolder();
    const environment = await limitTemporal(place, { 'limit.historyCount.error': 60 });
    const specifications = Array.from({ length: rows }, (_, index) => ({
      key: `s${index}`,
      task_key: 'capital-qa',
      model_key: 'small',
      num_samples: index + 1,
    }));
    const limited = await openStet({
      store: placeStore(`${place.path}/.stet`),
      workingDirectory: place.path,
      environment,
    });
    const before = server.count();
    const failed = await (await limited.run(capital({ specifications }))).result();
    await limited.close();
    expect(failed.status).toBe('failed');
    const errors = failed.tasks.flatMap(({ error }) => error?.code ?? []);
    expect(new Set(errors)).toEqual(new Set(['temporal-failed']));

    await using opened = await openAnother(place);
    const resumed = await (await opened.stet.resume(failed.run)).result();
    expect(resumed).toMatchObject({ status: 'completed', attempt: 2 });
    expect(server.count() - before).toBe((rows * (rows + 1)) / 2);
  });
});

async function openAnother(place: TemporaryFolder) {
  const another = await openStet({ store: placeStore(`${place.path}/.stet`), workingDirectory: place.path });
  return { stet: another, [Symbol.asyncDispose]: () => another.close() };
}

async function findOpenRun(directory: string) {
  const store = await openPlacedStore(directory);
  const [open] = await store.runs.findOpenRuns();
  const id = await store.runs.getStoreId();
  await store.close();
  if (open === undefined) throw new Error('There is no open run.');
  const { port } = await readServerRecord(directory);
  return {
    runId: open.runId,
    address: `127.0.0.1:${port}`,
    workflowId: makeEvaluationWorkflowId({ storeId: id, runId: open.runId }),
  };
}
