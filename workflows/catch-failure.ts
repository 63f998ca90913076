import { TemporalFailure } from '@temporalio/common';
import { CancellationScope, ContinueAsNew } from '@temporalio/workflow';

/**
 * The failure that `run` ended with, or undefined. Rethrows what is no failure of the work: continue-as-new, which is
 * control flow, and bugs, for which the workflow task has to fail and be retried after a fix.
 */
export async function catchFailure(run: () => Promise<void>): Promise<TemporalFailure | undefined> {
  try {
    await CancellationScope.cancellable(run);
    return undefined;
  } catch (error) {
    if (error instanceof ContinueAsNew || !(error instanceof TemporalFailure)) throw error;
    return error;
  }
}
