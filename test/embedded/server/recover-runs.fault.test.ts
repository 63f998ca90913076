import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeEvaluationWorkflowId } from '../../../contracts/ids.ts';
import { describeThisProcess } from '../../../embedded/process-registry.ts';
import { describeWorkflowStatus } from '../../../embedded/server/describe-workflow-status.ts';
import { ensureServer, type ServerHandle } from '../../../embedded/server/ensure-server.ts';
import { findTemporalCli } from '../../../embedded/server/find-cli.ts';
import { recoverRun } from '../../../embedded/server/recover-runs.ts';
import { createDeadWorkerCheck } from '../../../embedded/worker-identity.ts';
import type { ProcessRecord } from '../../../storage/run-log.ts';
import { buildCommand } from './commands.ts';
import { openProcessFolder } from './process-folder.ts';

let folder: string;
let codePath: string;
let program: string;
let server: ServerHandle;
let connection: Connection;
let nativeConnection: NativeConnection;
let client: Client;
let storeId: string;
let runId: string;
let children: ChildProcess[];

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  folder = mkdtempSync(join(tmpdir(), 'stet-recovery-'));
  const cli = await findTemporalCli({
    environment: process.env,
    onProgress: (line) => process.stderr.write(`${line}\n`),
  });
  const runs = openProcessFolder(join(folder, 'processes'));
  const self = describeThisProcess('test');
  await runs.registerProcess(self);
  server = await ensureServer({
    storeDirectory: folder,
    cliPath: cli.path,
    cliVersion: cli.version,
    processId: self.processId,
    runs,
    onNotice: () => undefined,
  });
  const workflowsPath = fileURLToPath(new URL('./recovery-workflows.ts', import.meta.url));
  codePath = join(folder, 'workflows.js');
  writeFileSync(codePath, (await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') })).code);
  program = await buildCommand('hang-worker');
  connection = await Connection.connect({ address: server.address });
  nativeConnection = await NativeConnection.connect({ address: server.address });
  client = new Client({ connection });
}, 300_000);

afterAll(async () => {
  await nativeConnection?.close();
  await connection?.close();
  await server?.release();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  storeId = randomUUID();
  runId = randomUUID();
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
});

const queue = () => `stet/${storeId}`;

/** Starts a worker whose activity hangs; resolves with its registration and with what resolves when it works. */
async function startHangingWorker(): Promise<{
  child: ChildProcess;
  record: ProcessRecord;
  working: Promise<unknown>;
}> {
  const child = spawn(process.execPath, [program, server.address, queue(), codePath], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout });
  const [first] = (await once(lines, 'line')) as [string];
  return { child, record: JSON.parse(first) as ProcessRecord, working: once(lines, 'line') };
}

