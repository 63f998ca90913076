import {
  ApplicationFailure,
  ChildWorkflowFailure,
  TemporalFailure,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/common';
import {
  CancellationScope,
  ChildWorkflowCancellationType,
  condition,
  executeChild,
  isCancellation,
  ParentClosePolicy,
  patched,
} from '@temporalio/workflow';
import type { Verdict } from '../contracts/cache-policy.ts';
import { makeTaskResultWorkflowId } from '../contracts/ids.ts';
import type { EvaluationInput, PlannedTask, TaskResultInput, TaskResultOutcome } from '../contracts/workflow-inputs.ts';
import { storeActivities, waitActivitiesOn } from './activity-proxies.ts';
import { catchFailure } from './catch-failure.ts';
import { describeFailure } from './describe-failure.ts';
import { runLanes } from './run-lanes.ts';
import { taskResultWorkflow } from './task-result.ts';

/** Task results that wait outside the lanes; each is a pending activity, of which a workflow may have 2,000. */
const MAX_WAITING = 500;

type Work = readonly [task: PlannedTask, verdict: Exclude<Verdict, 'full'>];

/** One evaluation run: check the cache, run what is not there, record the end. */
export async function evaluationWorkflow(input: EvaluationInput): Promise<void> {
  const { runId } = input;
  const by = input.attempt === undefined ? {} : { attempt: input.attempt };
  const failure = await catchFailure(async () => {
    await storeActivities.recordRunStarted({ runId, ...by });
    await runTasks(input);
  });
  const failed = failure !== undefined && !isCancellation(failure);
  // The store derives the status from the task results: a cancel that came after the last of them changes nothing.
  const error = failed ? describeFailure(failure) : null;
  const status = await CancellationScope.nonCancellable(() =>
    storeActivities.recordRunEnd({ runId, ...by, failed, error }),
  );
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
  const limit = Math.min(input.maxParallelTasks, Math.max(input.tasks.length, 1));
  /** Groups begun and not over; those of them that work, and those that wait for another run; lanes to take them. */
  let [begun, working, waiting, lanes] = [0, 0, 0, 0];
  await runLanes(limit, async (addLane) => {
    lanes++;
    for (;;) {
      await condition(() => (queue.length > 0 && working < limit) || begun === 0);
      const [first, ...siblings] = (working < limit ? queue.shift() : undefined) ?? [];
      if (first === undefined) {
        // Woken together with others, who took what there was. A lane that ended here would be missed later.
        if (begun > 0 && patched('lanes-stay')) continue;
        lanes--;
        return;
      }
      begun++;
      working++;
      await runTask(first, input, wait);
      if (siblings.length > 0)
        queue.unshift(
          ...(await findWork(
            siblings.map(([task]) => task),
            input,
          )),
        );
      working--;
      begun--;
    }

    /** Who waits for another run gives its lane to what can go on, and takes it back when there is something to do. */
    async function wait(until: () => Promise<Verdict>): Promise<Verdict> {
      if (waiting === MAX_WAITING || !patched('waits-outside-lanes')) return until();
      waiting++;
      working--;
      if (lanes - waiting < limit) addLane();
      const verdict = await until();
      waiting--;
      if (verdict !== 'full') await condition(() => working < limit);
      working++;
      return verdict;
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
async function runTask(
  [task, first]: Work,
  input: EvaluationInput,
  wait: (until: () => Promise<Verdict>) => Promise<Verdict>,
): Promise<void> {
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
        const { taskResultId, attempt } = task;
        const by = attempt === undefined ? {} : { attempt };
        // Cancelled before it was started, it has no execution; the newest under its id may be anybody's.
        const executionId = error instanceof ChildWorkflowFailure ? error.execution.runId : null;
        const child = { taskResultId, ...by, workflowId, ...(executionId === undefined ? {} : { executionId }) };
        // The child's status comes from the store, never from the failure: it may have published and then been cut off.
        await CancellationScope.nonCancellable(() => storeActivities.settleTaskResult(child));
        if (CancellationScope.current().consideredCancelled) throw error;
        return;
      }
      verdict = await wait(async () => {
        await waitActivitiesOn(queues).waitWhileWorkflowOpen.executeWithOptions(
          { summary: `waiting for ${workflowId}`.slice(0, 200) },
          [{ workflowId, taskResultId: task.taskResultId }],
        );
        const [found = 'none'] = await storeActivities.checkReuse({ runId, planRef, policy, tasks: [task] });
        return found;
      });
    }
  }
}
