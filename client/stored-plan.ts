import type { Plan } from '../evaluation/plan.ts';
import type { BuiltPlan } from '../planning/build-plan.ts';
import { makePlanDigest } from '../planning/plan-digest.ts';
import type { RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';

/** The plan of a recorded run. */
export async function readStoredPlan(store: Pick<Store, 'content'>, run: Pick<RunRecord, 'plan'>): Promise<BuiltPlan> {
  const plan = JSON.parse(new TextDecoder().decode(await store.content.get(run.plan))) as Plan;
  return { plan, planDigest: makePlanDigest(plan), warnings: [] };
}

/** After a cancel nothing is in flight for longer. */
export function findLongestTimeoutMs(plan: Plan): number {
  return 1_000 * Math.max(0, ...Object.values(plan.models).map(({ model }) => model.request_timeout));
}
