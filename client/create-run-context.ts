import { buildPlan } from '../planning/build-plan.ts';
import { readRunFile } from '../planning/run-file/index.ts';
import { createDryContentStore } from '../storage/dry-content-store.ts';
import type { Store } from '../storage/store.ts';
import type { Host } from './host.ts';
import type { RunContext } from './run-context.ts';

/** Planning and supervision over a host. */
export function createRunContext(host: Host): RunContext {
  return {
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
    async leaveToOthers(store, run, more) {
      const [{ continueRun }, { followOthers }] = await Promise.all([
        import('./continue-run.ts'),
        import('./follow-others.ts'),
      ]);
      await continueRun(await host.openSession(), store, run);
      return followOthers({ host, store, run, ...more });
    },
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
