import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeEvaluationWorkflowId } from '../../../contracts/ids.ts';
import { openStet } from '../../../embedded/index.ts';
import { describeThisProcess } from '../../../embedded/process-registry.ts';
import { startWorker } from '../../../embedded/start-worker.ts';
import { openSqliteStore } from '../../../storage/sqlite/open-sqlite-store.ts';
import { answerCapital, makeCapitalRun } from '../../support/capital-run.ts';
import { startClusterTemporal } from '../../support/dev-temporal.ts';
import { useRemoteBench } from '../../support/remote-bench.ts';

// Workers, and "stet up", in one process with the commands that leave runs to them.

// Each test starts several processes or sessions, which a busy machine may take long for.
vi.setConfig({ testTimeout: 300_000 });

const rows = 20;
const bench = useRemoteBench({ rows, startTemporal: startClusterTemporal });
const { open, work, place, untilAsked, holdAnswers } = bench;

describe('workers', () => {
  it('hear of a cancel from another process, and resume leaves the rest to them', async () => {
    holdAnswers();
    const { storeId } = await work();
    const stet = await open();
    const detached = await stet.run('run.yaml', { detach: true });
    await untilAsked(1);
    const cancelled = (await open()).cancel(detached.id);
    // The queries in flight may finish once the workflow has heard of it.
    const handle = bench.temporal.client.workflow.getHandle(makeEvaluationWorkflowId({ storeId, runId: detached.id }));
    await vi.waitUntil(async () => hasEvent(await handle.fetchHistory(), 'workflowExecutionCancelRequested'), {
      timeout: 15_000,
      interval: 50,
    });
    bench.gate.open();
    expect((await cancelled).status).toBe('cancelled');

    const resumed = await stet.resume(detached.id);
    expect(await resumed.result()).toMatchObject({ run: detached.id, status: 'completed', attempt: 2 });
    expect(new Set(bench.models.requests.map(({ prompt }) => prompt)).size).toBe(rows);
  });

  it('record within their interval what was terminated in Temporal', async () => {
    holdAnswers();
    const { storeId } = await work({ reconcileIntervalMs: 100 });
    const stet = await open();
    const detached = await stet.run('run.yaml', { detach: true });
    await untilAsked(1);
    await bench.temporal.client.workflow
      .getHandle(makeEvaluationWorkflowId({ storeId, runId: detached.id }))
      .terminate('by a test');
    bench.gate.open();
    expect((await detached.result()).status).toBe('cancelled');
  });

  it('look after shared runs in place of one that has that duty, lives, and does nothing', async () => {
    // As a process that is stopped, or whose machine sleeps: this one, which is no worker and leaves no sign.
    const sleeper = { ...describeThisProcess('stet worker'), processId: 'sleeper' };
    const store = await openSqliteStore(`${bench.folder.path}/store`);
    onTestFinished(() => store.close());
    await store.runs.registerProcess(sleeper);
    await store.runs.takeDuty('caretaker', sleeper.processId, () => false);
    holdAnswers();
    const { storeId } = await work({ reconcileIntervalMs: 100 });
    const detached = await (await open()).run('run.yaml', { detach: true });
    await untilAsked(1);
    const workflowId = makeEvaluationWorkflowId({ storeId, runId: detached.id });
    await bench.temporal.client.workflow.getHandle(workflowId).terminate('by a test');
    bench.gate.open();
    // Nobody but who has the duty records it.
    await vi.waitUntil(async () => (await store.runs.getRun(detached.id)).status === 'cancelled', {
      timeout: 60_000,
      interval: 100,
    });
  });

  it('are waited for by a detached run while they are away', async () => {
    const before = await work();
    const stet = await open();
    expect(await (await stet.run('run.yaml', { detach: true })).result()).toMatchObject({ status: 'completed' });
    await before.stop();
    const detached = await stet.run('run.yaml', { detach: true, cachePolicy: 'update' });
    expect(bench.notices).toContainEqual(expect.stringMatching(/^No worker is there at the moment/));
    expect(bench.models.count()).toBe(rows);
    await work();
    expect(await detached.result()).toMatchObject({ status: 'completed', model_queries: { sent: rows } });
  });

  it('leave what they have no secret for to one that has it', async () => {
    const connection = { api_key: '$STET_TEST_KEY' };
    await bench.folder.write('run.yaml', makeCapitalRun({ baseUrl: bench.models.baseUrl, rows, connection }));
    await work();
    const stet = await open();
    const detached = await stet.run('run.yaml', { detach: true }); // nor has this process
    await vi.waitUntil(() => bench.notices.some((line) => line.includes('lacks STET_TEST_KEY')), { timeout: 60_000 });
    expect(bench.models.count()).toBe(0);
    await work({ environment: { PATH: process.env['PATH'], STET_TEST_KEY: 'sesame' } });
    expect(await detached.result()).toMatchObject({ status: 'completed', model_queries: { sent: rows } });
    expect(bench.models.requests[0]?.headers['authorization']).toBe('Bearer sesame');
  });

  it('take up runs whose owner has gone', async () => {
    bench.models.setHandler(async ({ index, prompt }) => {
      if (index >= rows / 2) await bench.gate.promise;
      return answerCapital(prompt);
    });
    const before = await openStet(place('store'));
    const begun = await before.run('run.yaml');
    await untilAsked(rows / 2 + 4);
    bench.gate.open();
    await begun.drain();
    await before.close();
    await work();
    const watched = await (await open()).watch(begun.id);
    expect(await watched.result()).toMatchObject({ run: begun.id, status: 'completed' });
    expect(bench.models.count()).toBe(rows);
  });
});

describe('"stet up"', () => {
  it('works on detached runs with the environment of their file, and is one on a store', async () => {
    await bench.folder.write('.env', 'STET_TEST_KEY=sesame\n');
    const connection = { api_key: '$STET_TEST_KEY' };
    await bench.folder.write('run.yaml', makeCapitalRun({ baseUrl: bench.models.baseUrl, rows, connection }));
    await work({ role: 'up' });
    await expect(startWorker({ role: 'up', ...place('store') })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('"stet up" runs on this store already'),
    });
    const detached = await (await open()).run(`${bench.folder.path}/run.yaml`, { detach: true });
    expect(await detached.result()).toMatchObject({ status: 'completed', model_queries: { sent: rows } });
    expect(bench.models.requests[0]?.headers['authorization']).toBe('Bearer sesame');
  });
});

describe('two stores in one namespace', () => {
  it('neither wait for each other nor list each other', async () => {
    holdAnswers();
    const [first, second] = [await open('first'), await open('second')];
    const runs = [await first.run('run.yaml'), await second.run('run.yaml')];
    // Both have a query in flight at once: one that waited for the other's key would have none.
    await untilAsked(2);
    bench.gate.open();
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
