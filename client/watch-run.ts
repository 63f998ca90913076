import { isFinal } from '../contracts/status.ts';
import type { RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import { followOthers } from './follow-others.ts';
import { type RunContext, takeRun } from './run-context.ts';
import type { RunHandle } from './stet.ts';

/**
 * Follows a run, whoever works on it; takes it up where that is nobody (design 3.2), with the environment of its file.
 *
 * @param reference - Left out: the newest open run, else the newest.
 */
export async function watchRun(context: RunContext, store: Store, reference: string | undefined): Promise<RunHandle> {
  const { host } = context;
  const run = reference === undefined ? await findNewest(store) : await store.runs.getRun(reference);
  const takeUp = async (): Promise<RunHandle | undefined> => {
    const session = await host.openSession();
    if (!(await takeRun(context, store, session, run.runId))) return undefined;
    host.onNotice(`Nobody works on run ${run.runId}: taking it up.`);
    return context.supervise(store, await store.runs.getRun(run.runId), { attached: true, frozen: false });
  };
  return followOthers({
    host,
    store,
    run,
    attached: true,
    // Only workers poll the queue that runs share.
    ...(run.workQueue === null && !isFinal(run.status) ? { takeUp } : {}),
  });
}

async function findNewest(store: Store): Promise<RunRecord> {
  return (await store.runs.findOpenRuns()).at(-1) ?? store.runs.getRun('latest');
}
