import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isFinal } from '../contracts/status.ts';
import type { BuiltPlan } from '../planning/build-plan.ts';
import type { RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import { countStanding } from './count-standing.ts';
import { createLimitsReader } from './find-limits.ts';
import type { Host } from './host.ts';
import { makePlanDocument } from './make-plan-document.ts';
import { makeRunDocument } from './make-run-document.ts';
import { createProgressReader } from './read-progress.ts';
import type { RunEvent, RunHandle } from './stet.ts';
import { findLongestTimeoutMs, readStoredPlan } from './stored-plan.ts';
import { findWorking, workerCommand } from './working-processes.ts';

const LOOK_INTERVAL_MS = 250;
/** Between two looks whether somebody works on it. */
const OWNER_INTERVAL_MS = 1_000;

export interface FollowOptions {
  readonly host: Host;
  readonly store: Store;
  readonly run: RunRecord;
  /** Whether the run was there before. */
  readonly attached: boolean;
  /** The plan as just built; of a run that is only watched the stored one is read. */
  readonly built?: BuiltPlan;
  /** What becomes of a run that nobody works on any more; left out, it is only said. */
  readonly takeUp?: () => Promise<RunHandle | undefined>;
}

/**
 * Follows a run that others work on, from the store alone: no server is asked, and nothing ends when this does. Whoever
 * works on it records its end, also where Temporal ended it.
 */
export async function followOthers(options: FollowOptions): Promise<RunHandle> {
  const { host, store, run, attached, takeUp } = options;
  const { runId } = run;
  const planned = options.built ?? (await readStoredPlan(store, run));
  const plan = await makePlanDocument(planned, store, Date.now());
  const over = new AbortController();
  setMaxListeners(0, over.signal);
  const pause = (ms: number) => sleep(ms, undefined, { signal: over.signal }).catch(() => undefined);
  const isBegun = attached || run.attempt > 1 || run.mends !== null;
  const queries = isBegun ? await countStanding(store, runId, planned.plan, plan) : undefined;
  let taken: RunHandle | undefined;

  const ended = (async () => {
    for (;;) {
      const present = await store.runs.getRun(runId);
      if (isFinal(present.status)) return present;
      await pause(LOOK_INTERVAL_MS);
      if (over.signal.aborted) return new Promise<never>(() => {}); // left alone: it has no result for this caller
    }
  })();
  const result = (async () => {
    try {
      return await makeRunDocument(store, await ended);
    } finally {
      over.abort();
      await taken?.drain(); // it has ended; what worked on it here stops
    }
  })();
  result.catch(() => undefined); // thrown by `result()`

  const watchWorkers = async (): Promise<void> => {
    let isMissed = false;
    while (!over.signal.aborted && taken === undefined) {
      const isWorkedOn = await hasWorker(host, store, await store.runs.getRun(runId));
      if (!isWorkedOn && isMissed) {
        if (takeUp === undefined) {
          host.onNotice(`Nobody works on run ${runId} now. It goes on once "stet worker" or "stet up" does.`);
          return;
        }
        taken = await takeUp();
      }
      isMissed = !isWorkedOn; // twice in a row: one that has just been started may not have been taken up yet
      await pause(OWNER_INTERVAL_MS);
    }
  };
  // A store that is closed, or away, cannot be looked at; who waits for the result hears of it.
  watchWorkers().catch(() => undefined);

  return {
    id: runId,
    attached,
    get isFollowed() {
      return taken === undefined;
    },
    longestRequestTimeoutMs: findLongestTimeoutMs(planned.plan),
    async *events(): AsyncGenerator<RunEvent> {
      const { attempt, mends } = run;
      yield {
        type: 'planned',
        plan,
        runId,
        attached,
        followed: true,
        attempt,
        mends,
        ...(queries === undefined ? {} : { queries }),
      };
      const readProgress = createProgressReader(store, runId);
      const readLimits = createLimitsReader(store, runId);
      while (!over.signal.aborted) {
        yield { type: 'progress', tasks: await readProgress(), limits: await readLimits() };
        await pause(LOOK_INTERVAL_MS);
      }
    },
    result: () => result,
    async cancel() {
      if (taken !== undefined) await taken.cancel();
      else {
        const { cancelRun } = await import('./cancel-run.ts');
        await cancelRun(host, store, await store.runs.getRun(runId));
      }
      await ended;
    },
    async drain() {
      over.abort();
      await taken?.drain();
    },
  };
}

/** Whether somebody is going to go on with a run; one that has ended needs nobody. */
async function hasWorker(host: Host, store: Store, run: RunRecord): Promise<boolean> {
  if (isFinal(run.status)) return true;
  if (run.workQueue !== null) return (await findWorking(host, store, workerCommand)).length > 0;
  const owner = (await store.runs.listProcesses()).find(({ processId }) => processId === run.ownerId);
  return owner !== undefined && host.isProcessAlive(owner);
}
