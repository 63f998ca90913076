import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Verdict } from '../../contracts/cache-policy.ts';
import { makeEvaluationWorkflowId, makeScheduleId, makeTaskResultWorkflowId } from '../../contracts/ids.ts';
import { isFinal } from '../../contracts/status.ts';
import { openStet, type RunDocument, type RunHandle, type Stet } from '../../embedded/index.ts';
import { startWorker } from '../../embedded/start-worker.ts';
import type { RunFileInput } from '../../evaluation/spec/run-file.ts';
import { openStore } from '../../storage/index.ts';
import { makeGate } from '../activities/fake-models.ts';
import { answerCapital, type CapitalRunOptions, looseScorer, makeCapitalRun } from '../support/capital-run.ts';
import { limitTemporal } from '../support/limited-temporal-cli.ts';
import { type OpenAiTestServer, startOpenAiTestServer, type TestHandler } from '../support/openai-test-server.ts';
import { connectStoreTemporal, type HistoryJson } from '../support/store-temporal.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// Records the histories of real runs: `npm run histories`. One that is there is never recorded again: a run that was open
// under that code must replay on every later one. A file of code that was never released may be deleted by hand.

/** Of the workflow code; goes up when it says something else to Temporal. */
const version = '0.3';
const target = new URL('../histories/', import.meta.url);

const answerWell: TestHandler = ({ prompt }) => answerCapital(prompt);

let server: OpenAiTestServer;
let folder: TemporaryFolder;
let stet: Stet;
let scenario = 0;
/** Holds the queries of the present scenario. */
let gate = makeGate();

beforeAll(async () => {
  server = await startOpenAiTestServer({ answer: answerWell });
  folder = await makeTemporaryFolder();
  stet = await openStet({ store: storeDirectory(), workingDirectory: folder.path, segmentSize: 5 });
});

afterAll(async () => {
  await stet?.close();
  await server?.close();
  await folder?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  scenario++;
  server.setHandler(answerWell);
});

function storeDirectory(name = '.stet'): string {
  return `${folder.path}/${name}`;
}

function makeRun(options: Partial<CapitalRunOptions> = {}) {
  const systemPrompt = `Recorded ${scenario}. Name the city only.`;
  return makeCapitalRun({ baseUrl: server.baseUrl, rows: 12, systemPrompt, maxConcurrentRequests: 4, ...options });
}

async function complete(options: Partial<CapitalRunOptions> = {}, on = stet): Promise<RunDocument> {
  return (await on.run(makeRun(options))).result();
}

interface Place {
  readonly directory?: string;
  readonly verdict?: Exclude<Verdict, 'full'>;
  /** Which link of a continued chain, the newest being the last. */
  readonly link?: number;
}

async function recordEvaluation(name: string, document: RunDocument, workflow = 'evaluation'): Promise<void> {
  await using temporal = await connectStoreTemporal(storeDirectory());
  const storeId = await readStoreId(storeDirectory());
  const workflowId = makeEvaluationWorkflowId({ storeId, runId: document.run });
  const { runId } = await temporal.client.workflow.getHandle(workflowId).describe();
  await write(workflow, name, await temporal.fetchHistory({ workflowId, runId }));
}

async function recordTaskResult(name: string, document: RunDocument, place: Place = {}): Promise<void> {
  const { directory = storeDirectory(), verdict = 'none', link } = place;
  await using temporal = await connectStoreTemporal(directory);
  const store = await openStore(directory);
  const [task] = await store.results.listTaskResults(document.run);
  await store.close();
  if (task === undefined) throw new Error('The run has no task.');
  const workflowId = makeTaskResultWorkflowId({ ...task, storeId: await readStoreId(directory), verdict });
  const { runId: newest } = await temporal.client.workflow.getHandle(workflowId).describe();
  const links = (await temporal.listExecutions([workflowId]))
    .filter((execution) => execution.workflowId === workflowId)
    .sort((one, other) => one.startTime.getTime() - other.startTime.getTime());
  const runId = link === undefined ? newest : (links[link]?.runId ?? newest);
  await write('task-result', name, await temporal.fetchHistory({ workflowId, runId }));
}

