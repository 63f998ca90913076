import { fileURLToPath } from 'node:url';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import {
  createStoreActivities,
  createWaitActivities,
  createWorkActivities,
} from '../../activities/create-activities.ts';
import { makeEvaluationWorkflowId, makeStoreQueue, makeWaitQueue, makeWorkQueue } from '../../contracts/ids.ts';
import { type EvaluationInput, evaluationWorkflowName } from '../../contracts/workflow-inputs.ts';
import { openStet } from '../../embedded/index.ts';
import type { Models } from '../../models/models.ts';
import type { Store } from '../../storage/store.ts';
import { makeHeartbeatInterceptor } from '../../workers/heartbeat-interceptor.ts';
import { type ActivityBench, type BenchRun, openActivityBench } from '../activities/activity-bench.ts';
import { answerCapital, makeCapitalRun } from '../support/capital-run.ts';
import { startOpenAiTestServer } from '../support/openai-test-server.ts';
import { connectStoreTemporal } from '../support/store-temporal.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

/** A real Temporal server, which any number of stores may share. */
export interface BenchServer extends AsyncDisposable {
  readonly client: Client;
  readonly address: string;
}

/** The embedded one of a store that nobody else uses. */
export async function startBenchServer(): Promise<BenchServer> {
  const folder = await makeTemporaryFolder();
  const store = `${folder.path}/.stet`;
  const stet = await openStet({ store, workingDirectory: folder.path });
  await using models = await startOpenAiTestServer({ answer: ({ prompt }) => answerCapital(prompt) });
  await (await stet.run(makeCapitalRun({ baseUrl: models.baseUrl, rows: 1 }))).result(); // the first run starts it
  const temporal = await connectStoreTemporal(store);
  return {
    client: temporal.client,
    address: temporal.address,
    async [Symbol.asyncDispose]() {
      await temporal[Symbol.asyncDispose]();
      await stet.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** The real workflows and activities of one store on a real server, with models and a store that a test has in its hand. */
export interface WorkflowBench extends ActivityBench, AsyncDisposable {
  readonly storeId: string;
  /** Starts a run's workflow, and a worker that asks these models on its behalf. */
  start(
    run: BenchRun,
    models: Models,
    input?: Partial<Pick<EvaluationInput, 'maxParallelTasks'>>,
  ): Promise<WorkflowHandle>;
}

/** @param decorate - What its store activities see of the store. */
export async function openWorkflowBench(
  server: BenchServer,
  decorate: (store: Store) => Store = (store) => store,
): Promise<WorkflowBench> {
  const bench = await openActivityBench();
  const { client } = server;
  const connection = await NativeConnection.connect({ address: server.address });
  const storeId = await bench.store.runs.getStoreId();
  const store = decorate(bench.store);
  const ends: Promise<void>[] = [];
  const workers: Worker[] = [];
  const startWorker = async (options: Omit<WorkerOptions, 'connection'>): Promise<void> => {
    const worker = await Worker.create({
      connection,
      maxHeartbeatThrottleInterval: 100,
      interceptors: { activity: [makeHeartbeatInterceptor] },
      ...options,
    });
    workers.push(worker);
    ends.push(worker.run());
  };
  await startWorker({
    taskQueue: makeStoreQueue(storeId),
    workflowBundle: { codePath: fileURLToPath(new URL('../../dist/workflow-bundle.js', import.meta.url)) },
    activities: { ...createStoreActivities({ store, client, now: Date.now }) },
  });
  await startWorker({
    taskQueue: makeWaitQueue(storeId),
    activities: { ...createWaitActivities({ store, client }) },
  });
  return {
    ...bench,
    storeId,
    async start({ runId, planRef, policy, tasks }, models, { maxParallelTasks = 16 } = {}) {
      await startWorker({
        taskQueue: makeWorkQueue(storeId, runId),
        activities: { ...createWorkActivities({ store, models }) },
      });
      const input: EvaluationInput = {
        storeId,
        runId,
        attempt: 1,
        planRef,
        policy,
        tasks: tasks.map((task) => ({ ...task, attempt: 1 })),
        queues: { wait: makeWaitQueue(storeId), work: makeWorkQueue(storeId, runId) },
        maxParallelTasks,
        window: 4,
        workflowTaskTimeoutMs: 10_000,
      };
      return client.workflow.start(evaluationWorkflowName, {
        args: [input],
        taskQueue: makeStoreQueue(storeId),
        workflowId: makeEvaluationWorkflowId({ storeId, runId }),
      });
    },
    async [Symbol.asyncDispose]() {
      for (const worker of workers) worker.shutdown();
      await Promise.all(ends);
      await connection.close();
      await bench.dispose();
    },
  };
}
