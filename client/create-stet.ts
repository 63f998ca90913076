import { EvaluationError } from '../contracts/evaluation-error.ts';
import { isFinal } from '../contracts/status.ts';
import { addUsage } from '../evaluation/usage/usage.ts';
import { makeUsageTotals } from '../evaluation/usage/usage-document.ts';
import type { Store } from '../storage/store.ts';
import { createCache } from './cache/create-cache.ts';
import { createRunContext } from './create-run-context.ts';
import type { DiffByOptions, DiffOptions } from './diff/diff-document.ts';
import type { Host } from './host.ts';
import { iterateSamples } from './iterate-samples.ts';
import { listFindings, makeRunDocument, sumCounts } from './make-run-document.ts';
import { planOnly } from './plan/plan-only.ts';
import { readUsage } from './read-usage.ts';
import { resumeRun } from './resume-run.ts';
import { runEvaluation } from './run-evaluation.ts';
import { createSchedules } from './schedules/create-schedules.ts';
import type { Stet } from './stet.ts';
import { untilAborted } from './until-aborted.ts';

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
      return planOnly(context, await context.resolve(source, options), options);
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

    async try(source, options = {}) {
      const { trySamples } = await import('./try/try-samples.ts');
      return untilAborted(options.signal, () => trySamples(context, source, options));
    },

    async rescore(reference, options = {}) {
      const store = await openExisting();
      const { rescoreSamples } = await import('./try/rescore-samples.ts');
      const run = await store.runs.getRun(reference);
      return untilAborted(options.signal, () => rescoreSamples(context, store, run, options));
    },

    async explain(reference, options) {
      const store = await openExisting();
      const { explainRun } = await import('./explain/explain-run.ts');
      return explainRun(store, await store.runs.getRun(reference), options);
    },

    async explainAgainst(source, reference, options = {}) {
      const resolved = await context.resolve(source, options);
      const store = await openExisting();
      const run = await store.runs.getRun(reference);
      const { explainAgainst } = await import('./explain/explain-against.ts');
      return explainAgainst(store, run, await context.build(resolved, store, { ...options, dry: true }));
    },

    async diff(first: string, second: string | DiffByOptions, options: DiffOptions = {}) {
      const store = await openExisting();
      const { diffBy, diffRuns } = await import('./diff/make-diff.ts');
      return typeof second === 'string' ? diffRuns(store, [first, second], options) : diffBy(store, first, second);
    },

    async list({ limit = 20, onlyOpen = false } = {}) {
      const store = await host.openStore({ create: false });
      if (store === undefined) return [];
      const [runs, processes] = await Promise.all([
        onlyOpen ? (await store.runs.findOpenRuns()).toReversed().slice(0, limit) : store.runs.listRuns({ limit }),
        store.runs.listProcesses(),
      ]);
      const alive = new Set(
        processes.filter((process) => host.isProcessAlive(process)).map(({ processId }) => processId),
      );
      return Promise.all(
        runs.map(async (run) => {
          const tasks = await store.results.listTaskResults(run.runId);
          const usages = await readUsage(store, run.runId, tasks);
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
            ...makeUsageTotals(addUsage(...usages.values())),
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
