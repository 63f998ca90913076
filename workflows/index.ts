// The entry of the workflow bundle: what is exported here is what Temporal can start.
export { evaluationWorkflow } from './evaluation.ts';
export { scheduledEvaluationWorkflow } from './scheduled-evaluation.ts';
export { taskResultWorkflow } from './task-result.ts';
