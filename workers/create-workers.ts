import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import type { NativeConnection, WorkerOptions } from '@temporalio/worker';
import {
  createPlanningActivities,
  createScheduleActivities,
  createStoreActivities,
  createWaitActivities,
  createWorkActivities,
} from '../activities/create-activities.ts';
import type { PlanningActivities } from '../contracts/activities.ts';
import {
  makePlanningQueue,
  makeSharedWorkQueue,
  makeStoreQueue,
  makeWaitQueue,
  makeWorkQueue,
} from '../contracts/ids.ts';
import type { ModelOutage } from '../contracts/model-outage.ts';
import type { ModuleHost } from '../contracts/module-host.ts';
import type { Telemetry } from '../contracts/telemetry.ts';
import { findBuiltFile } from '../modules/built-file.ts';
import type { LeaseHolder } from '../storage/limit-ledger.ts';
import type { Store } from '../storage/store.ts';
import { createRunModels } from './create-run-models.ts';
import { createSharedWork } from './create-shared-work.ts';
import { makeHeartbeatInterceptor } from './heartbeat-interceptor.ts';
import { keepRunning, type RunningWorker } from './keep-running.ts';

/** What all workers of a process share. */
export interface WorkerContext {
  /** One connection for all workers of the process. */
  readonly connection: NativeConnection;
  readonly client: Client;
  readonly namespace: string;
  readonly store: Store;
  readonly storeId: string;
  /** `stet/<host>/<pid>/<process id>`; recovery reads it. */
  readonly identity: string;
  /** This process, as others know it that share the limits of its models. */
  readonly holder: LeaseHolder;
  readonly modules: ModuleHost;
  /** What a person may want to know while work goes on. */
  readonly onNotice?: (message: string) => void;
  /** Task queue for the work of a run that nobody sits in front of. */
  readonly chooseWorkQueue: (runId: string) => Promise<string>;
  /** Workflows kept in memory between their steps, 500 unless told; the others are replayed when they go on. */
  readonly maxCachedWorkflows?: number;
  /** Hears what goes on, for metrics and traces. */
  readonly telemetry?: Telemetry;
}

export type { RunningWorker };

// A cancel must be heard within a second; the default throttle is 60 s.
const MAX_HEARTBEAT_THROTTLE_MS = 1_000;
// Few: a workflow task's time-out runs from when it is polled, and replays share one thread.
const WORKFLOW_TASK_SLOTS = 4;
const WORK_SLOTS = 64;
const MAX_CACHED_WORKFLOWS = 500;

/**
 * How long one step of a workflow may take by the clock. The SDK ends a step after 5 s, for loops without end, which this
 * code has none of; but a process that was stopped for longer in the middle of a step (Ctrl-Z, a debugger) would be ended
 * with it, and Node.js dies of that. The SDK takes the option and leaves it out of its types.
 */
const LONGEST_STOP = { isolateExecutionTimeout: 86_400_000 } as const;

/** Workflows and store activities, and waits on their own queue. */
export async function startStoreWorkers(context: WorkerContext): Promise<RunningWorker> {
  const { store, storeId, client, telemetry } = context;
  const storeWorker: WorkerOptions = {
    ...makeCommonOptions(context),
    ...LONGEST_STOP,
    taskQueue: makeStoreQueue(storeId),
    workflowBundle: { codePath: fileURLToPath(findBuiltFile('workflow-bundle.js')) },
    activities: {
      ...createStoreActivities({ store, client, now: Date.now, telemetry }),
      ...createScheduleActivities({ store, chooseWorkQueue: context.chooseWorkQueue }),
    },
    maxConcurrentActivityTaskExecutions: 20,
    maxConcurrentWorkflowTaskExecutions: WORKFLOW_TASK_SLOTS,
    maxConcurrentWorkflowTaskPolls: WORKFLOW_TASK_SLOTS,
    maxCachedWorkflows: context.maxCachedWorkflows ?? MAX_CACHED_WORKFLOWS,
    // A workflow cached in a process that died is offered to it for so long.
    stickyQueueScheduleToStartTimeout: 1_000,
  };
  const waitWorker: WorkerOptions = {
    ...makeCommonOptions(context),
    taskQueue: makeWaitQueue(storeId),
    activities: { ...createWaitActivities({ store, client }) },
    maxConcurrentActivityTaskExecutions: 1_000,
    maxConcurrentActivityTaskPolls: 2,
  };
  const running = await Promise.all([storeWorker, waitWorker].map((options) => keepRunning(options)));
  return {
    get isPolling() {
      return running.every((worker) => worker.isPolling);
    },
    async stop() {
      await Promise.all(running.map((worker) => worker.stop()));
    },
  };
}

