import { findRunEnvironment, readOwnEnvironment } from '../client/find-run-environment.ts';
import { keepRunsGoing } from '../client/keep-runs-going.ts';
import { upCommand, workerCommand } from '../client/working-processes.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { Store } from '../storage/store.ts';
import {
  type HealthServer,
  type ListenAddress,
  startHealthServer,
  writeListenAddress,
} from '../workers/health-server.ts';
import { type ComposedHost, createHost } from './create-host.ts';
import type { HostOptions } from './host-options.ts';
import type { OpenSession } from './open-session.ts';

export interface WorkerOptions extends Omit<HostOptions, 'command' | 'segmentSize' | 'metricsAddress'> {
  /**
   * `worker`: works on what all workers of the store share, and takes up open runs that nobody owns, with one environment
   * for all. `up`: takes open runs up, each with the environment of its own file; one on a store.
   */
  readonly role: 'worker' | 'up';
  /** Of a worker: read in place of the `.env` in the working directory; it beats the environment. */
  readonly envFile?: string;
  /** Segments of shared runs that a worker works on at once (16). */
  readonly maxSegments?: number;
  /** Where `/healthz` and `/readyz` are answered; left out, nowhere. */
  readonly health?: ListenAddress;
  /** Where `/metrics` is answered, for Prometheus; left out, nowhere. */
  readonly metrics?: ListenAddress;
  readonly reconcileIntervalMs?: number;
}

export interface StartedWorker {
  readonly storeId: string;
  /** `host:port` of Temporal, and whether it came with this store. */
  readonly temporal: { readonly address: string; readonly namespace: string; readonly kind: 'embedded' | 'remote' };
  readonly uiAddress: string | undefined;
  readonly healthAddress: string | undefined;
  readonly metricsAddress: string | undefined;
  /** Rejects when nothing goes on any more: a server that does not come back, a disk that stays full. */
  readonly lost: Promise<never>;
  /** Takes nothing new, lets queries in flight finish, and leaves what is unfinished open. */
  stop(): Promise<void>;
}

const DEFAULT_MAX_SEGMENTS = 16;
const STORE_TIMEOUT_MS = 2_000;

/**
 * Starts a process that works on the runs of a store for as long as it is wanted.
 *
 * @throws {EvaluationError} `usage` where `stet up` runs on the store already, or health cannot be shown there.
 */
export async function startWorker(options: WorkerOptions): Promise<StartedWorker> {
  const isUp = options.role === 'up';
  const { metrics } = options;
  const host = createHost({
    ...options,
    command: isUp ? upCommand : workerCommand,
    ...(metrics === undefined ? {} : { metricsAddress: writeListenAddress(metrics) }),
  });
  try {
    return await startOn(host, options);
  } catch (error) {
    await host.close();
    throw error;
  }
}

async function startOn(host: ComposedHost, options: WorkerOptions): Promise<StartedWorker> {
  const isUp = options.role === 'up';
  // Read before anything is opened: a file that is missing is a mistake to be told at once.
  const ownEnvironment = isUp ? undefined : readOwnEnvironment(host, options.envFile);
  const store = await host.openStore({ create: true });
  if (store === undefined) throw new EvaluationError('store-failed', 'The store could not be created.');
  let session: OpenSession | undefined;
  let isDraining = false;
  const findReadiness = async () => {
    const health = await session?.checkHealth();
    return {
      temporal: health?.temporal ?? false,
      store: await answersInTime(store),
      workers: (health?.workers ?? false) && !isDraining,
    };
  };
  // First, so that it can be seen that the worker lives while it waits for Temporal.
  const health: HealthServer | undefined =
    options.health === undefined ? undefined : await startHealthServer(options.health, findReadiness);
  try {
    session = await host.openSession();
    if (isUp) await refuseSecond(host, store, session);
    const shared =
      ownEnvironment === undefined
        ? undefined
        : await session.startSharedWork({
            environment: ownEnvironment,
            maxSegments: options.maxSegments ?? DEFAULT_MAX_SEGMENTS,
          });
    const kept = keepRunsGoing({
      host,
      store,
      session,
      findEnvironment: (run) => ownEnvironment ?? findRunEnvironment(run, host),
      ...(options.reconcileIntervalMs === undefined ? {} : { reconcileIntervalMs: options.reconcileIntervalMs }),
    });
    const { startScheduleDuties } = await import('../client/schedules/start-duties.ts');
    const duties = await startScheduleDuties(host, {
      store,
      session,
      findEnvironment: (schedule) => ownEnvironment ?? findRunEnvironment(schedule, host),
    });
    const { closing, storeId, target, temporal: kind, uiAddress } = session;
    const lost = new Promise<never>((_, reject) => {
      closing.addEventListener('abort', () => {
        if (!isDraining) reject(closing.reason as Error);
      });
    });
    lost.catch(() => undefined); // thrown where it is awaited
    let stopping: Promise<void> | undefined;
    const drain = async (): Promise<void> => {
      isDraining = true;
      shared?.hold();
      await Promise.all([kept.stop(), duties.stop(), shared?.stop()]);
      await host.close();
      await health?.close();
    };
    return {
      storeId,
      temporal: { ...target, kind },
      uiAddress,
      healthAddress: health?.address,
      metricsAddress: options.metrics === undefined ? undefined : `http://${writeListenAddress(options.metrics)}`,
      lost,
      stop() {
        stopping ??= drain();
        return stopping;
      },
    };
  } catch (error) {
    await health?.close();
    throw error;
  }
}

async function refuseSecond(host: ComposedHost, store: Store, { processId }: OpenSession): Promise<void> {
  if (await store.runs.takeDuty('up', processId, (process) => host.isProcessAlive(process))) return;
  const others = (await store.runs.listProcesses()).filter(
    (process) => process.command === upCommand && process.processId !== processId && host.isProcessAlive(process),
  );
  const where = others.map(({ host: name, pid }) => ` (process ${pid} on ${name})`)[0] ?? '';
  throw new EvaluationError('usage', `"stet up" runs on this store already${where}.`, {
    hint: 'One is enough: it takes every open run up. Stop that one with Ctrl-C, or name another store with --store.',
  });
}

async function answersInTime(store: Store): Promise<boolean> {
  const asked = store.runs.getStoreId().then(
    () => true,
    () => false,
  );
  const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), STORE_TIMEOUT_MS).unref());
  return Promise.race([asked, late]);
}
