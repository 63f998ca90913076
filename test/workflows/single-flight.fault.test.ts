import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { FinalStatus } from '../../contracts/status.ts';
import type { TaskResultRecord } from '../../storage/result-index.ts';
import { type BenchRun, createStoreActivitiesOf } from '../activities/activity-bench.ts';
import { createFakeModels, type FakeHandler, makeGate } from '../activities/fake-models.ts';
import { answerCapital, type CapitalRunOptions, exactScorer, looseScorer } from '../support/capital-run.ts';
import { intercept } from '../support/intercept.ts';
import { type BenchServer, openWorkflowBench, startBenchServer, type WorkflowBench } from './workflow-bench.ts';

// Who wants the same at once (design 3.1, 4.1), and what becomes of it when the one that works does not get there. Real
// workflows and activities on a real server and a real store; models, and what happens between two steps, are the test's.

const answerWell: FakeHandler = ({ prompt }) => answerCapital(prompt);
const rows = 4;

let server: BenchServer;
let bench: WorkflowBench;
/** Called in place of the store's `publish`, once. */
let onPublish: ((publish: () => Promise<boolean>) => Promise<boolean>) | undefined;
/** Called after a partial decision was recorded, once. */
let onTakenOver: ((taskResultId: string) => Promise<void>) | undefined;
let scenario = 0;

