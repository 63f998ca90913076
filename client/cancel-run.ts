import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { makeEvaluationWorkflowId } from '../contracts/ids.ts';
import { isFinal } from '../contracts/status.ts';
import type { ProcessRecord, RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import type { Host, Session } from './host.ts';
import { reconcileEnded, reconcileRun } from './reconcile-run.ts';
import { requestCancel } from './request-cancel.ts';
import { waitForRunEnd } from './wait-for-run-end.ts';

/** Between two looks whether the owner of a run that is being cancelled has died. */
const RECOVER_INTERVAL_MS = 1_000;

/** Cancels a run from elsewhere: spends nothing, since only its owner polls its work queue. */
export async function cancelRun(host: Host, store: Store, run: RunRecord): Promise<void> {
  const session = await host.openSession();
  await refuseElsewhere(host, session, store, run);
  await endRun(host, session, store, run);
}

/** The Temporal that Stet brings is one machine's; of a run that another one works on it knows nothing. */
async function refuseElsewhere(host: Host, session: Session, store: Store, { runId }: RunRecord): Promise<void> {
  if (session.temporal !== 'embedded') return;
  const owner = await findLiveOwner(host, store, runId);
  if (owner === undefined || owner.host === hostname()) return;
  if ((await session.describe(runId)).state !== 'unknown') return;
  throw new EvaluationError(
    'usage',
    `Run ${runId} is being worked on by host ${owner.host}, with a Temporal of its own.`,
    {
      hint: `Cancel it there: \`stet cancel ${runId}\`.`,
    },
  );
}

/** Cancels an open run and waits until its end is recorded. */
export async function endRun(host: Host, session: Session, store: Store, run: RunRecord): Promise<void> {
  const { runId } = run;
  if (isFinal((await reconcileEnded(session, store, run)).status)) return;
  if ((await session.describe(runId)).state !== 'open') {
    await reconcileRun(session, store, await store.runs.getRun(runId), { state: 'unknown' }); // not begun
    return;
  }
  await requestCancel(session, makeEvaluationWorkflowId({ storeId: session.storeId, runId }));
  const over = new AbortController();
  const ended = waitForRunEnd(session, store, runId).finally(() => over.abort());
  while (!over.signal.aborted) {
    // Segments started on dead workers cannot hear of the cancel; its owner may also die meanwhile.
    if ((await findLiveOwner(host, store, runId)) === undefined) await session.recover(runId);
    await sleep(RECOVER_INTERVAL_MS, undefined, { signal: over.signal }).catch(() => undefined);
  }
  await ended;
}

async function findLiveOwner(host: Host, store: Store, runId: string): Promise<ProcessRecord | undefined> {
  const { ownerId } = await store.runs.getRun(runId);
  const owner = (await store.runs.listProcesses()).find(({ processId }) => processId === ownerId);
  return owner !== undefined && host.isProcessAlive(owner) ? owner : undefined;
}
