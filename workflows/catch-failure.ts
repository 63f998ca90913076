import { ActivityFailure, CancelledFailure, RetryState, TemporalFailure } from '@temporalio/common';
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
    // Given back by a dead worker, or interrupted, just as the cancel came: it would have been tried again but for that.
    if (error instanceof ActivityFailure && error.retryState === RetryState.CANCEL_REQUESTED) {
      return new CancelledFailure('Cancelled while an activity was to be tried again.', [], error);
    }
    return error;
  }
}
