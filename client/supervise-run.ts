import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeEvaluationWorkflowId } from '../contracts/ids.ts';
import type { BuiltPlan } from '../planning/build-plan.ts';
import type { RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import { continueRun } from './continue-run.ts';
import { countStanding } from './count-standing.ts';
import { createLimitsReader } from './find-limits.ts';
import { findRunEnvironment } from './find-run-environment.ts';
import type { Host, RunWork, Session } from './host.ts';
import { makePlanDocument } from './make-plan-document.ts';
import { makeRunDocument } from './make-run-document.ts';
import { createProgressReader } from './read-progress.ts';
import { requestCancel } from './request-cancel.ts';
import { showOutages } from './show-outages.ts';
import type { RunEvent, RunHandle } from './stet.ts';
import { findLongestTimeoutMs, readStoredPlan } from './stored-plan.ts';
import { waitForHolders } from './wait-for-holders.ts';
import { waitForRunEnd } from './wait-for-run-end.ts';

const PROGRESS_INTERVAL_MS = 200;
const TAKE_UP_INTERVAL_MS = 500;
/** The server may have handed a task to a worker in the moment of its death; seen a little later, it need not time out. */
const RECOVER_AGAIN_AFTER_MS = [1_000, 3_000] as const;

export interface SuperviseOptions {
  readonly host: Host;
  readonly store: Store;
  /** Owned by this process already. */
  readonly run: RunRecord;
  readonly attached: boolean;
  readonly frozen: boolean;
  /** The plan as just built, with its environment; of a run that is resumed the stored one is read. */
  readonly built?: BuiltPlan;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Works on a run of which this process is the owner, until it has ended or is drained. */
export async function superviseRun(options: SuperviseOptions): Promise<RunHandle> {
  const { host, store, run, attached, frozen, built } = options;
  const { runId } = run;
  const session = await host.openSession();
  const planned = built ?? (await readStoredPlan(store, run));
  const plan = await makePlanDocument(planned, store, Date.now(), { countsAnswers: true });
  const worked = new Map<string, RunWork & { readonly attempt: number }>();
  const takeUp = async (taken: RunRecord, environment = findRunEnvironment(taken, host)): Promise<void> => {
    const work = await session.startWork({ runId: taken.runId, environment, frozen });
    worked.set(taken.runId, { ...work, attempt: taken.attempt });
    await continueRun(session, store, taken);
  };
  const takeUpHolders = async (): Promise<void> => {
    for (const holder of await findOwnerlessHolders(host, store, session, runId, worked)) {
      host.onNotice(`Taking up run ${holder.runId}, which holds work that this run waits for.`);
      await takeUp(holder);
      // Any process of the store may have been waiting on this run's behalf, the holder's dead one among them.
      await session.recover(runId);
    }
  };
  try {
    // Before this run: where Temporal has lost both, whoever starts first gets the key, and the holder has answers for it.
    await takeUpHolders();
    await waitForHolders({ host, store, session, runId });
    await takeUp(run, options.environment);
  } catch (error) {
    // Its workers hold the connection, and nobody else would stop them.
    await Promise.all([...worked.values()].map((work) => work.stop()));
    throw error;
  }

  const ended = waitForRunEnd(session, store, runId, {
    endedElsewhere() {
      worked.get(runId)?.hold();
      host.onNotice(`Run ${runId} was ended from Temporal's side; queries in flight may finish.`);
    },
    async lost() {
      host.onNotice(`Temporal's database was lost. Run ${runId} starts again from its plan; what was answered stands.`);
      await takeUpHolders();
      const holders = [...worked.keys()].filter((id) => id !== runId);
      for (const id of holders) await continueRun(session, store, await store.runs.getRun(id));
      await waitForHolders({ host, store, session, runId });
      await continueRun(session, store, await store.runs.getRun(runId));
    },
  });
  const over = new AbortController();
  setMaxListeners(0, over.signal);
  /** Sleeps, but not beyond the end. By signal: a race with a promise that is pending for hours would pile up. */
  const pause = (ms: number) => sleep(ms, undefined, { signal: over.signal }).catch(() => undefined);
  const isBegun = attached || run.attempt > 1 || run.mends !== null;
  const queries = isBegun ? await countStanding(store, runId, planned.plan, plan) : undefined;
  let isDrained = false;
  const finish = async (): Promise<void> => {
    over.abort();
    await Promise.all([...worked.values()].map((work) => work.stop()));
    // A later attempt may be under way in this process already: that one is not over.
    for (const [id, { attempt }] of worked) await store.runs.releaseRun(id, session.processId, attempt);
  };
  const result = (async () => {
    try {
      const record = await ended;
      return await makeRunDocument(store, record);
    } finally {
      await finish(); // also when it could not be waited for: what polls below must end
    }
  })();
  result.catch(() => undefined); // thrown by `result()`

  // Not part of `events`: nobody has to listen for a run to go on.
  void (async () => {
    let complaint = '';
    while (!over.signal.aborted) {
      // A server on its way back, or a store that is locked, is no reason to leave the holder to nobody.
      await takeUpHolders().catch((error: unknown) => {
        if (String(error) !== complaint) host.onNotice(`Could not take up a run: ${String(error)}`);
        complaint = String(error);
      });
      await pause(TAKE_UP_INTERVAL_MS);
    }
  })();

  void (async () => {
    for (const waitMs of isBegun ? RECOVER_AGAIN_AFTER_MS : []) {
      await pause(waitMs);
      if (over.signal.aborted) return;
      await session.recover(runId).catch(() => undefined); // else heartbeats find them, later
    }
  })();

  return {
    id: runId,
    attached,
    longestRequestTimeoutMs: findLongestTimeoutMs(planned.plan),
    async *events(): AsyncGenerator<RunEvent> {
      const { attempt, mends } = run;
      yield { type: 'planned', plan, runId, attached, attempt, mends, ...(queries === undefined ? {} : { queries }) };
      const readProgress = createProgressReader(store, runId);
      const readLimits = createLimitsReader(store, runId);
      while (!over.signal.aborted) {
        const outages = worked.get(runId)?.listOutages() ?? [];
        const tasks = showOutages(await readProgress(), planned.plan, outages);
        yield { type: 'progress', tasks, limits: await readLimits() };
        await pause(PROGRESS_INTERVAL_MS);
      }
      if (!isDrained) yield { type: 'progress', tasks: await readProgress(), limits: await readLimits() };
    },
    result: () => result,
    async cancel() {
      for (const work of worked.values()) work.hold();
      const workflowId = makeEvaluationWorkflowId({ storeId: session.storeId, runId });
      await requestCancel(session, workflowId);
      await ended;
    },
    async drain() {
      isDrained = true;
      for (const work of worked.values()) work.hold(); // at once; its activities hear of the end a moment later
      await finish();
    },
  };
}

/** Runs that this one waits for and nobody works on; this process becomes their owner (design 3.2). */
async function findOwnerlessHolders(
  host: Host,
  store: Store,
  session: Session,
  runId: string,
  worked: ReadonlyMap<string, unknown>,
): Promise<RunRecord[]> {
  const holders: RunRecord[] = [];
  for (const { holderRunId } of await store.runs.listWaits(runId)) {
    if (worked.has(holderRunId) || holders.some((holder) => holder.runId === holderRunId)) continue;
    if (!(await store.runs.takeRun(holderRunId, session.processId, (owner) => host.isProcessAlive(owner)))) continue;
    holders.push(await store.runs.getRun(holderRunId));
  }
  return holders;
}
