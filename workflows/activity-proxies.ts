import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type {
  PlanningActivities,
  ScheduleActivities,
  StoreActivities,
  WaitActivities,
  WorkActivities,
} from '../contracts/activities.ts';
import { makePlanningQueue } from '../contracts/ids.ts';
import type { Queues } from '../contracts/workflow-inputs.ts';

const DAY_MS = 86_400_000;

/** On the workflow's own queue. The heartbeat finds a store activity that died with a neighbour's process. */
export const storeActivities = proxyActivities<StoreActivities>({
  startToCloseTimeout: 60_000,
  heartbeatTimeout: 5_000,
  retry: { initialInterval: 200, maximumInterval: 10_000 },
});

export function waitActivitiesOn(queues: Queues) {
  return proxyActivities<WaitActivities>({
    taskQueue: queues.wait,
    startToCloseTimeout: 30 * DAY_MS,
    heartbeatTimeout: 10_000,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: { initialInterval: 200, maximumInterval: 10_000 },
  });
}

/**
 * No schedule-to-close time-out and no bound on attempts: each drain, each take-up and each sleep of the machine uses an
 * attempt, and wall time passes while it is off. What must not repeat is thrown non-retryably.
 */
export function workActivitiesOn(queues: Queues) {
  return proxyActivities<WorkActivities>({
    taskQueue: queues.work,
    startToCloseTimeout: 7 * DAY_MS,
    heartbeatTimeout: 30_000,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: 200, maximumInterval: 30_000 },
  });
}

/** On the workflow's own queue; judging alerts may read all scores of two runs. */
export const scheduleActivities = proxyActivities<ScheduleActivities>({
  startToCloseTimeout: 60 * 60_000,
  heartbeatTimeout: 10_000,
  retry: { initialInterval: 200, maximumInterval: 10_000 },
});

/** Where the run file lies; it waits there for as long as nobody works at that place. */
export function planningActivitiesOn(storeId: string) {
  return proxyActivities<PlanningActivities>({
    taskQueue: makePlanningQueue(storeId),
    startToCloseTimeout: DAY_MS,
    heartbeatTimeout: 30_000,
    retry: { initialInterval: 1_000, maximumInterval: 30_000 },
  });
}
