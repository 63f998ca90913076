import type { Digest } from '../contracts/digest.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { Plan, PlannedTaskSpecification } from '../evaluation/plan.ts';
import type { ContentStore } from '../storage/content-store.ts';
import { readPlanned } from './read-planned.ts';

const CAPACITY = 8;

/** Reads each plan once per process. */
export interface PlanCache {
  getPlan(planRef: Digest): Promise<Plan>;
  getTask(planRef: Digest, key: string): Promise<{ readonly plan: Plan; readonly task: PlannedTaskSpecification }>;
}

export function createPlanCache(content: ContentStore): PlanCache {
  const plans = new Map<Digest, Promise<Plan>>();
  const getPlan = (planRef: Digest): Promise<Plan> => {
    const known = plans.get(planRef);
    if (known !== undefined) return known;
    const loading = readPlanned('Pieces of the plan', () => content.get(planRef)).then(
      (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as Plan,
    );
    plans.set(planRef, loading);
    loading.catch(() => plans.delete(planRef));
    const [oldest] = plans.keys();
    if (plans.size > CAPACITY && oldest !== undefined) plans.delete(oldest);
    return loading;
  };
  return {
    getPlan,
    async getTask(planRef, key) {
      const plan = await getPlan(planRef);
      const task = plan.tasks.find((candidate) => candidate.key === key);
      if (task === undefined) throw new EvaluationError('internal', `The plan has no task specification "${key}".`);
      return { plan, task };
    },
  };
}
