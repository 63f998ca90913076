import type { ModelOutage } from '../contracts/model-outage.ts';
import type { Plan } from '../evaluation/plan.ts';
import type { TaskProgressEvent } from './stet.ts';

/** Adds to the progress of tasks which held models they wait for; only who asks these models knows. */
export function showOutages(
  tasks: readonly TaskProgressEvent[],
  plan: Plan,
  outages: readonly ModelOutage[],
): readonly TaskProgressEvent[] {
  if (outages.length === 0) return tasks;
  const texts = new Map<string, string>(outages.map(({ modelVersion, text }) => [modelVersion, text]));
  return tasks.map((task) => {
    if (task.waitsFor !== null || task.stage === null) return task;
    const text = listModelKeys(plan, task)
      .map((key) => texts.get(plan.models[key]?.version ?? ''))
      .find((found) => found !== undefined);
    return text === undefined ? task : { ...task, waitsFor: text };
  });
}

/** Models that the present stage of a task may ask. */
function listModelKeys(plan: Plan, { key, stage }: TaskProgressEvent): readonly string[] {
  const task = plan.tasks.find((candidate) => candidate.key === key);
  if (task === undefined) return [];
  const judges = task.definition.scorers.flatMap((scorer) => ('model_key' in scorer ? [scorer.model_key] : []));
  // The first segments are scored while the last are solved: without judges only the solver can be what is waited for.
  if (stage === 'score' && judges.length > 0) return judges;
  return task.model_key === undefined ? [] : [task.model_key];
}
