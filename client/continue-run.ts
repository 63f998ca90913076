import { isFinal } from '../contracts/status.ts';
import type { RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import type { Session } from './host.ts';
import { reconcileEnded } from './reconcile-run.ts';
import { startWorkflow } from './start-workflow.ts';

/**
 * Starts, or goes on. A run that was running and whose workflow was closed or deleted meanwhile is settled; one whose
 * workflow was lost with Temporal's database, or that a `resume` opened again, is started from its stored plan.
 */
export async function continueRun(session: Session, store: Store, run: RunRecord): Promise<void> {
  await session.recover(run.runId);
  const present = await reconcileEnded(session, store, run);
  if (!isFinal(present.status)) await startWorkflow(session, store, present);
}