async function readStoreId(directory: string): Promise<string> {
  const store = await openStore(directory);
  const storeId = await store.runs.getStoreId();
  await store.close();
  return storeId;
}

async function write(workflow: string, name: string, history: HistoryJson): Promise<void> {
  const place = new URL(`${workflow}/`, target);
  await mkdir(place, { recursive: true });
  const file = fileURLToPath(new URL(`${name}-${version}.json`, place));
  if (existsSync(file)) return;
  await writeFile(file, `${JSON.stringify(scrub(history), undefined, 1)}\n`);
}

/** Takes out what tells where and by whom it was recorded; none of it counts in a replay. */
function scrub(history: HistoryJson): HistoryJson {
  const isPlace = new Set(['identity', 'stackTrace', 'requestId', 'binaryChecksum']);
  const text = JSON.stringify(history, (key, value: unknown) => {
    if (isPlace.has(key) && typeof value === 'string') return key === 'stackTrace' ? '' : 'scrubbed';
    // The sticky queue of a worker is named after its host.
    if (key === 'taskQueue' && isSticky(value)) return { name: 'scrubbed', kind: 'TASK_QUEUE_KIND_NORMAL' };
    return value;
  });
  for (const word of [hostname(), userInfo().username, folder.path, process.cwd()]) {
    const asWord = new RegExp(`\\b${word.replace(/\W/g, String.raw`\$&`)}\\b`);
    if (asWord.test(text)) throw new Error(`A history still holds "${word}".`);
  }
  return JSON.parse(text) as HistoryJson;
}

function isSticky(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    (value as { readonly kind?: unknown }).kind === 'TASK_QUEUE_KIND_STICKY'
  );
}

it('records runs that completed with every verdict', async () => {
  const none = await complete();
  await recordEvaluation('completed-none', none);
  await recordTaskResult('completed-none', none);
  await recordEvaluation('completed-full', await complete());
  const partial = await complete({ scorers: [looseScorer] });
  expect(partial.tasks[0]?.reuse).toBe('partial');
  await recordEvaluation('completed-partial', partial);
  await recordTaskResult('completed-partial', partial, { verdict: 'partial' });
});

it('records runs with twins and siblings, and ones without a look-up', async () => {
  const specifications = ['a', 'b'].map((key) => ({ key, task_key: 'capital-qa', model_key: 'small' }));
  await recordEvaluation('completed-twins', await complete({ specifications }));
  await recordEvaluation('completed-update', await complete({ cachePolicy: 'update' }));
  await recordEvaluation('completed-no-cache', await complete({ cachePolicy: 'no-cache' }));
  await recordEvaluation('completed-siblings', await (await stet.run(makeSiblings())).result());
});

it('records a run that failed, and its resume', async () => {
  server.setHandler(({ prompt }) =>
    prompt.includes('Country 3?') ? { status: 400, content: 'no' } : answerCapital(prompt),
  );
  const failed = await complete();
  expect(failed.status).toBe('failed');
  await recordEvaluation('failed', failed);
  await recordTaskResult('failed', failed);
  server.setHandler(answerWell);
  const resumed = await (await stet.resume(failed.run)).result();
  expect(resumed.status).toBe('completed');
  await recordEvaluation('resumed', resumed);
  await recordTaskResult('resumed', resumed);
});

it('records a run that was cancelled, and its resume', async () => {
  const handle = await startHeld();
  await cancelHeld(handle);
  const cancelled = await handle.result();
  expect(cancelled.status).toBe('cancelled');
  await recordEvaluation('cancelled', cancelled);
  await recordTaskResult('cancelled', cancelled);
  server.setHandler(answerWell);
  const resumed = await (await stet.resume(handle.id)).result();
  expect(resumed.status).toBe('completed');
  await recordEvaluation('resumed-after-cancel', resumed);
  await recordTaskResult('resumed-after-cancel', resumed);
});

