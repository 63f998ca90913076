import type { ScheduleActivities } from '../contracts/activities.ts';
import { judgeAlerts } from '../planning/judge-alerts.ts';
import type { Store } from '../storage/store.ts';

/** A run that was resumed is judged again, by what it has become. */
export function createJudgeAlerts({ store }: { readonly store: Store }): ScheduleActivities['judgeAlerts'] {
  return async ({ runId }) => {
    const run = await store.runs.getRun(runId);
    if (run.alerts === null) return;
    const findings = await judgeAlerts(store, run, run.alerts);
    await store.schedules.recordAlerts(runId, { ...run.alerts, findings });
  };
}
