import type { Host } from '../client/host.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { createModuleHost } from '../workers/create-module-host.ts';
import { configureStore } from './configured-store.ts';
import type { HostOptions } from './host-options.ts';
import type { OpenSession } from './open-session.ts';
import { isProcessAlive } from './process-registry.ts';
import { findTemporalTarget, type TemporalTarget } from './remote/find-temporal-target.ts';

/** A host with what is only this composition's to know. */
export interface ComposedHost extends Host {
  /** Opens the session and gives all of it. */
  openSession(): Promise<OpenSession>;
}

const DEFAULT_SEGMENT_SIZE = 200;

/** Composes store, Temporal and workers; nothing is opened before it is needed. */
export function createHost(options: HostOptions): ComposedHost {
  const environment = options.environment ?? process.env;
  const workingDirectory = options.workingDirectory ?? process.cwd();
  const onNotice = options.onNotice ?? (() => {});
  const segmentSize = checkSegmentSize(options.segmentSize ?? DEFAULT_SEGMENT_SIZE);
  const { temporal = {} } = options;
  const modules = createModuleHost();
  let session: Promise<OpenSession> | undefined;
  let target: Promise<TemporalTarget | undefined> | undefined;

  const findTarget = async () => {
    target ??= temporal === 'embedded' ? Promise.resolve(undefined) : findTemporalTarget(temporal, environment);
    return target;
  };
  const findTemporal = async () => ((await findTarget()) === undefined ? 'embedded' : 'remote');
  const store = configureStore({
    store: options.store,
    environment,
    workingDirectory,
    segmentSize,
    onNotice,
    findTemporal,
  });

  return {
    openStore: (wanted) => store.open(wanted),
    findTemporal,
    openSession() {
      session ??= (async () => {
        const found = await findTarget();
        const opened = await store.open({ create: true });
        // Temporal's libraries take longer to load than most commands take to answer, and most need none of them.
        const { openSession } = await import('./open-session.ts');
        return openSession({
          store: opened,
          storeDirectory: await store.makeServerFolder(),
          target: found?.address,
          modules,
          environment,
          ui: options.ui ?? false,
          command: options.command ?? 'library',
          onNotice,
          ...(options.waitUntil === undefined ? {} : { waitUntil: options.waitUntil }),
          ...(options.maxCachedWorkflows === undefined ? {} : { maxCachedWorkflows: options.maxCachedWorkflows }),
          ...(options.metricsAddress === undefined ? {} : { metricsAddress: options.metricsAddress }),
        });
      })();
      return session;
    },
    modules,
    async openModels(wanted) {
      const { createDirectModels } = await import('../workers/create-direct-models.ts');
      return createDirectModels({ ...wanted, modules });
    },
    segmentSize,
    environment,
    workingDirectory,
    isProcessAlive,
    onNotice,
    async close() {
      await (await session?.catch(() => undefined))?.close();
      await modules.close();
      await store.close();
    },
  };
}

function checkSegmentSize(size: number): number {
  if (Number.isInteger(size) && size >= 1) return size;
  throw new EvaluationError('usage', `The segment size must be a whole number from 1, not ${size}.`);
}
