import { EvaluationError } from '../contracts/evaluation-error.ts';
import { isFinal } from '../contracts/status.ts';
import type { Store } from '../storage/store.ts';
import { createCache } from './cache/create-cache.ts';
import { createRunContext } from './create-run-context.ts';
import type { Host } from './host.ts';
import { iterateSamples } from './iterate-samples.ts';
import { makePlanDocument } from './make-plan-document.ts';
import { listFindings, makeRunDocument, sumCounts } from './make-run-document.ts';
import { resumeRun } from './resume-run.ts';
import { runEvaluation } from './run-evaluation.ts';
import { createSchedules } from './schedules/create-schedules.ts';
import type { Stet } from './stet.ts';

/** The library over a host that has Temporal, workers and a store. */
export function createStet(host: Host): Stet {
  const context = createRunContext(host);

  const openExisting = async (): Promise<Store> => {
    const store = await host.openStore({ create: false });
    if (store !== undefined) return store;
    throw new EvaluationError('run-not-found', 'There is no store here, so there are no runs.', {
      hint: 'Name its directory with --store or STET_STORE, or start a run.',
    });
  };

  const changePause = async (reference: string, isPaused: boolean) => {
    const store = await openExisting();
    const run = await store.runs.getRun(reference);
    const { setPaused } = await import('./pause-run.ts');
    await setPaused(host, store, run, isPaused);
    return makeRunDocument(store, await store.runs.getRun(run.runId));
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

    async watch(reference) {
      const { watchRun } = await import('./watch-run.ts');
      return watchRun(context, await openExisting(), reference);
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

    pause: (reference) => changePause(reference, true),

    unpause: (reference) => changePause(reference, false),

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
            paused_at: isFinal(run.status) ? null : run.pausedAt,
            alerts: listFindings(run),
            schedule: run.scheduleName,
            tasks: tasks.length,
            model_queries: sumCounts(tasks.map((task) => task.queries)),
            has_owner: run.ownerId !== null && alive.has(run.ownerId),
            on_workers: run.workQueue !== null,
          };
        }),
      );
    },

    cache: createCache(host),

    schedules: createSchedules(context),

    close: () => host.close(),
  };
}
