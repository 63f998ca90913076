import { override } from '../override.ts';
import type { SpendingLedger } from '../spending.ts';
import type { Store } from '../store.ts';
import { isImported } from './import-result.ts';

/** What runs spend in a store over one that is only read: shared ones can be looked at, and spend nothing here. */
export function createOverlaySpendingLedger(own: Store, shared: Store): SpendingLedger {
  return override(own.spending, {
    async find(runId) {
      const [run] = await own.runs.findRuns([runId]);
      return run === undefined || isImported(run) ? shared.spending.find(runId) : own.spending.find(runId);
    },
  });
}