beforeAll(async () => {
  server = await startBenchServer();
  bench = await openWorkflowBench(server, (store) => ({
    ...store,
    results: intercept(store.results, {
      publish(...values) {
        const [publish, hook] = [() => store.results.publish(...values), onPublish];
        onPublish = undefined;
        return hook === undefined ? publish() : hook(publish);
      },
      async recordRunning(taskResultId, decision, attempt) {
        const isRecorded = await store.results.recordRunning(taskResultId, decision, attempt);
        const hook = onTakenOver;
        if (decision.verdict !== 'partial' || hook === undefined) return isRecorded;
        onTakenOver = undefined;
        await hook(taskResultId);
        return isRecorded;
      },
    }),
  }));
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

/** A run with keys of its own for each scenario: the system prompt counts in the solver key. */
function addRun(options: Partial<CapitalRunOptions> = {}, on = bench): Promise<BenchRun> {
  return on.addRun({ rows, systemPrompt: `Scenario ${scenario}.`, ...options });
}

async function waitForEnd(run: BenchRun, on = bench): Promise<FinalStatus> {
  const getStatus = async () => (await on.store.runs.getRun(run.runId)).status;
  await expect.poll(getStatus, { timeout: 30_000, interval: 20 }).toMatch(/completed|failed|cancelled/);
  return (await getStatus()) as FinalStatus;
}

/** Resolves once so many task results of a run wait for another. */
async function untilWaiting(run: BenchRun, count = 1): Promise<void> {
  const countWaits = async () => (await bench.store.runs.listWaits(run.runId)).length;
  await expect.poll(countWaits, { timeout: 30_000, interval: 20 }).toBe(count);
}

/** Models that answer once the gate is open. */
function createGatedModels() {
  const gate = makeGate();
  const models = createFakeModels(async (query) => {
    await gate.promise;
    return answerWell(query);
  });
  return { models, gate };
}

/** Specifications whose solver keys differ, by the model that each asks. */
function specify(...models: readonly string[]): Pick<CapitalRunOptions, 'models' | 'specifications'> {
  return {
    specifications: models.map((key) => ({ key: `with-${key}`, task_key: 'capital-qa', model_key: key })),
    models: models.map((key) => ({
      key,
      config: { connection_type: 'openai_compatible', base_url: 'http://127.0.0.1:9/v1', model_key: key },
    })),
  };
}

describe('runs that want the same', () => {
  it('wait outside the lanes: what can go on goes on', async () => {
    scenario++;
    const holder = await addRun(specify('a', 'b'));
    const waiter = await addRun(specify('a', 'b', 'c'));
    const { models, gate } = createGatedModels();
    await bench.start(holder, models);
    await models.untilSent(2);
    const own = createFakeModels(answerWell);
    await bench.start(waiter, own, { maxParallelTasks: 1 });
    await untilWaiting(waiter, 2);
    const getStatuses = async () =>
      (await bench.store.results.listTaskResults(waiter.runId)).map(({ status }) => status);
    await expect.poll(getStatuses, { timeout: 30_000 }).toEqual(['pending', 'pending', 'completed']);
    gate.open();
    expect(await waitForEnd(holder)).toBe('completed');
    expect(await waitForEnd(waiter)).toBe('completed');
    expect(own.sent.map(({ model }) => model)).toEqual(Array(rows).fill('c'));
    expect((await bench.store.results.listTaskResults(waiter.runId)).map(({ reuse }) => reuse)).toEqual([
      'full',
      'full',
      'none',
    ]);
  });

  it('each work on what the other waits for, and neither waits for ever', async () => {
    scenario++;
    const [one, other] = [await addRun(specify('a', 'b')), await addRun(specify('b', 'a'))];
    const [first, second] = [createGatedModels(), createGatedModels()];
    await bench.start(one, first.models, { maxParallelTasks: 1 });
    await bench.start(other, second.models, { maxParallelTasks: 1 });
    await Promise.all([first.models.untilSent(1), second.models.untilSent(1)]);
    first.gate.open();
    second.gate.open();
    expect([await waitForEnd(one), await waitForEnd(other)]).toEqual(['completed', 'completed']);
    expect(first.models.sent.length + second.models.sent.length).toBe(2 * rows);
  });

  it('take over from one that is cancelled, then from one that is terminated, in a chain', async () => {
    scenario++;
    const begin = async () => {
      const [run, { models, gate }] = [await addRun(), createGatedModels()];
      return { run, models, gate, handle: await bench.start(run, models) };
    };
    const holder = await begin();
    await holder.models.untilSent(1);
    const waiters = [await begin(), await begin()];
    for (const { run } of waiters) await untilWaiting(run);
    await holder.handle.cancel();
    holder.gate.open();
    expect(await waitForEnd(holder.run)).toBe('cancelled');
    const second = await Promise.race(waiters.map((waiter) => waiter.models.untilSent(1).then(() => waiter)));
    await second.handle.terminate('enough');
    for (const { gate } of waiters) gate.open();
    const [last] = waiters.filter((waiter) => waiter !== second);
    if (last === undefined) throw new Error('There are two waiters.');
    expect(await waitForEnd(last.run)).toBe('completed');
    expect(await last.run.getRecord()).toMatchObject({ reuse: 'none', isCurrent: true });
    expect((await holder.run.getRecord()).isCurrent).toBe(false);
  });

  it('never wait under update and no-cache', async () => {
    scenario++;
    const holder = await addRun();
    const { models, gate } = createGatedModels();
    await bench.start(holder, models);
    await models.untilSent(1);
    for (const cachePolicy of ['update', 'no-cache'] as const) {
      const run = await addRun({ cachePolicy });
      const own = createFakeModels(answerWell);
      await bench.start(run, own);
      expect(await waitForEnd(run)).toBe('completed');
      expect(own.sent).toHaveLength(rows);
      expect((await run.getRecord()).isCurrent).toBe(cachePolicy === 'update');
    }
    gate.open();
    expect(await waitForEnd(holder)).toBe('completed');
    // It finished after the update, whose result it must not replace.
    expect((await holder.getRecord()).isCurrent).toBe(false);
  });
});

describe('two stores in one namespace', () => {
  it('never meet: the same run works in both, and waits in neither', async () => {
    scenario++;
    await using other = await openWorkflowBench(server);
    expect(other.storeId).not.toBe(bench.storeId);
    const [here, there] = [await addRun(), await addRun({}, other)];
    expect(here.task.resultKey).toBe(there.task.resultKey);
    const [first, second] = [createGatedModels(), createGatedModels()];
    await bench.start(here, first.models);
    await other.start(there, second.models);
    // Both hold their lock at the same time.
    await Promise.all([first.models.untilSent(1), second.models.untilSent(1)]);
    first.gate.open();
    second.gate.open();
    expect([await waitForEnd(here), await waitForEnd(there, other)]).toEqual(['completed', 'completed']);
    expect([first.models.sent.length, second.models.sent.length]).toEqual([rows, rows]);
    expect([(await here.getRecord()).reuse, (await there.getRecord()).reuse]).toEqual(['none', 'none']);
  });
});

describe('around publication', () => {
  it('a cancel that comes before it leaves nothing to be found', async () => {
    scenario++;
    const run = await addRun();
    const { models, gate } = createGatedModels();
    const handle = await bench.start(run, models);
    await models.untilSent(1);
    await handle.cancel();
    gate.open();
    expect(await waitForEnd(run)).toBe('cancelled');
    const later = await addRun();
    const { runId, planRef, policy, tasks } = later;
    expect(await createStoreActivitiesOf(bench.store).checkReuse({ runId, planRef, policy, tasks })).toEqual(['none']);
  });

  it('a cancel that comes between transaction and answer changes nothing, nor does the second delivery', async () => {
    scenario++;
    const run = await addRun();
    let before: TaskResultRecord | undefined;
    const handle = await bench.start(run, createFakeModels(answerWell));
    onPublish = async (publish) => {
      await publish();
      before = await run.getRecord();
      await handle.cancel();
      // As if the process had died here: Temporal hears of no answer, and delivers the activity once more.
      throw new EvaluationError('store-failed', 'The connection is gone.');
    };
    expect(await waitForEnd(run)).toBe('completed');
    await expect(handle.result()).resolves.toBeUndefined();
    expect(before).toMatchObject({ status: 'completed', isCurrent: true });
    expect(await run.getRecord()).toEqual(before);
  });

  it('a cancel that comes while it waits to publish comes too late', async () => {
    scenario++;
    const run = await addRun();
    const reached = makeGate();
    const goOn = makeGate();
    onPublish = async (publish) => {
      reached.open();
      await goOn.promise;
      return publish();
    };
    const handle = await bench.start(run, createFakeModels(answerWell));
    await reached.promise;
    await handle.cancel();
    const isRequested = async () =>
      (await handle.fetchHistory()).events?.some((event) => event.workflowExecutionCancelRequestedEventAttributes);
    await expect.poll(isRequested, { timeout: 30_000 }).toBe(true);
    goOn.open();
    expect(await waitForEnd(run)).toBe('completed');
    await expect(handle.result()).resolves.toBeUndefined();
  });

  it('a run that is cancelled between two of its task results keeps the one that is published', async () => {
    scenario++;
    const run = await addRun(specify('a', 'b'));
    const [reached, open] = [makeGate(), makeGate()];
    onPublish = async (publish) => {
      const isPublished = await publish();
      reached.open();
      return isPublished;
    };
    const models = createFakeModels(async (query) => {
      if (query.model === 'b') await open.promise;
      return answerWell(query);
    });
    const handle = await bench.start(run, models, { maxParallelTasks: 1 });
    await reached.promise;
    await handle.cancel();
    open.open();
    expect(await waitForEnd(run)).toBe('cancelled');
    const statuses = (await bench.store.results.listTaskResults(run.runId)).map(({ status }) => status);
    expect(statuses).toEqual(['completed', 'cancelled']);
  });
});

describe('solver outputs that were taken over and are lost while they are scored', () => {
  it('are solved anew in the same run, under the lock of the solver key', async () => {
    scenario++;
    const source = await addRun({ scorers: [exactScorer] });
    await bench.start(source, createFakeModels(answerWell));
    expect(await waitForEnd(source)).toBe('completed');
    const run = await addRun({ scorers: [looseScorer] });
    onTakenOver = async (taskResultId) => {
      const segment = await bench.store.results.findSegment({ taskResultId, stage: 'solve', segmentIndex: 0 });
      if (segment !== undefined) await bench.removeBlob(segment.blob.digest);
    };
    const models = createFakeModels(answerWell);
    await bench.start(run, models);
    expect(await waitForEnd(run)).toBe('completed');
    expect(models.sent).toHaveLength(rows);
    expect(await run.getRecord()).toMatchObject({ reuse: 'none', reusedFrom: null, isCurrent: true });
  });
});
