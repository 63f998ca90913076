import { EvaluationError } from '../contracts/evaluation-error.ts';
import { isFinal } from '../contracts/status.ts';
import { buildPlan } from '../planning/build-plan.ts';
import { readRunFile } from '../planning/run-file/index.ts';
import { createDryContentStore } from '../storage/dry-content-store.ts';
import type { Store } from '../storage/store.ts';
import { createCache } from './cache/create-cache.ts';
import type { Host } from './host.ts';
import { iterateSamples } from './iterate-samples.ts';
import { makePlanDocument } from './make-plan-document.ts';
import { makeRunDocument, sumCounts } from './make-run-document.ts';
import { resumeRun } from './resume-run.ts';
import type { RunContext } from './run-context.ts';
import { runEvaluation } from './run-evaluation.ts';
import type { Stet } from './stet.ts';

/** The library over a host that has Temporal, workers and a store. */
export function createStet(host: Host): Stet {
  const context: RunContext = {
    host,
    resolve: (source, options) =>
      readRunFile(source, {
        overrides: options,
        environment: host.environment,
        workingDirectory: host.workingDirectory,
        ...(options.envFile === undefined ? {} : { envFile: options.envFile }),
      }),
    build: async (resolved, store, options) =>
      buildPlan(resolved, {
        content: options.dry || store === undefined ? createDryContentStore(store?.content) : store.content,
        datasets: options.dry || store === undefined ? withoutRecording(store) : store.datasets,
        modules: host.modules,
        segmentSize: (await store?.runs.getSegmentSize()) ?? host.segmentSize,
        verifyData: options.verifyData ?? false,
      }),
    // What talks to Temporal is loaded when a run needs it: it takes longer than a plan or a list.
    async supervise(store, run, more) {
      const { superviseRun } = await import('./supervise-run.ts');
      return superviseRun({ host, store, run, ...more });
    },
  };

  const openExisting = async (): Promise<Store> => {
    const store = await host.openStore({ create: false });
    if (store !== undefined) return store;
    throw new EvaluationError('run-not-found', 'There is no store here, so there are no runs.', {
      hint: 'Name its directory with --store or STET_STORE, or start a run.',
    });
  };

  return {
    async plan(source, options = {}) {
      const resolved = await context.resolve(source, options);
      const store = await host.openStore({ create: false });
      return makePlanDocument(await context.build(resolved, store, { ...options, dry: true }), store, Date.now());
    },

    run: (source, options = {}) => runEvaluation(context, source, options),

    async resume(reference, options = {}) {
      return resumeRun(context, await openExisting(), reference, options);
    },

    async cancel(reference) {
      const store = await openExisting();
      const run = await store.runs.getRun(reference);
      if (!isFinal(run.status)) {
        const { cancelRun } = await import('./cancel-run.ts');
        await cancelRun(host, store, run);
      }
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

    cache: createCache(host),

    close: () => host.close(),
  };
}

function withoutRecording(store: Store | undefined): Store['datasets'] {
  return {
    findFileDigest: async (stat) => store?.datasets.findFileDigest(stat),
    findSelection: async (digest) => store?.datasets.findSelection(digest),
    recordFileDigest: async () => {},
    recordSelection: async () => {},
  };
}
