import type { PlanningActivities } from '../../contracts/activities.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { makeWorkQueue } from '../../contracts/ids.ts';
import { checkAlert } from '../../evaluation/alerts/find-targets.ts';
import { parseAlert } from '../../evaluation/alerts/parse-alert.ts';
import { beginFiring, recordFailedFiring } from '../../planning/begin-firing.ts';
import type { Store } from '../../storage/store.ts';
import { makePlanDocument } from '../make-plan-document.ts';
import { type RunContext, storePlan } from '../run-context.ts';
import { buildSound, securePlan } from '../secure-plan.ts';
import { requirePolicy } from './add-schedule.ts';

/** Plans the firings of schedules that track their file: reads file and data as they are now. */
export function createPlanningActivities(context: RunContext, store: Store): PlanningActivities {
  return {
    async planScheduledRun(firing) {
      const schedule = await store.schedules.find(firing.schedule);
      const { file, tracks, origin, alerts } = schedule?.definition ?? {};
      if (schedule === undefined || file === undefined || file === null || !tracks) return null;
      const envFile = origin?.['env_file'];
      const options = { ...tracks.overrides, ...(typeof envFile === 'string' ? { envFile } : {}) };
      try {
        const resolved = await context.resolve(file, options);
        requirePolicy(resolved);
        const built = await buildSound(context, resolved, store, options, (plan) =>
          makePlanDocument(plan, store, Date.now()),
        );
        for (const alert of alerts ?? []) checkAlert(parseAlert(alert), built.plan.tasks);
        const { plan, planDigest } = built;
        const planRef = await storePlan(store, plan);
        const storeId = await store.runs.getStoreId();
        const input = await beginFiring(store, schedule, firing, { plan, planRef, planDigest }, async (runId) =>
          makeWorkQueue(storeId, runId),
        );
        await securePlan(context, { resolved, store, built }, { plan: planRef }, options);
        return input;
      } catch (error) {
        if (error instanceof EvaluationError) await recordFailedFiring(store, firing, error);
        throw error;
      }
    },
  };
}
