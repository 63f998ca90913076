import { ApplicationFailure, TemporalFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  ChildWorkflowCancellationType,
  condition,
  executeChild,
  isCancellation,
  ParentClosePolicy,
} from '@temporalio/workflow';
import type { Verdict } from '../contracts/cache-policy.ts';
import { makeTaskResultWorkflowId } from '../contracts/ids.ts';
import type { EvaluationInput, PlannedTask, TaskResultInput, TaskResultOutcome } from '../contracts/workflow-inputs.ts';
import { storeActivities, waitActivitiesOn } from './activity-proxies.ts';
import { catchFailure } from './catch-failure.ts';
import { describeFailure } from './describe-failure.ts';
import { runLanes } from './run-lanes.ts';
import { taskResultWorkflow } from './task-result.ts';

type Work = readonly [task: PlannedTask, verdict: Exclude<Verdict, 'full'>];

/** One evaluation run: check the cache, run what is not there, record the end. */
export async function evaluationWorkflow(input: EvaluationInput): Promise<void> {
  const { runId } = input;
  const failure = await catchFailure(async () => {
    await storeActivities.recordRunStarted({ runId });
    await runTasks(input);
  });
  const failed = failure !== undefined && !isCancellation(failure);
  // The store derives the status from the task results: a cancel that came after the last of them changes nothing.
  const error = failed ? describeFailure(failure) : null;
  const status = await CancellationScope.nonCancellable(() => storeActivities.recordRunEnd({ runId, failed, error }));
  if (status === 'completed') return;
  if (status === 'cancelled' && failure !== undefined) throw failure;
  throw ApplicationFailure.nonRetryable(`The run is ${status}.`, `evaluation-${status}`);
}

/**
 * Task results of one solver key run one after the other and are looked up again in between: twins are then done, the
 * rest goes on as partial.
 */
async function runTasks(input: EvaluationInput): Promise<void> {
  const queue = await findWork(input.tasks, input);
  let busy = 0;
  await runLanes(Math.min(input.maxParallelTasks, Math.max(input.tasks.length, 1)), async () => {
    for (;;) {
      await condition(() => queue.length > 0 || busy === 0);
      const [first, ...siblings] = queue.shift() ?? [];
      if (first === undefined) return;
      busy++;
      await runTask(first, input);
      if (siblings.length > 0)
        queue.unshift(
          ...(await findWork(
            siblings.map(([task]) => task),
            input,
          )),
        );
      busy--;
    }
  });
}

/** What is not fully reused, grouped by what must not run side by side. */
async function findWork(tasks: readonly PlannedTask[], input: EvaluationInput): Promise<Work[][]> {
  const { runId, planRef, policy } = input;
  const verdicts = await storeActivities.checkReuse({ runId, planRef, policy, tasks });
  const groups = new Map<string, Work[]>();
  tasks.forEach((task, index) => {
    const verdict = verdicts[index] ?? 'none';
    if (verdict === 'full') return;
    const group = policy !== 'reuse' ? task.taskResultId : verdict === 'none' ? task.solverKey : task.resultKey;
    groups.set(group, [...(groups.get(group) ?? []), [task, verdict]]);
  });
  return [...groups.values()];
}

/** Runs a task result, or waits for whoever holds its key and then looks again. */
async function runTask([task, first]: Work, input: EvaluationInput): Promise<void> {
  const { storeId, runId, planRef, policy, queues, window, workflowTaskTimeoutMs } = input;
  let verdict: Verdict = first;
  while (verdict !== 'full') {
    const workflowId = makeTaskResultWorkflowId({ storeId, policy, verdict, ...task });
    try {
      const child: TaskResultInput = {
        ...task,
        storeId,
        runId,
        planRef,
        policy,
        queues,
        window,
        expected: verdict,
        stage: 'decide',
        nextSegment: 0,
      };
      const outcome: TaskResultOutcome = await executeChild(taskResultWorkflow, {
        args: [child],
        workflowId,
        staticSummary: `task ${task.key}`.slice(0, 200),
        workflowTaskTimeout: workflowTaskTimeoutMs,
        // The default would terminate it, which leaves no clean-up.
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
        cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      });
      if (outcome === 'published') return;
      verdict = outcome;
    } catch (error) {
      if (!(error instanceof TemporalFailure)) throw error;
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) {
        const { taskResultId } = task;
        // The child's status comes from the store, never from the failure: it may have published and then been cut off.
        await CancellationScope.nonCancellable(() => storeActivities.settleTaskResult({ taskResultId, workflowId }));
        if (CancellationScope.current().consideredCancelled) throw error;
        return;
      }
      await waitActivitiesOn(queues).waitWhileWorkflowOpen.executeWithOptions(
        { summary: `waiting for ${workflowId}`.slice(0, 200) },
        [{ workflowId, taskResultId: task.taskResultId }],
      );
      [verdict = 'none'] = await storeActivities.checkReuse({ runId, planRef, policy, tasks: [task] });
    }
  }
}
