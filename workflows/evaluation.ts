import {
  ApplicationFailure,
  ChildWorkflowFailure,
  TemporalFailure,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/common';
import {
  allHandlersFinished,
  CancellationScope,
  ChildWorkflowCancellationType,
  condition,
  executeChild,
  isCancellation,
  ParentClosePolicy,
  patched,
  setCurrentDetails,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { ProgressReport } from '../contracts/activities.ts';
import type { Verdict } from '../contracts/cache-policy.ts';
import { makeTaskResultWorkflowId } from '../contracts/ids.ts';
import { makeSearchAttributes, type SearchAttribute, updateSearchAttributes } from '../contracts/search-attributes.ts';
import type {
  EvaluationInput,
  PlannedTask,
  ShownRun,
  TaskResultInput,
  TaskResultOutcome,
} from '../contracts/workflow-inputs.ts';
import { scheduleActivities, storeActivities, waitActivitiesOn } from './activity-proxies.ts';
import { catchFailure } from './catch-failure.ts';
import { describeFailure } from './describe-failure.ts';
import { type EvaluationDetails, renderEvaluationDetails } from './details.ts';
import { followProgress } from './follow-progress.ts';
import { acceptPauses } from './pausing.ts';
import { runLanes } from './run-lanes.ts';
import { taskResultWorkflow } from './task-result.ts';

/** Task results that wait outside the lanes; each is a pending activity, of which a workflow may have 2,000. */
const MAX_WAITING = 500;

type Work = readonly [task: PlannedTask, verdict: Exclude<Verdict, 'full'>];

/** One evaluation run: check the cache, run what is not there, record the end. */
export async function evaluationWorkflow(input: EvaluationInput): Promise<void> {
  const { runId, shown } = input;
  const by = input.attempt === undefined ? {} : { attempt: input.attempt };
  let details: EvaluationDetails = { runId, pausedAt: null, report: null };
  const show = (news: Partial<EvaluationDetails>): void => {
    details = { ...details, ...news };
    setCurrentDetails(renderEvaluationDetails(details));
  };
  const pausing = acceptPauses(runId, (pausedAt) => show({ pausedAt }));
  const failure = await catchFailure(async () => {
    const standing = await storeActivities.recordRunStarted.executeWithOptions({ summary: 'record the start' }, [
      { runId, ...by },
    ]);
    pausing.begin(standing?.pausedAt ?? null);
    await runTasks(input, (report) => show({ report }));
  });
  pausing.end();
  // Before the end is recorded, so that whoever hears of the end finds what the alerts found.
  if (failure === undefined && input.hasAlerts === true) {
    await catchFailure(() => CancellationScope.nonCancellable(() => scheduleActivities.judgeAlerts({ runId })));
  }
  const failed = failure !== undefined && !isCancellation(failure);
  // The store derives the status from the task results: a cancel that came after the last of them changes nothing.
  const error = failed ? describeFailure(failure) : null;
  const ended = await CancellationScope.nonCancellable(() =>
    storeActivities.recordRunEnd.executeWithOptions({ summary: 'record the end' }, [{ runId, ...by, failed, error }]),
  );
  const { status, errors } = typeof ended === 'string' ? { status: ended, errors: null } : ended;
  if (shown !== undefined) {
    upsertSearchAttributes(updateSearchAttributes({ StetStatus: status, StetErrors: errors }));
  }
  // An update that came late has its answer first; in the scope of a cancelled run the wait itself would be a cancel.
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  if (status === 'completed') return;
  if (status === 'cancelled' && failure !== undefined) throw failure;
  throw ApplicationFailure.nonRetryable(`The run is ${status}.`, `evaluation-${status}`);
}

/**
 * Task results of one solver key run one after the other and are looked up again in between: twins are then done, the
 * rest goes on as partial.
 */
async function runTasks(input: EvaluationInput, onReport: (report: ProgressReport) => void): Promise<void> {
  const queue = await findWork(input.tasks, input);
  if (input.shown !== undefined) {
    upsertSearchAttributes(updateSearchAttributes({ StetReuse: combineVerdicts(queue, input.tasks.length) }));
    if (queue.length > 0) followProgress(input.runId, input.queues, onReport);
  }
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

/** One word for all tasks of a run. */
function combineVerdicts(work: readonly Work[][], taskCount: number): Verdict {
  const verdicts = work.flat().map(([, verdict]) => verdict);
  if (verdicts.length === 0) return 'full';
  return verdicts.length === taskCount && verdicts.every((verdict) => verdict === 'none') ? 'none' : 'partial';
}

/** What is not fully reused, grouped by what must not run side by side. */
async function findWork(tasks: readonly PlannedTask[], input: EvaluationInput): Promise<Work[][]> {
  const { runId, planRef, policy } = input;
  const summary = `look up ${tasks.length === 1 ? 'a task' : `${tasks.length} tasks`} in the store`;
  const verdicts = await storeActivities.checkReuse.executeWithOptions({ summary }, [
    { runId, planRef, policy, tasks },
  ]);
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
  const { storeId, runId, planRef, policy, queues, window, workflowTaskTimeoutMs, shown } = input;
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
        ...(shown === undefined ? {} : { shown }),
      };
      const outcome: TaskResultOutcome = await executeChild(taskResultWorkflow, {
        args: [child],
        workflowId,
        staticSummary: `task ${task.key}`.slice(0, 200),
        staticDetails: describeTask(child),
        ...(shown === undefined ? {} : { typedSearchAttributes: listAttributes(child, shown) }),
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
        await CancellationScope.nonCancellable(() =>
          storeActivities.settleTaskResult.executeWithOptions({ summary: `settle task ${task.key}`.slice(0, 200) }, [
            child,
          ]),
        );
        if (CancellationScope.current().consideredCancelled) throw error;
        return;
      }
      verdict = await wait(async () => {
        await waitActivitiesOn(queues).waitWhileWorkflowOpen.executeWithOptions(
          { summary: `waiting for ${workflowId}`.slice(0, 200) },
          [{ workflowId, taskResultId: task.taskResultId }],
        );
        const [found = 'none'] = await storeActivities.checkReuse.executeWithOptions(
          { summary: `look up task ${task.key} in the store`.slice(0, 200) },
          [{ runId, planRef, policy, tasks: [task] }],
        );
        return found;
      });
    }
  }
}

function listAttributes(
  { storeId, key, modelKey, policy, expected, samples }: TaskResultInput,
  { evaluation, trigger }: ShownRun,
): SearchAttribute[] {
  return makeSearchAttributes({
    StetStore: storeId,
    StetEvaluation: evaluation,
    StetTask: key,
    StetModel: modelKey,
    StetStatus: 'running',
    StetReuse: expected,
    StetPolicy: policy,
    StetTrigger: trigger,
    StetSamples: samples,
  });
}

/** What stays true of it, in Markdown. */
function describeTask({ runId, taskResultId, expected, policy }: TaskResultInput): string {
  const work = expected === 'none' ? 'solves and scores' : 'scores solver outputs that stand';
  return `Task result \`${taskResultId}\` of run \`${runId}\`, policy \`${policy}\`: ${work}.`;
}