async function startRun() {
  return client.workflow.start('parentWorkflow', {
    workflowId: makeEvaluationWorkflowId({ storeId, runId }),
    taskQueue: queue(),
    args: [`${storeId}/solve/some-key`],
    workflowTaskTimeout: 2_000,
  });
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** A run whose activity was in progress in a worker that has just been killed. */
async function loseWorker(options: { readonly cancelFirst?: boolean } = {}) {
  const handle = await startRun();
  const { child, record, working } = await startHangingWorker();
  await working;
  if (options.cancelFirst === true) {
    await handle.cancel();
    const task = client.workflow.getHandle(`${storeId}/solve/some-key`);
    const cancelRequested = 3;
    await expect.poll(async () => (await task.describe()).raw.pendingActivities?.[0]?.state).toBe(cancelRequested);
  }
  await kill(child);
  return { handle, isDeadWorker: createDeadWorkerCheck([record]) };
}

function createGoodWorker(): Promise<Worker> {
  return Worker.create({
    connection: nativeConnection,
    namespace: 'default',
    taskQueue: queue(),
    workflowBundle: { codePath },
    activities: { work: () => Promise.resolve('done') },
  });
}

describe('a run whose worker was killed', () => {
  it('goes on at once with another worker', async () => {
    const { handle, isDeadWorker } = await loseWorker();
    const worker = await createGoodWorker();
    const startedAt = performance.now();
    const recovery = await recoverRun({ client, storeId, runId, isDeadWorker });
    expect(recovery).toEqual({
      workflowIds: [handle.workflowId, `${storeId}/solve/some-key`],
      failedActivities: 1,
      cancelledActivities: 0,
    });
    expect(await worker.runUntil(handle.result())).toBe('done');
    // less than the dead worker's sticky queue would have been waited for, let alone its heartbeat
    expect(performance.now() - startedAt).toBeLessThan(8_000);
  });

  it('ends as cancelled when its cancellation had been asked for', async () => {
    const { handle, isDeadWorker } = await loseWorker({ cancelFirst: true });
    const worker = await createGoodWorker();
    const startedAt = performance.now();
    const recovery = await recoverRun({ client, storeId, runId, isDeadWorker });
    expect(recovery).toMatchObject({ failedActivities: 0, cancelledActivities: 1 });
    const ending = await worker.runUntil(handle.result().catch((error: unknown) => error));
    expect(ending).toBeInstanceOf(WorkflowFailedError);
    expect((ending as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
    expect(await describeWorkflowStatus(client, `${storeId}/solve/some-key`)).toMatchObject({
      state: 'closed',
      status: 'cancelled',
    });
    expect(performance.now() - startedAt).toBeLessThan(8_000);
  });

  it('is recovered twice without harm', async () => {
    const { handle, isDeadWorker } = await loseWorker();
    await recoverRun({ client, storeId, runId, isDeadWorker });
    expect(await recoverRun({ client, storeId, runId, isDeadWorker })).toMatchObject({ failedActivities: 0 });
    expect(await (await createGoodWorker()).runUntil(handle.result())).toBe('done');
  });
});

describe('recovery', () => {
  it('leaves the activities of living workers alone', async () => {
    await startRun();
    const { record, working } = await startHangingWorker();
    await working;
    const recovery = await recoverRun({ client, storeId, runId, isDeadWorker: createDeadWorkerCheck([record]) });
    expect(recovery).toMatchObject({ failedActivities: 0, cancelledActivities: 0 });
    const task = await client.workflow.getHandle(`${storeId}/solve/some-key`).describe();
    expect(task.raw.pendingActivities?.[0]).toMatchObject({ attempt: 1 });
  });

  it('finds nothing to do for a run that Temporal does not know', async () => {
    const recovery = await recoverRun({ client, storeId, runId, isDeadWorker: () => true });
    expect(recovery).toEqual({ workflowIds: [], failedActivities: 0, cancelledActivities: 0 });
  });
});

describe('the status of a workflow', () => {
  const status = () => describeWorkflowStatus(client, makeEvaluationWorkflowId({ storeId, runId }));

  it('is unknown before it exists and after it was deleted', async () => {
    expect(await status()).toEqual({ state: 'unknown' });
    const { workflowId } = await startRun();
    expect(await status()).toEqual({ state: 'open' });
    await client.workflowService.deleteWorkflowExecution({ namespace: 'default', workflowExecution: { workflowId } });
    await expect.poll(status, { timeout: 10_000 }).toEqual({ state: 'unknown' });
  });

  it('is closed with the reason it ended for', async () => {
    const handle = await startRun();
    await (await createGoodWorker()).runUntil(handle.result());
    expect(await status()).toMatchObject({ state: 'closed', status: 'completed' });
  });

  it('tells a termination by hand from one by a limit of the server', async () => {
    await (await startRun()).terminate('enough');
    expect(await status()).toMatchObject({ state: 'closed', status: 'cancelled', error: null });
    runId = randomUUID();
    const { workflowId } = await startRun();
    const asServer = new Client({ connection, identity: 'history-service' }); // the name under which a limit ends workflows
    await asServer.workflow.getHandle(workflowId).terminate('Workflow history count exceeds limit.');
    expect(await status()).toMatchObject({ state: 'closed', status: 'failed' });
  });
});
