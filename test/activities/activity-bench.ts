import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createStoreActivities, createWorkActivities } from '../../activities/create-activities.ts';
import type { StoreActivities, WorkActivities } from '../../contracts/activities.ts';
import type { CachePolicy } from '../../contracts/cache-policy.ts';
import type { Digest } from '../../contracts/digest.ts';
import type { PlannedTask } from '../../contracts/workflow-inputs.ts';
import type { Plan } from '../../evaluation/plan.ts';
import type { RunFileInput } from '../../evaluation/spec/run-file.ts';
import type { Models } from '../../models/models.ts';
import { buildPlan } from '../../planning/build-plan.ts';
import { readRunFile } from '../../planning/run-file/index.ts';
import type { TaskResultRecord } from '../../storage/result-index.ts';
import type { Store } from '../../storage/store.ts';
import { noModules } from '../models/plan-model.ts';
import { openTemporaryStore } from '../storage/open-temporary-store.ts';
import { type CapitalRunOptions, makeCapitalRun } from '../support/capital-run.ts';

/** A run in a store of its own, planned from a run config as a command plans it, for activities without Temporal. */
export interface ActivityBench {
  readonly store: Store;
  readonly directory: string;
  damageBlob(digest: Digest, bytes: Uint8Array): Promise<void>;
  removeBlob(digest: Digest): Promise<void>;
  /** Another connection to the same store, as another process has it. */
  openAnotherStore(): Promise<Store>;
  addRun(options?: BenchOptions): Promise<BenchRun>;
  dispose(): Promise<void>;
}

export interface BenchOptions extends Partial<CapitalRunOptions> {
  readonly segmentSize?: number;
}

export interface BenchRun {
  readonly runId: string;
  readonly plan: Plan;
  readonly planRef: Digest;
  readonly policy: CachePolicy;
  readonly task: PlannedTask;
  readonly tasks: readonly PlannedTask[];
  getRecord(): Promise<TaskResultRecord>;
  segment(segmentIndex?: number): Parameters<WorkActivities['solveSegment']>[0];
  /** The whole path of a task result, as the workflow takes it. */
  complete(models: Models, now?: () => number): Promise<TaskResultRecord>;
}

export async function openActivityBench(): Promise<ActivityBench> {
  const opened = await openTemporaryStore();
  const { store } = opened;
  return {
    store,
    directory: opened.directory,
    damageBlob: (digest, bytes) => opened.damageBlob(digest, bytes),
    removeBlob: (digest) => opened.removeBlob(digest),
    openAnotherStore: () => opened.openAnother(),
    addRun: (options = {}) => addRun(store, options),
    dispose: () => opened.dispose(),
  };
}

async function addRun(store: Store, { segmentSize = 100, ...options }: BenchOptions): Promise<BenchRun> {
  const source: RunFileInput = makeCapitalRun({ baseUrl: 'http://127.0.0.1:9/v1', rows: 6, ...options });
  const resolved = await readRunFile(source, { overrides: {}, environment: {}, workingDirectory: process.cwd() });
  const { plan, planDigest } = await buildPlan(resolved, {
    content: store.content,
    datasets: store.datasets,
    modules: noModules,
    segmentSize,
    verifyData: false,
  });
  const { digest: planRef } = await store.content.put(new TextEncoder().encode(JSON.stringify(plan)));
  const runId = randomUUID();
  const policy = plan.cache_policy;
  const tasks = plan.tasks.map((task) => ({
    key: task.key,
    taskResultId: randomUUID(),
    solverKey: task.solver_key,
    resultKey: task.result_key,
    segmentCount: task.dataset.segment_count,
  }));
  await store.runs.createRun(
    {
      runId,
      evaluationKey: plan.evaluation.key,
      label: null,
      planDigest,
      plan: planRef,
      policy,
      ownerId: null,
      file: null,
      origin: {},
      startedAt: new Date().toISOString(),
    },
    plan.tasks.map((task, index) => ({
      key: task.key,
      taskKey: task.task_key,
      taskResultId: tasks[index]?.taskResultId ?? '',
      solverKey: task.solver_key,
      resultKey: task.result_key,
      segmentCount: task.dataset.segment_count,
      samplesTotal: task.dataset.count,
      solverFingerprint: task.solver_fingerprint,
      resultFingerprint: task.result_fingerprint,
    })),
  );
  const [task] = tasks;
  if (task === undefined) throw new Error('The run has no task.');
  const { taskResultId, key } = task;
  const getRecord = async (): Promise<TaskResultRecord> => {
    const [record] = await store.results.findTaskResults([taskResultId]);
    if (record === undefined) throw new Error(`There is no task result ${taskResultId}.`);
    return record;
  };
  return {
    runId,
    plan,
    planRef,
    policy,
    task,
    tasks,
    getRecord,
    segment: (segmentIndex = 0) => ({ taskResultId, key, planRef, segmentIndex }),
    async complete(models, now = Date.now) {
      const activities = createStoreActivitiesOf(store);
      const work = createWorkActivities({ store, models, now });
      const [expected] = await activities.checkReuse({ runId, planRef, policy, tasks: [task] });
      if (expected === undefined || expected === 'full') return getRecord();
      await activities.decideReuse({ runId, planRef, policy, task, expected });
      const indexes = Array.from({ length: task.segmentCount }, (_, index) => index);
      if (expected === 'none') {
        for (const segmentIndex of indexes) {
          await runActivity(work.solveSegment, { taskResultId, key, planRef, segmentIndex });
        }
      }
      for (const segmentIndex of indexes) {
        await runActivity(work.scoreSegment, { taskResultId, key, planRef, segmentIndex });
      }
      await runActivity(work.computeMetrics, { taskResultId, key, planRef });
      await activities.publishTaskResult({ taskResultId, key, planRef });
      return getRecord();
    },
  };
}

/** Store activities whose Temporal knows no workflow, unless another client is given. */
export function createStoreActivitiesOf(store: Store, client: Client = knowsNothing): StoreActivities {
  return createStoreActivities({ store, client, now: Date.now });
}

const grpcNotFound = 5;
const knowsNothing = {
  options: { namespace: 'default' },
  workflowService: {
    getWorkflowExecutionHistory: () =>
      Promise.reject(Object.assign(new Error('workflow not found'), { code: grpcNotFound, details: '', metadata: {} })),
  },
} as unknown as Client;

/** Carries out an activity as a worker does. */
export function runActivity<Input>(activity: (input: Input) => Promise<unknown>, input: Input): Promise<unknown> {
  return startActivity(activity, input).ended;
}

/** The SDK logs each failure of an activity. */
const silent = new DefaultLogger('ERROR', () => undefined);

export function startActivity<Input>(activity: (input: Input) => Promise<unknown>, input: Input) {
  const environment = new MockActivityEnvironment(undefined, { logger: silent });
  const ended: Promise<unknown> = environment.run(activity, input);
  ended.catch(() => undefined); // looked at later
  return { environment, ended };
}

/** Resolves with what a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error('It did not fail.');
}