it('records a run that waited for another', async () => {
  const first = await startHeld();
  const second = await startWaiting({ scorers: [looseScorer] });
  gate.open();
  await first.result();
  const document = await second.result();
  expect(document.tasks[0]?.reuse).toBe('partial');
  await recordEvaluation('waited', document);
});

it('records a run that took over from another, and one that was cancelled while it waited', async () => {
  const first = await startHeld();
  const [second, third] = [await startWaiting(), await startWaiting({ scorers: [looseScorer] })];
  await third.cancel();
  await recordEvaluation('cancelled-while-waiting', await third.result());
  await cancelHeld(first);
  server.setHandler(answerWell);
  const document = await second.result();
  expect(document.tasks[0]?.reuse).toBe('none');
  await recordEvaluation('took-over', document);
});

it('records a run that was paused and went on', async () => {
  const handle = await startHeld({}, { answers: 5 });
  await stet.pause(handle.id);
  await stet.unpause(handle.id);
  gate.open();
  const document = await handle.result();
  expect(document.status).toBe('completed');
  await recordEvaluation('paused', document);
});

it('records firings of a schedule: one with alerts, one that was cancelled, and one whose schedule was gone', async () => {
  const up = await startWorker({ store: storeDirectory(), workingDirectory: folder.path, role: 'up' });
  const store = await openStore(storeDirectory());
  const find = async (name: string) => (await store.schedules.listRuns(name, { limit: 1 }))[0];
  const schedule = async (name: string, options: Partial<CapitalRunOptions>, alerts: readonly string[] = []) => {
    const timing = { cron: '0 0 1 1 *' };
    await stet.schedules.add(makeRun({ cachePolicy: 'update', ...options }), { name, timing, alerts });
  };
  const untilEnded = async (name: string) => {
    await expect
      .poll(async () => isFinal((await stet.show((await find(name)) ?? '')).status), { timeout: 20_000 })
      .toBe(true);
    return stet.show((await find(name)) ?? '');
  };
  try {
    await schedule('completed', {}, ['accuracy < 0.5']);
    await stet.schedules.trigger('completed');
    await expect.poll(() => find('completed'), { timeout: 20_000 }).toBeDefined();
    const document = await untilEnded('completed');
    expect(document.alerts).toMatchObject([{ verdict: 'quiet' }]);
    await recordEvaluation('completed', document, 'scheduled-evaluation');

    gate = makeGate();
    const [held, opened] = [makeGate(), gate.promise];
    server.setHandler(async ({ prompt }) => {
      held.open();
      await opened;
      return answerCapital(prompt);
    });
    await schedule('cancelled', { systemPrompt: 'Cancelled in the middle.' });
    await stet.schedules.trigger('cancelled');
    await held.promise;
    setTimeout(() => gate.open(), 2_000);
    await stet.cancel((await find('cancelled')) ?? '');
    await recordEvaluation('cancelled', await untilEnded('cancelled'), 'scheduled-evaluation');

    await schedule('gone', {});
    await store.schedules.remove('gone');
    await using temporal = await connectStoreTemporal(storeDirectory());
    const storeId = await readStoreId(storeDirectory());
    const handle = temporal.client.schedule.getHandle(makeScheduleId({ storeId, name: 'gone' }));
    await handle.trigger();
    await expect.poll(async () => (await handle.describe()).info.recentActions.length, { timeout: 20_000 }).toBe(1);
    const [action] = (await handle.describe()).info.recentActions;
    if (action === undefined || !('workflow' in action.action)) throw new Error('Nothing was started.');
    const { workflowId, firstExecutionRunId: runId } = action.action.workflow;
    await temporal.client.workflow.getHandle(workflowId, runId).result();
    await write('scheduled-evaluation', 'schedule-gone', await temporal.fetchHistory({ workflowId, runId }));
  } finally {
    await store.close();
    await up.stop();
  }
});

