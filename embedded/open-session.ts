import { setMaxListeners } from 'node:events';
import type { Session } from '../client/host.ts';
import { makeEvaluationWorkflowId } from '../contracts/ids.ts';
import type { ModuleHost } from '../contracts/module-host.ts';
import type { Store } from '../storage/store.ts';
import type { RunningWorker } from '../workers/create-workers.ts';
import { describeThisProcess } from './process-registry.ts';
import { describeWorkflowStatus } from './server/describe-workflow-status.ts';
import { ensureServer } from './server/ensure-server.ts';
import { findTemporalCli } from './server/find-cli.ts';
import { recoverRun } from './server/recover-runs.ts';
import { watchServer } from './server/watch-server.ts';
import { createDeadWorkerCheck, makeWorkerIdentity } from './worker-identity.ts';

/** A stuck workflow task of a killed worker is waited for so long; on a cluster it would be 10 s. */
const WORKFLOW_TASK_TIMEOUT_MS = 2_000;
const NAMESPACE = 'default';

export interface EmbeddedSession extends Session {
  /** Address of Temporal's web UI, where one was asked for. */
  readonly uiAddress: string | undefined;
  close(): Promise<void>;
}

export interface SessionOptions {
  readonly store: Store;
  readonly storeDirectory: string;
  readonly modules: ModuleHost;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly ui: boolean;
  readonly command: string;
  readonly onNotice: (message: string) => void;
}

/** Temporal of this store, with this process registered and its workers polling: started or joined (design 4.3). */
export async function openEmbeddedSession(options: SessionOptions): Promise<EmbeddedSession> {
  const { store, storeDirectory, modules, environment, ui, onNotice } = options;
  const thisProcess = describeThisProcess(options.command);
  const { processId } = thisProcess;
  const cli = await findTemporalCli({ environment, onProgress: onNotice });
  await store.runs.registerProcess(thisProcess);
  const serverStarts = ensureServer({
    storeDirectory,
    cliPath: cli.path,
    cliVersion: cli.version,
    ui,
    processId,
    runs: store.runs,
    onNotice,
  }).catch(async (error: unknown) => {
    await store.runs.removeProcess(processId);
    throw error;
  });
  // The worker's library takes as long to load as the server to come up: side by side.
  const [server, { connectTemporal, installRuntime }, { startStoreWorkers, startWorkWorker }] = await Promise.all([
    serverStarts,
    import('../workers/connect-temporal.ts'),
    import('../workers/create-workers.ts'),
  ]);
  installRuntime({ log: onNotice, verbose: environment['STET_DEBUG'] === '1' });
  const temporal = await connectTemporal(server.address, NAMESPACE);
  const { client } = temporal;
  const storeId = await store.runs.getStoreId();
  const context = {
    connection: temporal.native,
    client,
    namespace: NAMESPACE,
    store,
    storeId,
    identity: makeWorkerIdentity(thisProcess),
    modules,
  };
  const workers = await startStoreWorkers(context);
  const watch = watchServer(server, onNotice);
  const working = new Set<RunningWorker>();
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // each long poll listens
  if (server.uiAddress !== undefined) onNotice(`Temporal's web UI: ${server.uiAddress}`);

  return {
    client,
    storeId,
    processId,
    uiAddress: server.uiAddress,
    workflowTaskTimeoutMs: WORKFLOW_TASK_TIMEOUT_MS,
    databaseCreatedAt: server.databaseCreatedAt,
    closing: closing.signal,
    async startWork(work) {
      const worker = await startWorkWorker(context, work);
      working.add(worker);
      return {
        ...worker,
        async stop() {
          if (working.delete(worker)) await worker.stop();
        },
      };
    },
    async recover(runId) {
      const isDeadWorker = createDeadWorkerCheck(await store.runs.listProcesses());
      await recoverRun({ client, storeId, runId, isDeadWorker });
    },
    async describe(runId) {
      const status = await describeWorkflowStatus(client, makeEvaluationWorkflowId({ storeId, runId }));
      if (status.state !== 'closed') return status;
      return {
        state: 'closed',
        failed: status.reason === 'failed' || status.reason === 'limit' || status.reason === 'timed-out',
      };
    },
    async close() {
      closing.abort();
      await watch.stop();
      await Promise.all([...working, workers].map((worker) => worker.stop()));
      await temporal.close();
      await server.release();
    },
  };
}
