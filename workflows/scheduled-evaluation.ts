import { defineSearchAttributeKey } from '@temporalio/common';
import { upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { listEvaluationAttributes } from '../contracts/evaluation-attributes.ts';
import { makeEvaluationWorkflowId } from '../contracts/ids.ts';
import type { ScheduledEvaluationInput } from '../contracts/workflow-inputs.ts';
import { planningActivitiesOn, scheduleActivities } from './activity-proxies.ts';
import { evaluationWorkflow } from './evaluation.ts';

/** Set by Temporal: when the firing was due, however late it is. */
const dueAttribute = defineSearchAttributeKey('TemporalScheduledStartTime', 'DATETIME');

/**
 * One firing of a schedule: an evaluation whose run is recorded at its beginning. Its arguments are the same each time, so
 * the run's id is the end of the workflow's, to which Temporal adds the time; so this is the run's workflow, and whoever
 * takes the run up finds it under that id.
 */
export async function scheduledEvaluationWorkflow(input: ScheduledEvaluationInput): Promise<void> {
  const { storeId, schedule, tracks, workflowTaskTimeoutMs } = input;
  const { workflowId, startTime, typedSearchAttributes } = workflowInfo();
  const firing = {
    schedule,
    runId: workflowId.slice(makeEvaluationWorkflowId({ storeId, runId: '' }).length),
    scheduledAt: (typedSearchAttributes.get(dueAttribute) ?? startTime).toISOString(),
    workflowTaskTimeoutMs,
  };
  const evaluation = tracks
    ? await planningActivitiesOn(storeId).planScheduledRun(firing)
    : await scheduleActivities.beginScheduledRun(firing);
  if (evaluation === null) return;
  // Others get them when they are started; what is started by a schedule is not known to Temporal before.
  upsertSearchAttributes(listEvaluationAttributes(evaluation));
  await evaluationWorkflow(evaluation);
}