it('records a run whose child was terminated', async () => {
  const handle = await startHeld();
  const store = await openStore(storeDirectory());
  const [task] = await store.results.listTaskResults(handle.id);
  await store.close();
  if (task === undefined) throw new Error('The run has no task.');
  const storeId = await readStoreId(storeDirectory());
  await using temporal = await connectStoreTemporal(storeDirectory());
  const workflowId = makeTaskResultWorkflowId({ ...task, storeId, verdict: 'none' });
  await temporal.client.workflow.getHandle(workflowId).terminate('for the record');
  gate.open();
  const document = await handle.result();
  expect(document.status).toBe('cancelled');
  await recordEvaluation('child-terminated', document);
});

it('records task results that continued as new, one of them cancelled afterwards', async () => {
  const environment = await limitTemporal(folder, { 'limit.historyCount.suggestContinueAsNew': 80 });
  const directory = storeDirectory('limited');
  const limited = await openStet({ store: directory, workingDirectory: folder.path, environment, segmentSize: 1 });
  try {
    const document = await complete({ rows: 20 }, limited);
    expect(document.status).toBe('completed');
    await recordTaskResult('continued-as-new', document, { directory, link: 0 });
    await recordTaskResult('completed-after-continued', document, { directory });

    const handle = await startHeld({ rows: 30, systemPrompt: 'Cancelled later.' }, { on: limited, answers: 20 });
    await cancelHeld(handle);
    const cancelled = await handle.result();
    expect(cancelled.status).toBe('cancelled');
    await recordTaskResult('cancelled-after-continued', cancelled, { directory });
  } finally {
    await limited.close();
  }
});

/** A run of which so many queries are answered, and the others held until the gate is opened. */
async function startHeld(
  options: Partial<CapitalRunOptions> = {},
  { on = stet, answers = 0 }: { readonly on?: Stet; readonly answers?: number } = {},
): Promise<RunHandle> {
  gate = makeGate();
  const held = makeGate();
  const opened = gate.promise;
  let arrived = 0;
  server.setHandler(async ({ prompt }) => {
    if (++arrived > answers) {
      held.open();
      await opened;
    }
    return answerCapital(prompt);
  });
  const handle = await on.run(makeRun(options));
  await held.promise;
  return handle;
}

/** A run that wants what another works on. */
async function startWaiting(options: Partial<CapitalRunOptions> = {}): Promise<RunHandle> {
  const handle = await stet.run(makeRun(options));
  const store = await openStore(storeDirectory());
  await expect.poll(async () => (await store.runs.listWaits(handle.id)).length, { timeout: 20_000 }).toBe(1);
  await store.close();
  return handle;
}

/** The queries in flight are answered once the cancel is under way, and slowly enough that it is heard before. */
async function cancelHeld(handle: RunHandle): Promise<void> {
  const cancelling = handle.cancel();
  setTimeout(() => gate.open(), 2_000);
  await cancelling;
}

/** Two specifications of one solver and unlike scoring sections. */
function makeSiblings() {
  const specifications = ['capital', 'country'].map((truth) => ({
    key: truth,
    task_key: 'capital-qa',
    model_key: 'small',
    task_config: { truth: `{{ sample.${truth} }}` },
  }));
  const source = makeRun({ specifications, scorers: [{ type: 'string_equals', ground_truth: '<< config.truth >>' }] });
  const tasks = (source as unknown as { readonly tasks: readonly object[] }).tasks;
  const config_spec = [{ key: 'truth', type: 'string' }];
  return { ...source, tasks: tasks.map((task) => ({ ...task, config_spec })) } as unknown as RunFileInput;
}
