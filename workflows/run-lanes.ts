import { CancellationScope } from '@temporalio/workflow';

/**
 * Runs `count` lanes to their end. When one fails, the others are cancelled and drained before the failure goes on: a
 * failed sibling does not cancel them by itself, and `Promise.all` would leave them running.
 */
export async function runLanes(count: number, lane: () => Promise<void>): Promise<void> {
  const scope = CancellationScope.current();
  const lanes = Array.from({ length: count }, lane);
  try {
    await Promise.all(lanes);
  } catch (error) {
    scope.cancel();
    await Promise.allSettled(lanes);
    throw error;
  }
}
