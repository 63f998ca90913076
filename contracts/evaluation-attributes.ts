import { makeSearchAttributes, type SearchAttribute } from './search-attributes.ts';
import type { EvaluationInput } from './workflow-inputs.ts';

/** What an evaluation says of itself in Temporal's lists from its start on; nothing where its input does not say. */
export function listEvaluationAttributes({ storeId, policy, tasks, shown }: EvaluationInput): SearchAttribute[] {
  if (shown === undefined) return [];
  const [firstTask] = tasks;
  const isOnlyTask = tasks.length === 1;
  const hasOneModel = tasks.every(({ modelKey }) => modelKey === firstTask?.modelKey);
  return makeSearchAttributes({
    StetStore: storeId,
    StetEvaluation: shown.evaluation,
    StetTask: isOnlyTask ? firstTask?.key : null,
    StetModel: hasOneModel ? firstTask?.modelKey : null,
    StetStatus: 'running',
    StetPolicy: policy,
    StetTrigger: shown.trigger,
    StetSamples: tasks.reduce((sum, { samples = 0 }) => sum + samples, 0),
  });
}

/** What stays true of an evaluation, in Markdown, for the head of its page. */
export function describeEvaluation({ runId, policy, tasks, shown }: EvaluationInput): string {
  const samples = tasks.reduce((sum, task) => sum + (task.samples ?? 0), 0);
  const work = `${tasks.length === 1 ? '1 task' : `${tasks.length} tasks`}, ${samples} samples, policy \`${policy}\``;
  return `Run \`${runId}\`${shown?.trigger === 'schedule' ? ', by a schedule' : ''}: ${work}.`;
}
