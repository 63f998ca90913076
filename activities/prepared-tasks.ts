import type { Digest } from '../contracts/digest.ts';
import type { Plan, PlannedTaskSpecification } from '../evaluation/plan.ts';
import { createSampleScorer, type ScoreSample } from '../evaluation/score-sample.ts';
import { createSampleSolver, type SolveSample } from '../evaluation/solve-sample.ts';
import type { Models } from '../models/models.ts';
import { createRowReader, type RowReader } from '../planning/datasets/read-rows.ts';
import type { ContentStore } from '../storage/content-store.ts';
import type { PlanCache } from './plan-cache.ts';

/** A task specification with what its segments share: compiled templates, and the manifest of its rows. */
export interface PreparedTask {
  readonly plan: Plan;
  readonly task: PlannedTaskSpecification;
  readonly rows: RowReader;
  readonly solveSample: SolveSample;
  readonly scoreSample: ScoreSample;
}

export type GetPreparedTask = (planRef: Digest, key: string) => Promise<PreparedTask>;

const CAPACITY = 64;

/** Prepares each task specification once per worker, and makes the limits of a plan's models known before the first query. */
export function createPreparedTasks(dependencies: {
  readonly content: ContentStore;
  readonly plans: PlanCache;
  readonly models: Models;
}): GetPreparedTask {
  const { content, plans, models } = dependencies;
  const prepared = new Map<string, Promise<PreparedTask>>();
  const prepare = async (planRef: Digest, key: string): Promise<PreparedTask> => {
    const { plan, task } = await plans.getTask(planRef, key);
    models.declare(Object.values(plan.models), { outagePatienceMs: 1_000 * plan.limits.outage_patience_s });
    return {
      plan,
      task,
      rows: createRowReader(content, task.dataset.manifest),
      solveSample: createSampleSolver(task.definition, { numTrials: task.run_config.num_trials }),
      scoreSample: createSampleScorer(task.definition),
    };
  };
  return (planRef, key) => {
    const name = `${planRef} ${key}`;
    const known = prepared.get(name);
    if (known !== undefined) return known;
    const preparing = prepare(planRef, key);
    prepared.set(name, preparing);
    preparing.catch(() => prepared.delete(name));
    const [oldest] = prepared.keys();
    if (prepared.size > CAPACITY && oldest !== undefined) prepared.delete(oldest);
    return preparing;
  };
}
