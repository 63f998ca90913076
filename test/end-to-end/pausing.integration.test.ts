import { WorkflowUpdateFailedError } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeEvaluationWorkflowId } from '../../contracts/ids.ts';
import { openStet, type RunHandle, type Stet } from '../../embedded/index.ts';
import { openStore } from '../../storage/index.ts';
import { makeGate } from '../activities/fake-models.ts';
import { answerCapital, makeCapitalRun } from '../support/capital-run.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { connectStoreTemporal } from '../support/store-temporal.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { untilPaused } from '../support/until-paused.ts';

const rows = 12;
const atOnce = 4;
/** The first query of a model goes alone. */
const sentAtPause = 1 + atOnce;

let server: OpenAiTestServer;
let folder: TemporaryFolder;
let stet: Stet;
let gate = makeGate();

beforeEach(async () => {
  gate = makeGate();
  const { promise } = gate;
  server = await startOpenAiTestServer({
    async answer({ prompt, index }) {
      if (index > 0) await promise;
      return answerCapital(prompt);
    },
  });
  folder = await makeTemporaryFolder();
  stet = await open();
});

afterEach(async () => {
  gate.open();
  await stet.close();
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const storeDirectory = () => `${folder.path}/.stet`;
const open = () => openStet({ store: storeDirectory(), workingDirectory: folder.path });
const makeRun = () => makeCapitalRun({ baseUrl: server.baseUrl, rows, maxConcurrentRequests: atOnce });

/** A run with one answer, and so many queries in flight as its limit allows, held by the gate. */
async function startHeld(): Promise<RunHandle> {
  const handle = await stet.run(makeRun());
  await expect.poll(() => server.requests.length, { timeout: 20_000 }).toBe(sentAtPause);
  return handle;
}

const untilHeld = (runId: string) => untilPaused(storeDirectory(), runId);

async function countDone(runId: string): Promise<number> {
  const store = await openStore(storeDirectory());
  const progress = await store.runs.listProgress(runId);
  await store.close();
  return progress.find(({ stage }) => stage === 'solve')?.done ?? 0;
}

describe('a paused run', () => {
  it('keeps what is in flight, sends nothing more, says so, and goes on when it is unpaused', async () => {
    const handle = await startHeld();
    const paused = await stet.pause(handle.id);
    expect(paused).toMatchObject({ status: 'running', paused_at: expect.any(String) });
    await untilHeld(handle.id);
    gate.open();
    await expect.poll(() => countDone(handle.id), { timeout: 20_000 }).toBe(sentAtPause);
    expect(server.requests).toHaveLength(sentAtPause);
    expect(await stet.list()).toMatchObject([{ run: handle.id, paused_at: paused.paused_at }]);
    for await (const event of handle.events()) {
      if (event.type !== 'progress' || event.tasks[0]?.waitsFor === null) continue;
      expect(event.tasks[0]?.waitsFor).toContain('stet unpause');
      break;
    }

    expect((await stet.unpause(handle.id)).paused_at).toBeNull();
    expect(await handle.result()).toMatchObject({ status: 'completed', model_queries: { sent: rows, retried: 0 } });
    expect(server.requests).toHaveLength(rows);
  });

  it('stays paused when everything is stopped and started again', async () => {
    const handle = await startHeld();
    await stet.pause(handle.id);
    gate.open();
    await stet.close();
    const answered = server.requests.length;

    stet = await open();
    const again = await stet.run(makeRun());
    expect(again).toMatchObject({ id: handle.id, attached: true });
    await untilHeld(handle.id);
    expect(server.requests).toHaveLength(answered);
    expect(await stet.show(handle.id)).toMatchObject({ status: 'running', paused_at: expect.any(String) });
    await stet.unpause(handle.id);
    expect(await again.result()).toMatchObject({ status: 'completed', paused_at: null });
    expect(server.requests).toHaveLength(rows);
  });

  it('can be cancelled, and is not paused when it is resumed', async () => {
    const handle = await startHeld();
    await stet.pause(handle.id);
    await untilHeld(handle.id);
    gate.open();
    await handle.cancel();
    expect(await handle.result()).toMatchObject({ status: 'cancelled', paused_at: null });
    const resumed = await stet.resume(handle.id);
    expect(await resumed.result()).toMatchObject({ status: 'completed', attempt: 2 });
    expect(server.requests).toHaveLength(rows);
  });

  it('refuses what would change nothing, and what has ended cannot be paused', async () => {
    const handle = await startHeld();
    const first = await stet.pause(handle.id);
    expect(await stet.pause(handle.id)).toMatchObject({ paused_at: first.paused_at });
    const store = await openStore(storeDirectory());
    const workflowId = makeEvaluationWorkflowId({ storeId: await store.runs.getStoreId(), runId: handle.id });
    await store.close();
    {
      await using temporal = await connectStoreTemporal(storeDirectory());
      const evaluation = temporal.client.workflow.getHandle(workflowId);
      const refusal = await evaluation.executeUpdate('pause').catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(WorkflowUpdateFailedError);
      expect((refusal as WorkflowUpdateFailedError).cause).toMatchObject({ type: 'already-paused' });
    }
    await stet.unpause(handle.id);
    gate.open();
    await handle.result();
    await expect(stet.pause(handle.id)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('ended'),
    });
    await expect(stet.unpause(handle.id)).rejects.toMatchObject({ code: 'usage' });
  });
});
