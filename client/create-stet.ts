import path from 'node:path';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { isFinal } from '../contracts/status.ts';
import type { RunFileInput } from '../evaluation/spec/run-file.ts';
import { type BuiltPlan, buildPlan, findUsedModels } from '../planning/build-plan.ts';
import { checkSecrets, type ResolvedRun, readRunFile } from '../planning/run-file/index.ts';
import { createDryContentStore } from '../storage/dry-content-store.ts';
import type { RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import { describeOrigin } from './describe-origin.ts';
import type { Host } from './host.ts';
import { iterateSamples } from './iterate-samples.ts';
import { makeId } from './make-id.ts';
import { makePlanDocument } from './make-plan-document.ts';
import { makeRunDocument, sumCounts } from './make-run-document.ts';
import type { PlanOptions, RunOptions, Stet } from './stet.ts';
import type { SuperviseOptions } from './supervise-run.ts';

/** The library over a host that has Temporal, workers and a store. */
export function createStet(host: Host): Stet {
  const resolve = (source: string | RunFileInput, options: PlanOptions): Promise<ResolvedRun> =>
    readRunFile(source, {
      overrides: options,
      environment: host.environment,
      workingDirectory: host.workingDirectory,
      ...(options.envFile === undefined ? {} : { envFile: options.envFile }),
    });

  /** Without a store, or for a plan, nothing is written: blobs are only digested. */
  const build = async (
    resolved: ResolvedRun,
    store: Store | undefined,
    options: PlanOptions & { readonly dry: boolean },
  ) =>
    buildPlan(resolved, {
      content: options.dry || store === undefined ? createDryContentStore(store?.content) : store.content,
      datasets: options.dry || store === undefined ? withoutRecording(store) : store.datasets,
      modules: host.modules,
      segmentSize: (await store?.runs.getSegmentSize()) ?? host.segmentSize,
      verifyData: options.verifyData ?? false,
    });

  const openExisting = async (): Promise<Store> => {
    const store = await host.openStore({ create: false });
    if (store !== undefined) return store;
    throw new EvaluationError('run-not-found', 'There is no store here, so there are no runs.', {
      hint: 'Name its directory with --store or STET_STORE, or start a run.',
    });
  };

  // What talks to Temporal is loaded when a run needs it: it takes longer than a plan or a list.
  const supervise = async (store: Store, run: RunRecord, more: Omit<SuperviseOptions, 'host' | 'store' | 'run'>) => {
    const { superviseRun } = await import('./supervise-run.ts');
    return superviseRun({ host, store, run, ...more });
  };

  return {
    async plan(source, options = {}) {
      const resolved = await resolve(source, options);
      const store = await host.openStore({ create: false });
      return makePlanDocument(await build(resolved, store, { ...options, dry: true }), store, Date.now());
    },

    async run(source, options = {}) {
      const resolved = await resolve(source, options);
      if (options.frozen === true) await refuseIfQueriesNeeded(resolved, options);
      // Where there is a store, Temporal comes up while the plan is made; a first command may still turn out to be wrong.
      if ((await host.openStore({ create: false })) !== undefined) host.openSession().catch(() => undefined);
      const store = await openOrCreate(host);
      const built = await build(resolved, store, { ...options, dry: false });
      const document = await makePlanDocument(built, store, Date.now());
      if (document.tasks.some((task) => task.reuse !== 'full')) checkSecrets(resolved, findUsedModels(resolved));
      const frozen = options.frozen ?? false;
      const session = await host.openSession();
      for (const open of await store.runs.findOpenRuns()) {
        if (open.planDigest !== built.planDigest) continue;
        if (!(await store.runs.takeRun(open.runId, session.processId, (owner) => host.isProcessAlive(owner)))) continue;
        return supervise(store, open, { attached: true, frozen, built, environment: resolved.environment });
      }
      const { processId } = session;
      const run = await createRun(store, built, resolved, { processId, host, options });
      return supervise(store, run, { attached: false, frozen, built, environment: resolved.environment });
    },

    async resume(reference) {
      const store = await openExisting();
      const found = await store.runs.getRun(reference);
      if (found.status === 'completed') {
        throw new EvaluationError('usage', `Run ${found.runId} is completed; there is nothing to resume.`);
      }
      const session = await host.openSession();
      const wasFinal = isFinal(found.status);
      const run = wasFinal ? await store.runs.reopenRun(found.runId) : found;
      if (!(await store.runs.takeRun(run.runId, session.processId, (owner) => host.isProcessAlive(owner)))) {
        throw new EvaluationError('usage', `Run ${run.runId} is being worked on by another process.`, {
          hint: `Watch it with \`stet show ${run.runId}\`.`,
        });
      }
      return supervise(store, run, { attached: !wasFinal, frozen: false });
    },

    async cancel(reference) {
      const store = await openExisting();
      const run = await store.runs.getRun(reference);
      if (isFinal(run.status)) {
        throw new EvaluationError('usage', `Run ${run.runId} is ${run.status} already.`);
      }
      const { cancelRun } = await import('./cancel-run.ts');
      await cancelRun(host, store, run);
      return makeRunDocument(store, await store.runs.getRun(run.runId));
    },

    async show(reference) {
      const store = await openExisting();
      return makeRunDocument(store, await store.runs.getRun(reference));
    },

    async *samples(reference, options) {
      const store = await openExisting();
      yield* iterateSamples(store, await store.runs.getRun(reference), options);
    },

    async list({ limit = 20 } = {}) {
      const store = await host.openStore({ create: false });
      if (store === undefined) return [];
      const [runs, processes] = [await store.runs.listRuns({ limit }), await store.runs.listProcesses()];
      const alive = new Set(
        processes.filter((process) => host.isProcessAlive(process)).map(({ processId }) => processId),
      );
      return Promise.all(
        runs.map(async (run) => {
          const tasks = await store.results.listTaskResults(run.runId);
          return {
            run: run.runId,
            evaluation: run.evaluationKey,
            label: run.label,
            status: run.status,
            cache_policy: run.policy,
            started_at: run.startedAt,
            ended_at: run.endedAt,
            tasks: tasks.length,
            model_queries: sumCounts(tasks.map((task) => task.queries)),
            has_owner: run.ownerId !== null && alive.has(run.ownerId),
          };
        }),
      );
    },

    close: () => host.close(),
  };

  async function refuseIfQueriesNeeded(resolved: ResolvedRun, options: PlanOptions): Promise<void> {
    const store = await host.openStore({ create: false });
    const document = await makePlanDocument(await build(resolved, store, { ...options, dry: true }), store, Date.now());
    const { sent } = document.model_queries;
    if (sent === 0) return;
    const keys = document.tasks.filter((task) => task.model_queries.sent > 0).map((task) => task.key);
    throw new EvaluationError(
      'frozen',
      `${sent} queries would have to be sent for ${keys.join(', ')}; the run is frozen.`,
      {
        hint: 'Run without --frozen, or see `stet plan` for the reasons.',
      },
    );
  }
}

async function openOrCreate(host: Host): Promise<Store> {
  const store = await host.openStore({ create: true });
  if (store === undefined) throw new EvaluationError('store-failed', 'The store could not be created.');
  return store;
}

function withoutRecording(store: Store | undefined): Store['datasets'] {
  return {
    findFileDigest: async (stat) => store?.datasets.findFileDigest(stat),
    findSelection: async (digest) => store?.datasets.findSelection(digest),
    recordFileDigest: async () => {},
    recordSelection: async () => {},
  };
}

async function createRun(
  store: Store,
  { plan, planDigest }: BuiltPlan,
  resolved: ResolvedRun,
  { processId, host, options }: { processId: string; host: Host; options: RunOptions },
): Promise<RunRecord> {
  const planBlob = await store.content.put(new TextEncoder().encode(JSON.stringify(plan)));
  const folder = resolved.file === null ? host.workingDirectory : path.dirname(resolved.file);
  const runId = makeId();
  await store.runs.createRun(
    {
      runId,
      evaluationKey: plan.evaluation.key,
      label: options.label ?? null,
      planDigest,
      plan: planBlob.digest,
      policy: plan.cache_policy,
      ownerId: processId,
      file: resolved.file,
      origin: {
        ...(await describeOrigin(folder, options.arguments ?? [])),
        env_file: options.envFile === undefined ? null : path.resolve(host.workingDirectory, options.envFile),
      },
      startedAt: new Date().toISOString(),
    },
    plan.tasks.map((task) => ({
      taskResultId: makeId(),
      key: task.key,
      taskKey: task.task_key,
      solverKey: task.solver_key,
      resultKey: task.result_key,
      segmentCount: task.dataset.segment_count,
      samplesTotal: task.dataset.count,
      solverFingerprint: task.solver_fingerprint,
      resultFingerprint: task.result_fingerprint,
    })),
  );
  return store.runs.getRun(runId);
}
