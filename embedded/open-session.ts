import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '../client/host.ts';
import { makeEvaluationWorkflowId } from '../contracts/ids.ts';
import type { ModuleHost } from '../contracts/module-host.ts';
import type { ProcessRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import type { RunningWorker } from '../workers/create-workers.ts';
import { describeThisProcess, isProcessAlive } from './process-registry.ts';
import { ensureServer, type ServerHandle } from './server/ensure-server.ts';
import { findTemporalCli } from './server/find-cli.ts';
import { watchServer } from './server/watch-server.ts';
import { giveSignsOfLife } from './sign-of-life.ts';
import { watchDisk } from './watch-disk.ts';
import { createDeadWorkerCheck, makeWorkerIdentity } from './worker-identity.ts';

/** A stuck workflow task of a killed worker is waited for so long; on a cluster it would be 10 s. */
const WORKFLOW_TASK_TIMEOUT_MS = 2_000;
/** What a worker may take to stop when nothing answers it; queries in flight are lost then. */
const STOP_WITHOUT_SERVER_MS = 5_000;
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
  const { store, storeDirectory, environment, ui, onNotice } = options;
  const thisProcess = describeThisProcess(options.command);
  const { processId } = thisProcess;
  const cli = await findTemporalCli({ environment, onProgress: onNotice });
  await store.runs.registerProcess(thisProcess);
  let libraries: ReturnType<typeof loadTemporal> | undefined;
  const load = () => {
    libraries ??= loadTemporal();
    libraries.catch(() => undefined); // thrown where it is awaited
    return libraries;
  };
  const server = await ensureServer({
    storeDirectory,
    cliPath: cli.path,
    cliVersion: cli.version,
    ui,
    processId,
    runs: store.runs,
    onNotice,
    onWaiting: () => void load(),
  }).catch(async (error: unknown) => {
    await store.runs.removeProcess(processId);
    throw error;
  });
  try {
    return await openOn(server, await load(), thisProcess, options);
  } catch (error) {
    await server.release(); // nobody else would
    throw error;
  }
}

async function openOn(
  server: ServerHandle,
  temporalLibraries: Awaited<ReturnType<typeof loadTemporal>>,
  thisProcess: ProcessRecord,
  options: SessionOptions,
): Promise<EmbeddedSession> {
  const { store, storeDirectory, modules, environment, onNotice } = options;
  const { processId } = thisProcess;
  const { connectTemporal, installRuntime, startStoreWorkers, startWorkWorker, recoverRun, describeWorkflowStatus } =
    temporalLibraries;
  installRuntime({ log: onNotice, verbose: environment['STET_DEBUG'] === '1' });
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // each long poll listens
  let isLost = false;
  const onLost = (reason: unknown): void => {
    isLost = true;
    closing.abort(reason);
  };
  const watch = watchServer(server, onNotice, onLost);
  const storeId = await store.runs.getStoreId();
  const connect = async () => {
    const temporal = await connectTemporal(server.address, NAMESPACE);
    try {
      const context = {
        connection: temporal.native,
        client: temporal.client,
        namespace: NAMESPACE,
        store,
        storeId,
        identity: makeWorkerIdentity(thisProcess),
        holder: { processId, isAlive: isProcessAlive },
        modules,
        onNotice,
      };
      return { temporal, context, workers: await startStoreWorkers(context) };
    } catch (error) {
      await temporal.close();
      throw error;
    }
  };
  const { temporal, context, workers } = await connect()
    .catch(async () => {
      await server.revive(); // it may have died in this very moment
      return connect();
    })
    .catch(async (error: unknown) => {
      await watch.stop();
      throw error;
    });
  const { client } = temporal;
  const working = new Set<RunningWorker>();
  const stopped = new Set<string>();
  const stopWork = new Map<string, () => Promise<void>>();
  let workersStarted = 0;
  /** Without a server, or room on the disk, a worker has nobody to tell that it stops, and would try for long. */
  const stopWorker = async (worker: RunningWorker): Promise<void> => {
    const patience = isLost ? [sleep(STOP_WITHOUT_SERVER_MS, undefined, { ref: false })] : [];
    await Promise.race([worker.stop(), ...patience]);
  };
  const disk = watchDisk(storeDirectory, { onNotice, onLost });
  const signsOfLife = giveSignsOfLife(thisProcess, store.runs);
  let { databaseWholeSince } = server;
  if (server.uiAddress !== undefined) onNotice(`Temporal's web UI: ${server.uiAddress}`);

  return {
    client,
    storeId,
    processId,
    uiAddress: server.uiAddress,
    workflowTaskTimeoutMs: WORKFLOW_TASK_TIMEOUT_MS,
    get databaseWholeSince() {
      return databaseWholeSince;
    },
    closing: closing.signal,
    async startWork(work) {
      // That of an attempt that is over, about to be stopped by whoever followed it: a queue has one worker in a process.
      await stopWork.get(work.runId)?.();
      // A name of its own: a task that was handed to it as it stopped would otherwise be waited for until its heartbeat.
      const identity = `${context.identity}/${++workersStarted}`;
      const worker = await startWorkWorker({ ...context, identity }, work);
      working.add(worker);
      let stopping: Promise<void> | undefined;
      const stop = () => {
        stopping ??= (async () => {
          if (!working.delete(worker)) return;
          await stopWorker(worker);
          stopped.add(identity);
          if (stopWork.get(work.runId) === stop) stopWork.delete(work.runId);
        })();
        return stopping;
      };
      stopWork.set(work.runId, stop);
      return { ...worker, stop };
    },
    async recover(runId, workflowIds) {
      const isDead = createDeadWorkerCheck(await store.runs.listProcesses());
      const isDeadWorker = (identity: string) => stopped.has(identity) || isDead(identity);
      await recoverRun({ client, storeId, runId, isDeadWorker, ...(workflowIds === undefined ? {} : { workflowIds }) });
    },
    async describe(runId) {
      const state = await describeWorkflowStatus(client, makeEvaluationWorkflowId({ storeId, runId }));
      // Perhaps the database was lost since, and another one answers.
      if (state.state === 'unknown') databaseWholeSince = await server.findDatabaseCreatedAt();
      return state;
    },
    async close() {
      closing.abort();
      disk.stop();
      await watch.stop();
      await signsOfLife.stop();
      await Promise.all([...working, workers].map(stopWorker));
      await temporal.close().catch((error: unknown) => {
        if (!isLost) throw error; // else a worker that would not stop holds it
      });
      await server.release();
    },
  };
}

/** Everything that imports Temporal's libraries: they take as long to load as the server to come up. */
async function loadTemporal() {
  const [connecting, workers, recovery, status] = await Promise.all([
    import('../workers/connect-temporal.ts'),
    import('../workers/create-workers.ts'),
    import('./server/recover-runs.ts'),
    import('./server/describe-workflow-status.ts'),
  ]);
  return { ...connecting, ...workers, ...recovery, ...status };
}
