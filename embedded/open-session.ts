import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { askTemporal } from '../client/ask-temporal.ts';
import type { RunWork, Session, SharedWorkers } from '../client/host.ts';
import { makeEvaluationWorkflowId, makeSharedWorkQueue, makeWorkQueue } from '../contracts/ids.ts';
import type { ModuleHost } from '../contracts/module-host.ts';
import type { ProcessRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import type { TemporalAddress } from '../workers/connect-temporal.ts';
import type { RunningWorker, RunningWorkWorker, WorkerContext } from '../workers/create-workers.ts';
import { describeThisProcess, isProcessAlive } from './process-registry.ts';
import { giveSignsOfLife } from './sign-of-life.ts';
import type { TemporalService } from './temporal-service.ts';
import { watchDisk } from './watch-disk.ts';
import { createDeadWorkerCheck, isWorker, isWorkerOf, makeWorkerIdentity } from './worker-identity.ts';

/** What a worker may take to stop when nothing answers it; queries in flight are lost then. */
const STOP_WITHOUT_SERVER_MS = 5_000;
const HEALTH_TIMEOUT_MS = 2_000;
/** Temporal's number for the kind of queue that activities are on. */
const ACTIVITY_QUEUE = 2;

export interface OpenSession extends Session {
  /** Address of Temporal's web UI, where one was asked for. */
  readonly uiAddress: string | undefined;
  readonly target: Pick<TemporalAddress, 'address' | 'namespace'>;
  close(): Promise<void>;
}

export interface SessionOptions {
  readonly store: Store;
  readonly storeDirectory: string;
  /** Undefined: the server that Stet brings, in the store directory. */
  readonly target: TemporalAddress | undefined;
  /** Waits for a Temporal elsewhere that does not answer yet, until the signal fires. */
  readonly waitUntil?: AbortSignal;
  readonly modules: ModuleHost;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly ui: boolean;
  readonly command: string;
  readonly maxCachedWorkflows?: number;
  /** `host:port` that shows metrics for Prometheus. */
  readonly metricsAddress?: string;
  readonly onNotice: (message: string) => void;
}

/** Temporal with this process registered in the store and its workers polling. */
export async function openSession(options: SessionOptions): Promise<OpenSession> {
  const { store } = options;
  const thisProcess = describeThisProcess(options.command);
  await store.runs.registerProcess(thisProcess);
  let libraries: ReturnType<typeof loadTemporal> | undefined;
  const load = () => {
    libraries ??= loadTemporal();
    libraries.catch(() => undefined); // thrown where it is awaited
    return libraries;
  };
  const service = await openService(options, thisProcess, load).catch(async (error: unknown) => {
    await store.runs.removeProcess(thisProcess.processId);
    throw error;
  });
  try {
    return await openOn(service, await load(), thisProcess, options);
  } catch (error) {
    await service.release(); // nobody else would
    throw error;
  }
}

/** The Temporal that is named, else the one that Stet brings: started or joined (design 4.3). */
async function openService(
  { store, storeDirectory, target, waitUntil, environment, ui, onNotice }: SessionOptions,
  { processId }: ProcessRecord,
  load: () => unknown,
): Promise<TemporalService> {
  const { runs } = store;
  if (target !== undefined) {
    const { openRemoteTemporal } = await import('./remote/remote-temporal.ts');
    return openRemoteTemporal({
      target,
      processId,
      runs,
      onNotice,
      ...(waitUntil === undefined ? {} : { waitUntil }),
    });
  }
  const { openEmbeddedTemporal } = await import('./server/embedded-temporal.ts');
  return openEmbeddedTemporal({
    storeDirectory,
    environment,
    ui,
    processId,
    runs,
    onNotice,
    onWaiting: () => void load(),
  });
}

async function openOn(
  service: TemporalService,
  temporalLibraries: Awaited<ReturnType<typeof loadTemporal>>,
  thisProcess: ProcessRecord,
  options: SessionOptions,
): Promise<OpenSession> {
  const { store, storeDirectory, modules, environment, onNotice } = options;
  const { processId } = thisProcess;
  const {
    connectTemporal,
    installRuntime,
    openTelemetry,
    startStoreWorkers,
    startWorkWorker,
    startPlanningWorker,
    startSharedWorkWorker,
    recoverRun,
    describeWorkflowStatus,
  } = temporalLibraries;
  const { metricsAddress } = options;
  installRuntime({ log: onNotice, verbose: environment['STET_DEBUG'] === '1', metricsAddress });
  const observed = await openTelemetry(environment, metricsAddress !== undefined);
  const { telemetry } = observed;
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // each long poll listens
  let isLost = false;
  const onLost = (reason: unknown): void => {
    isLost = true;
    closing.abort(reason);
  };
  const watch = service.watch({ onNotice, onLost });
  const storeId = await store.runs.getStoreId();
  const { namespace } = service.target;
  const connect = async () => {
    const temporal = await connectTemporal(service.target);
    const { client } = temporal;
    /** Its pollers as Temporal remembers them for five minutes, of which those that live are in the store's registry. */
    const findSharedWorkers = async (): Promise<SharedWorkers> => {
      const [{ pollers }, processes] = await Promise.all([
        askTemporal(() =>
          client.workflowService.describeTaskQueue({
            namespace,
            taskQueue: { name: makeSharedWorkQueue(storeId) },
            taskQueueType: ACTIVITY_QUEUE,
          }),
        ),
        store.runs.listProcesses(),
      ]);
      const identities = (pollers ?? []).map(({ identity }) => identity ?? '');
      const alive = processes.filter((process) => isProcessAlive(process));
      if (identities.some((identity) => alive.some((process) => isWorkerOf(process, identity)))) return 'present';
      return identities.some(isWorker) ? 'away' : 'none';
    };
    const context: WorkerContext = {
      connection: temporal.native,
      client,
      namespace,
      store,
      storeId,
      identity: makeWorkerIdentity(thisProcess),
      holder: { processId, isAlive: isProcessAlive },
      modules,
      onNotice,
      chooseWorkQueue: async (runId) =>
        (await findSharedWorkers()) === 'present' ? makeSharedWorkQueue(storeId) : makeWorkQueue(storeId, runId),
      ...(options.maxCachedWorkflows === undefined ? {} : { maxCachedWorkflows: options.maxCachedWorkflows }),
      telemetry,
    };
    try {
      return { temporal, context, findSharedWorkers, workers: await startStoreWorkers(context) };
    } catch (error) {
      await temporal.close();
      throw error;
    }
  };
  const { temporal, context, findSharedWorkers, workers } = await connect()
    .catch(async () => {
      await service.revive(); // it may have gone in this very moment
      return connect();
    })
    .catch(async (error: unknown) => {
      await watch.stop();
      throw error;
    });
  const { client } = temporal;
  const working = new Set<RunningWorkWorker>();
  const planning = new Set<RunningWorker>();
  const stopped = new Set<string>();
  const stopWork = new Map<string, () => Promise<void>>();
  let workersStarted = 0;
  /** Without a server, or room on the disk, a worker has nobody to tell that it stops, and would try for long. */
  const stopWorker = async (worker: { stop(): Promise<void> }): Promise<void> => {
    const isAlone = isLost || !watch.isAnswering;
    const patience = isAlone ? [sleep(STOP_WITHOUT_SERVER_MS, undefined, { ref: false })] : [];
    await Promise.race([worker.stop(), ...patience]);
  };
  const disk = watchDisk(storeDirectory, { onNotice, onLost });
  const signsOfLife = giveSignsOfLife(thisProcess, store.runs);
  let { wholeSince } = service;

  /**
   * @param name - A queue has one worker in a process: that of an attempt which is over, and is about to be stopped by
   *   whoever followed it, is stopped first.
   */
  const startWorker = async (
    name: string,
    start: (context: WorkerContext) => Promise<RunningWorkWorker>,
  ): Promise<RunWork> => {
    await stopWork.get(name)?.();
    // A name of its own: a task that was handed to it as it stopped would otherwise be waited for until its heartbeat.
    const identity = `${context.identity}/${++workersStarted}`;
    const worker = await start({ ...context, identity });
    working.add(worker);
    let stopping: Promise<void> | undefined;
    const stop = () => {
      stopping ??= (async () => {
        if (!working.delete(worker)) return;
        await stopWorker(worker);
        stopped.add(identity);
        if (stopWork.get(name) === stop) stopWork.delete(name);
      })();
      return stopping;
    };
    stopWork.set(name, stop);
    return { hold: () => worker.hold(), listOutages: () => worker.listOutages(), stop };
  };

  return {
    client,
    storeId,
    processId,
    temporal: service.kind,
    uiAddress: service.uiAddress,
    target: { address: service.target.address, namespace },
    workflowTaskTimeoutMs: service.workflowTaskTimeoutMs,
    get databaseWholeSince() {
      return wholeSince;
    },
    closing: closing.signal,
    startWork: (work) => startWorker(work.runId, (own) => startWorkWorker(own, work)),
    startSharedWork: (work) => startWorker('', (own) => startSharedWorkWorker(own, work)),
    async startPlanning(activities) {
      const worker = await startPlanningWorker(context, activities);
      planning.add(worker);
      return {
        async stop() {
          if (planning.delete(worker)) await stopWorker(worker);
        },
      };
    },
    findSharedWorkers,
    async checkHealth() {
      const deadline = Date.now() + HEALTH_TIMEOUT_MS;
      const answers = await client.connection
        .withDeadline(deadline, () => client.workflowService.getSystemInfo({}))
        .then(
          () => true,
          () => false,
        );
      return { temporal: answers, workers: [workers, ...working].every(({ isPolling }) => isPolling) };
    },
    async recover(runId, workflowIds) {
      const isDead = createDeadWorkerCheck(await store.runs.listProcesses());
      const isDeadWorker = (identity: string) => stopped.has(identity) || isDead(identity);
      await askTemporal(() =>
        recoverRun({ client, storeId, runId, isDeadWorker, ...(workflowIds === undefined ? {} : { workflowIds }) }),
      );
    },
    async describe(runId) {
      const workflowId = makeEvaluationWorkflowId({ storeId, runId });
      const state = await askTemporal(() => describeWorkflowStatus(client, workflowId));
      // Perhaps the database was lost since, and another one answers.
      if (state.state === 'unknown') wholeSince = await service.findWholeSince();
      return state;
    },
    async close() {
      closing.abort();
      disk.stop();
      await watch.stop();
      await signsOfLife.stop();
      await Promise.all([...working, ...planning, workers].map(stopWorker));
      await temporal.close().catch((error: unknown) => {
        if (!isLost && watch.isAnswering) throw error; // else a worker that would not stop holds it
      });
      await service.release();
      await observed.close();
    },
  };
}

/** Everything that imports Temporal's libraries: they take as long to load as the server to come up. */
async function loadTemporal() {
  const [connecting, telemetry, workers, recovery, status] = await Promise.all([
    import('../workers/connect-temporal.ts'),
    import('../workers/open-telemetry.ts'),
    import('../workers/create-workers.ts'),
    import('./server/recover-runs.ts'),
    import('./server/describe-workflow-status.ts'),
  ]);
  return { ...connecting, ...telemetry, ...workers, ...recovery, ...status };
}
