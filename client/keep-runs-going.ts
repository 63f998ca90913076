import { setTimeout as sleep } from 'node:timers/promises';
import { isFinal } from '../contracts/status.ts';
import { findLackingVariables } from '../planning/find-lacking-variables.ts';
import type { ProcessRecord, RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import { continueRun } from './continue-run.ts';
import type { Host, Session } from './host.ts';
import { isOfThisAttempt, reconcileRun } from './reconcile-run.ts';
import type { RunHandle } from './stet.ts';
import { readStoredPlan } from './stored-plan.ts';
import { superviseRun } from './supervise-run.ts';

const LOOK_INTERVAL_MS = 1_000;
const RECONCILE_INTERVAL_MS = 60_000;
/** Runs with queues of their own that one process works on at once; the others wait for it, or for another process. */
const MAX_RUNS = 16;
/** How often whoever looks after shared runs leaves a sign that it is at work. */
const SIGN_INTERVAL_MS = 2_000;
/** Whoever leaves none for so long has lost that duty: it was stopped, or sleeps with its machine. */
const LONGEST_SILENCE_MS = 6_000;
/** A task may have been handed to a worker in the moment of its death: looked at again for so long. */
const DYING_MS = 5_000;

export interface KeepGoingOptions {
  readonly host: Host;
  readonly store: Store;
  readonly session: Session;
  /** From which a run's models take their secrets. */
  readonly findEnvironment: (run: RunRecord) => Readonly<Record<string, string | undefined>>;
  /** How often runs are looked at that Temporal may have ended: every minute, unless a test has less time. */
  readonly reconcileIntervalMs?: number;
}

export interface KeptGoing {
  /** Takes no further run, and drains those that it works on: they stay open. */
  stop(): Promise<void>;
}

/**
 * Keeps the open runs of a store going that nobody sits in front of (design 3.2): takes up each one whose owner has died
 * or that was left to whoever comes, and works on it until it has ended or this is stopped.
 *
 * Of all processes that do so, one at a time also looks after the runs that workers share: it gives back what dead workers
 * held, records the end of what was terminated or deleted, and starts again what Temporal has lost. It loses that duty when
 * it leaves no sign for a few seconds, though it lives: a process that sleeps would keep the work of a dead one from
 * everybody. When it wakes up, two of them may finish what they were at, which does no harm: what they record is said of
 * one attempt of a run and is checked in the transaction that records it, and Temporal takes each answer and each start
 * once.
 */
export function keepRunsGoing(options: KeepGoingOptions): KeptGoing {
  const { host, store, session, findEnvironment } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  /** Undefined while a run is being taken up, which may take as long as it has to wait for others. */
  const taken = new Map<string, RunHandle | undefined>();
  const beginnings = new Set<Promise<void>>();
  const said = new Map<string, string>();
  const lookAfter = createCaretaker(options);

  const sayOnce = (runId: string, line: string): void => {
    if (said.get(runId) !== line && !signal.aborted) host.onNotice(line);
    said.set(runId, line);
  };

  const takeUpRuns = async (): Promise<void> => {
    const processes = await store.runs.listProcesses();
    const alive = new Set(processes.filter((one) => host.isProcessAlive(one)).map(({ processId }) => processId));
    for (const run of await store.runs.findOpenRuns()) {
      const { runId, workQueue, ownerId } = run;
      if (signal.aborted || taken.size >= MAX_RUNS) return;
      if (workQueue !== null || taken.has(runId) || (ownerId !== null && alive.has(ownerId))) continue;
      // One that cannot be taken up, or has to wait for another, keeps nobody from the next.
      taken.set(runId, undefined);
      const beginning = takeUp(run)
        .catch((error: unknown) => sayOnce(runId, `Could not take up run ${runId}: ${describe(error)}`))
        .finally(() => {
          beginnings.delete(beginning);
          if (taken.get(runId) === undefined) taken.delete(runId);
        });
      beginnings.add(beginning);
    }
  };

  const takeUp = async (run: RunRecord): Promise<void> => {
    const { runId, evaluationKey } = run;
    const environment = findEnvironment(run);
    const lacking = findLackingVariables((await readStoredPlan(store, run)).plan, environment);
    if (lacking.length > 0) {
      sayOnce(runId, `Run ${runId} is left alone: it needs ${lacking.join(', ')}, which is not set here.`);
      return;
    }
    if (!(await store.runs.takeRun(runId, session.processId, (owner) => host.isProcessAlive(owner)))) return;
    sayOnce(runId, `Taking up run ${runId} of ${evaluationKey}.`);
    try {
      const mine = await store.runs.getRun(runId);
      const handle = await superviseRun({ host, store, run: mine, attached: true, frozen: false, environment });
      taken.set(runId, handle);
      handle.result().then(
        ({ status }) => end(runId, `Run ${runId} of ${evaluationKey} is ${status}.`),
        (error: unknown) => end(runId, `Run ${runId} of ${evaluationKey} is left open: ${describe(error)}`),
      );
    } catch (error) {
      await store.runs.releaseRun(runId, session.processId);
      throw error;
    }
  };

  const end = (runId: string, line: string): void => {
    taken.delete(runId);
    sayOnce(runId, line);
  };

  const looking = [takeUpRuns, lookAfter].map((look) => repeat(signal, LOOK_INTERVAL_MS, host, look));
  return {
    async stop() {
      stopping.abort();
      await Promise.all([...looking, ...beginnings]);
      await Promise.all([...taken.values()].flatMap((handle) => (handle === undefined ? [] : [handle.drain()])));
    },
  };
}

/** The work of the one process that looks after what workers share; does nothing in the others. */
function createCaretaker({ host, store, session, reconcileIntervalMs = RECONCILE_INTERVAL_MS }: KeepGoingOptions) {
  const diedAtMs = new Map<string, number>();
  const watch = createSilenceWatch();
  let reconcileAtMs = 0;
  return async (): Promise<void> => {
    const isAlive = (process: ProcessRecord) => host.isProcessAlive(process);
    const now = performance.now();
    const keepsIt = (holder: ProcessRecord, sign: string) =>
      isAlive(holder) && watch.measureSilence(`${holder.processId} ${sign}`, now) < LONGEST_SILENCE_MS;
    const sign = String(Math.floor(now / SIGN_INTERVAL_MS));
    if (!(await store.runs.takeDuty('caretaker', session.processId, keepsIt, sign))) return;
    const dead = (await store.runs.listProcesses()).filter((process) => !isAlive(process));
    for (const { processId } of dead) if (!diedAtMs.has(processId)) diedAtMs.set(processId, now);
    const isAnyDying = dead.some(({ processId }) => now - (diedAtMs.get(processId) ?? 0) < DYING_MS);
    const isDue = now >= reconcileAtMs;
    if (!isAnyDying && !isDue) return;
    const shared = (await store.runs.findOpenRuns()).filter(({ workQueue }) => workQueue !== null);
    if (isAnyDying) for (const { runId } of shared) await session.recover(runId);
    if (!isDue) return;
    reconcileAtMs = now + reconcileIntervalMs;
    for (const run of shared) await reconcile(session, store, run);
  };
}

/** Measures by this process's own clock for how long a sign has not changed: clocks of two machines may differ. */
function createSilenceWatch() {
  let last: string | undefined;
  let sinceMs = 0;
  return {
    measureSilence(sign: string, nowMs: number): number {
      if (sign !== last) [last, sinceMs] = [sign, nowMs];
      return nowMs - sinceMs;
    },
  };
}

/** What is open stays as it is; what Temporal ended is recorded; what it lost, or never got, is started. */
async function reconcile(session: Session, store: Store, { runId }: RunRecord): Promise<void> {
  const run = await store.runs.getRun(runId);
  if (isFinal(run.status)) return;
  const state = await session.describe(runId);
  if (state.state === 'open') return;
  if (isOfThisAttempt(run, state, session)) await reconcileRun(session, store, run, state);
  else await continueRun(session, store, run);
}

/** Goes on whatever fails: a server or a store that is away is back some time. */
async function repeat(
  signal: AbortSignal,
  intervalMs: number,
  host: Pick<Host, 'onNotice'>,
  look: () => Promise<void>,
): Promise<void> {
  let complaint = '';
  while (!signal.aborted) {
    try {
      await look();
      complaint = '';
    } catch (error) {
      if (describe(error) !== complaint && !signal.aborted)
        host.onNotice(`Could not look after runs: ${describe(error)}`);
      complaint = describe(error);
    }
    await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
