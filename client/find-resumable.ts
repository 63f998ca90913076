import type { BuiltPlan } from '../planning/build-plan.ts';
import type { Store } from '../storage/store.ts';
import { countStanding } from './count-standing.ts';
import type { PlanDocument } from './run-document.ts';
import type { ResumableRun } from './stet.ts';

/**
 * The newest run of a plan, where that has failed or was cancelled; a later one that completed, or is under way, makes an
 * earlier one moot, and so does a store from which everything would be taken.
 */
export async function findResumable(
  store: Store,
  { plan, planDigest }: BuiltPlan,
  document: PlanDocument,
): Promise<ResumableRun | undefined> {
  const anew = document.model_queries.sent;
  if (anew === 0) return undefined;
  const newest = await store.runs.findNewestRun(planDigest);
  if (newest === undefined || newest.endedAt === null) return undefined;
  const { runId, status, endedAt } = newest;
  if (status !== 'failed' && status !== 'cancelled') return undefined;
  const queries = await countStanding(store, runId, plan, document);
  return { run: runId, status, ended_at: endedAt, queries: { ...queries, anew } };
}
