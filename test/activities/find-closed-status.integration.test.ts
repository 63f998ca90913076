import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findClosedStatus } from '../../activities/find-closed-status.ts';
import { openStet, type Stet } from '../../embedded/index.ts';
import { answerCapital, makeCapitalRun } from '../support/capital-run.ts';
import { startOpenAiTestServer } from '../support/openai-test-server.ts';
import { connectStoreTemporal, type StoreTemporal } from '../support/store-temporal.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// What the closing of a workflow means that recorded nothing, against a real server. Nobody polls these workflows.

let folder: TemporaryFolder;
let stet: Stet;
let temporal: StoreTemporal;

beforeAll(async () => {
  folder = await makeTemporaryFolder();
  const store = `${folder.path}/.stet`;
  stet = await openStet({ store, workingDirectory: folder.path });
  await using server = await startOpenAiTestServer({ answer: ({ prompt }) => answerCapital(prompt) });
  await (await stet.run(makeCapitalRun({ baseUrl: server.baseUrl, rows: 1 }))).result(); // starts the server
  temporal = await connectStoreTemporal(store);
});

afterAll(async () => {
  await temporal?.[Symbol.asyncDispose]();
  await stet?.close();
  await folder?.[Symbol.asyncDispose]();
});

function start(options: { readonly workflowExecutionTimeout?: number } = {}) {
  return temporal.client.workflow.start('taskResultWorkflow', {
    workflowId: randomUUID(),
    taskQueue: 'nobody',
    ...options,
  });
}

const find = (workflowId: string) => findClosedStatus(temporal.client, workflowId);

describe('a workflow that ended without a record', () => {
  it('was cancelled when somebody terminated it', async () => {
    const handle = await start();
    await handle.terminate('enough');
    expect(await find(handle.workflowId)).toEqual({ status: 'cancelled', error: null });
  });

  it('was cancelled when it was deleted', async () => {
    const { workflowId } = await start();
    const { client } = temporal;
    const execution = { namespace: client.options.namespace, workflowExecution: { workflowId } };
    await client.workflowService.deleteWorkflowExecution(execution);
    const describeIt = () => client.workflow.getHandle(workflowId).describe();
    await expect
      .poll(
        () =>
          describeIt().then(
            () => 'there',
            () => 'gone',
          ),
        { timeout: 20_000 },
      )
      .toBe('gone');
    expect(await find(workflowId)).toEqual({ status: 'cancelled', error: null });
  });

  it('was cancelled when Temporal never heard of it', async () => {
    expect(await find(randomUUID())).toEqual({ status: 'cancelled', error: null });
  });

  it('failed when the server ended it for a limit', async () => {
    const { workflowId } = await start();
    const asServer = new Client({ connection: temporal.client.connection, identity: 'history-service' });
    await asServer.workflow.getHandle(workflowId).terminate('Workflow history count exceeds limit.');
    expect(await find(workflowId)).toEqual({
      status: 'failed',
      error: { code: 'temporal-failed', message: 'Workflow history count exceeds limit.' },
    });
  });

  it('failed when a time-out of Temporal ended it', async () => {
    const handle = await start({ workflowExecutionTimeout: 1_000 });
    await expect(handle.result()).rejects.toThrow();
    expect(await find(handle.workflowId)).toMatchObject({ status: 'failed', error: { code: 'temporal-failed' } });
  });
});
