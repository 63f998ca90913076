import type { ScheduleActivities } from '../contracts/activities.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { beginFiring, recordFailedFiring } from '../planning/begin-firing.ts';
import type { Store } from '../storage/store.ts';
import type { PlanCache } from './plan-cache.ts';

/** The run of a firing, from the plan that the schedule was made with: nothing is read but the store. */
export function createBeginScheduledRun({
  store,
  plans,
  chooseWorkQueue,
}: {
  readonly store: Store;
  readonly plans: PlanCache;
  /** Task queue for the work of a run that nobody sits in front of. */
  readonly chooseWorkQueue: (runId: string) => Promise<string>;
}): ScheduleActivities['beginScheduledRun'] {
  return async (firing) => {
    const schedule = await store.schedules.find(firing.schedule);
    if (schedule === undefined) return null;
    const { plan: planRef, definition } = schedule;
    try {
      const plan = await plans.getPlan(planRef);
      return await beginFiring(
        store,
        schedule,
        firing,
        { plan, planRef, planDigest: definition.planDigest },
        chooseWorkQueue,
      );
    } catch (error) {
      if (error instanceof EvaluationError) await recordFailedFiring(store, firing, error);
      throw error;
    }
  };
}
