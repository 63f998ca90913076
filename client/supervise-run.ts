import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeEvaluationWorkflowId } from '../contracts/ids.ts';
import type { Plan } from '../evaluation/plan.ts';
import type { BuiltPlan } from '../planning/build-plan.ts';
import { makePlanDigest } from '../planning/plan-digest.ts';
import type { RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import { findRunEnvironment } from './find-run-environment.ts';
import type { Host, RunWork, Session } from './host.ts';
import { makePlanDocument } from './make-plan-document.ts';
import { makeRunDocument } from './make-run-document.ts';
import { createProgressReader } from './read-progress.ts';
import { reconcileRun } from './reconcile-run.ts';
import { requestCancel } from './request-cancel.ts';
import { startWorkflow } from './start-workflow.ts';
import type { RunEvent, RunHandle } from './stet.ts';
import { waitForRunEnd } from './wait-for-run-end.ts';

const PROGRESS_INTERVAL_MS = 200;
const TAKE_UP_INTERVAL_MS = 500;

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
  const plan = await makePlanDocument(planned, store, Date.now());
  const worked = new Map<string, RunWork>();
  const takeUp = async (taken: RunRecord, environment = findRunEnvironment(taken, host)): Promise<void> => {
    worked.set(taken.runId, await session.startWork({ runId: taken.runId, environment, frozen }));
    await continueRun(session, store, taken);
  };
  try {
    await takeUp(run, options.environment);
  } catch (error) {
    // Its workers hold the connection, and nobody else would stop them.
    await Promise.all([...worked.values()].map((work) => work.stop()));
    throw error;
  }

  const ended = waitForRunEnd(session, store, runId);
  const over = new AbortController();
  setMaxListeners(0, over.signal);
  /** Sleeps, but not beyond the end. By signal: a race with a promise that is pending for hours would pile up. */
  const pause = (ms: number) => sleep(ms, undefined, { signal: over.signal }).catch(() => undefined);
  let isDrained = false;
  const finish = async (): Promise<void> => {
    over.abort();
    await Promise.all([...worked.values()].map((work) => work.stop()));
    for (const id of worked.keys()) await store.runs.releaseRun(id, session.processId);
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
  const takingUp = (async () => {
    while (!over.signal.aborted) {
      for (const holder of await findOwnerlessHolders(host, store, session, runId, worked)) {
        host.onNotice(`Taking up run ${holder.runId}, which holds work that this run waits for.`);
        await takeUp(holder);
        // Any process of the store may have been waiting on this run's behalf, the holder's dead one among them.
        await session.recover(runId);
      }
      await pause(TAKE_UP_INTERVAL_MS);
    }
  })();
  takingUp.catch((error: unknown) => host.onNotice(`Could not take up a run: ${String(error)}`));

  return {
    id: runId,
    attached,
    longestRequestTimeoutMs: findLongestTimeoutMs(planned.plan),
    async *events(): AsyncGenerator<RunEvent> {
      yield { type: 'planned', plan, runId, attached };
      const readProgress = createProgressReader(store, runId);
      while (!over.signal.aborted) {
        yield { type: 'progress', tasks: await readProgress() };
        await pause(PROGRESS_INTERVAL_MS);
      }
      if (!isDrained) yield { type: 'progress', tasks: await readProgress() };
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
      await finish();
    },
  };
}

/**
 * Starts, or goes on. A run that was running and whose workflow was closed or deleted meanwhile is settled; one whose
 * workflow was lost with Temporal's database, or that a `resume` opened again, is started from its stored plan.
 */
async function continueRun(session: Session, store: Store, run: RunRecord): Promise<void> {
  const state = await session.describe(run.runId);
  if (state.state === 'open') await session.recover(run.runId);
  const isLost = state.state === 'unknown' && Date.parse(run.startedAt) < Date.parse(session.databaseCreatedAt);
  if (run.status === 'running' && state.state !== 'open' && !isLost) {
    await reconcileRun(store, run.runId, state.state === 'closed' && state.failed);
    return;
  }
  await startWorkflow(session, store, run);
}

async function readStoredPlan(store: Store, run: RunRecord): Promise<BuiltPlan> {
  const plan = JSON.parse(new TextDecoder().decode(await store.content.get(run.plan))) as Plan;
  return { plan, planDigest: makePlanDigest(plan), warnings: [] };
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

function findLongestTimeoutMs(plan: Plan): number {
  return 1_000 * Math.max(0, ...Object.values(plan.models).map(({ model }) => model.request_timeout));
}
