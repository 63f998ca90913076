import { CancellationScope } from '@temporalio/workflow';

/**
 * Runs `count` lanes to their end, and those that a lane adds. When one fails, the others are cancelled and drained before
 * the failure goes on: a failed sibling does not cancel them by itself, and `Promise.all` would leave them running.
 */
export async function runLanes(count: number, lane: (addLane: () => void) => Promise<void>): Promise<void> {
  const scope = CancellationScope.current();
  const lanes: Promise<void>[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      let open = 0;
      const addLane = (): void => {
        open++;
        const added = lane(addLane);
        lanes.push(added);
        added.then(() => {
          if (--open === 0) resolve();
        }, reject);
      };
      for (let index = 0; index < count; index++) addLane();
      if (count === 0) resolve();
    });
  } catch (error) {
    scope.cancel();
    await Promise.allSettled(lanes);
    throw error;
  }
}