/** Planning of scheduled runs whose file is read at each firing, and lies here. */
export async function startPlanningWorker(
  context: WorkerContext,
  activities: PlanningActivities,
): Promise<RunningWorker> {
  return keepRunning({
    ...makeCommonOptions(context),
    taskQueue: makePlanningQueue(context.storeId),
    activities: { ...createPlanningActivities(context.store, activities) },
    maxConcurrentActivityTaskExecutions: 4,
  });
}

export interface RunWorkOptions {
  readonly runId: string;
  /** Environment of the run's file, from which its models take their secrets. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Refuses to send any query. */
  readonly frozen: boolean;
}

/** A worker that asks models. */
export interface RunningWorkWorker extends RunningWorker {
  /** From now on it sends nothing. A cancel takes up to a second to reach an activity, in which much could be sent. */
  hold(): void;
  /** Models that are held because they do not answer. */
  listOutages(): readonly ModelOutage[];
}

/** Solve, score and metrics of one run. */
export async function startWorkWorker(
  context: WorkerContext,
  { runId, ...options }: RunWorkOptions,
): Promise<RunningWorkWorker> {
  const { store, storeId, modules, holder, onNotice, telemetry } = context;
  const held = new AbortController();
  const models = createRunModels({ store, holder, modules, held: held.signal, telemetry, ...options });
  const running = await keepRunning({
    ...makeCommonOptions(context),
    taskQueue: makeWorkQueue(storeId, runId),
    activities: { ...createWorkActivities({ store, models, onNotice, telemetry }) },
    maxConcurrentActivityTaskExecutions: WORK_SLOTS,
    maxConcurrentActivityTaskPolls: 2,
  });
  return {
    get isPolling() {
      return running.isPolling;
    },
    hold: () => held.abort(),
    listOutages: () => models.listOutages(),
    async stop() {
      await running.stop();
      await models.close();
    },
  };
}

export interface SharedWorkOptions {
  /** Environment from which the models of all runs take their secrets. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Segments worked on at once; each has as many queries in flight as the limits of its model allow. */
  readonly maxSegments: number;
}

/** Solve, score and metrics of all runs that nobody sits in front of. */
export async function startSharedWorkWorker(
  context: WorkerContext,
  { environment, maxSegments }: SharedWorkOptions,
): Promise<RunningWorkWorker> {
  const work = createSharedWork({ ...context, environment });
  const running = await keepRunning({
    ...makeCommonOptions(context),
    taskQueue: makeSharedWorkQueue(context.storeId),
    activities: { ...work.activities },
    maxConcurrentActivityTaskExecutions: maxSegments,
    // One asks and one waits: what a worker takes at once should not be all that there is.
    maxConcurrentActivityTaskPolls: 2,
  });
  return {
    get isPolling() {
      return running.isPolling;
    },
    hold: () => work.hold(),
    listOutages: () => work.listOutages(),
    async stop() {
      await running.stop();
      await work.close();
    },
  };
}

function makeCommonOptions({ connection, namespace, identity }: WorkerContext): Omit<WorkerOptions, 'taskQueue'> {
  return {
    connection,
    namespace,
    identity,
    maxHeartbeatThrottleInterval: MAX_HEARTBEAT_THROTTLE_MS,
    interceptors: { activity: [makeHeartbeatInterceptor] },
  };
}
