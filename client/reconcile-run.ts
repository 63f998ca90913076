import { isFinal } from '../contracts/status.ts';
import type { RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import { endChildren } from './end-children.ts';
import type { Session, WorkflowState } from './host.ts';

/**
 * Records the end of a run whose workflow ended without saying so: terminated or deleted means `cancelled`, ended by a
 * limit of Temporal `failed` (design 3.2). Changes nothing where the end is recorded, or where a later attempt than that of
 * `run` is under way: `state` is about the one that was judged by it.
 */
export async function reconcileRun(
  session: Session,
  store: Store,
  { runId, attempt }: RunRecord,
  state: Exclude<WorkflowState, { readonly state: 'open' }>,
): Promise<void> {
  const run = await store.runs.getRun(runId);
  if (isFinal(run.status) || run.attempt !== attempt) return;
  await endChildren(session, store, run, state.state === 'closed' ? state.executionId : undefined);
  const failed = state.state === 'closed' && state.status === 'failed';
  await store.runs.recordRunEnd(runId, { failed, error: failed ? state.error : null, attempt });
}

/**
 * The run as it is after a look at Temporal: for whoever is about to take it up. One whose workflow is open, was lost with
 * Temporal's database, or has not been started yet in this attempt stays open.
 */
export async function reconcileEnded(session: Session, store: Store, run: RunRecord): Promise<RunRecord> {
  if (isFinal(run.status)) return run;
  const state = await session.describe(run.runId);
  if (state.state === 'open' || !isOfThisAttempt(run, state, session)) return run;
  await reconcileRun(session, store, run, state);
  return store.runs.getRun(run.runId);
}

/**
 * Whether what Temporal says of a run's workflow is about the attempt that the store has open. If not, that attempt has not
 * begun there, or was lost with Temporal's database, and is to be started.
 */
export function isOfThisAttempt(
  run: RunRecord,
  state: Exclude<WorkflowState, { readonly state: 'open' }>,
  { databaseWholeSince }: Session,
): boolean {
  const isKnown = run.status === 'running' && Date.parse(run.startedAt) >= Date.parse(databaseWholeSince);
  if (state.state === 'unknown') return isKnown;
  // A run says that it runs when its workflow does. Before that, and where Temporal lost what it was told last, the closed
  // one may be that of the attempt before.
  return isKnown || Date.parse(state.startedAt) >= Date.parse(run.startedAt);
}
