import type { Plan } from '../evaluation/plan.ts';
import type { NewTaskResult } from '../storage/run-log.ts';
import { makeId } from './make-id.ts';

/** A new task result for each specification of a plan. */
export function makeTaskResults(plan: Plan): readonly NewTaskResult[] {
  return plan.tasks.map((task) => ({
    taskResultId: makeId(),
    key: task.key,
    taskKey: task.task_key,
    solverKey: task.solver_key,
    resultKey: task.result_key,
    segmentCount: task.dataset.segment_count,
    samplesTotal: task.dataset.count,
    solverFingerprint: task.solver_fingerprint,
    resultFingerprint: task.result_fingerprint,
  }));
}
