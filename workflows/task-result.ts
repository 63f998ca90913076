import { ApplicationFailure, type TemporalFailure } from '@temporalio/common';
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import { outputsLostFailure, type SegmentInput } from '../contracts/activities.ts';
import type { Verdict } from '../contracts/cache-policy.ts';
import type { TaskResultInput, TaskResultOutcome } from '../contracts/workflow-inputs.ts';
import { storeActivities, workActivitiesOn } from './activity-proxies.ts';
import { catchFailure } from './catch-failure.ts';
import { describeFailure } from './describe-failure.ts';
import { runLanes } from './run-lanes.ts';

/**
 * One task result: decide → solve → score → metrics → publish. Its workflow id is the lock of its key.
 *
 * @returns `published`, or the verdict found under the lock where it is not the one this id was started for; also `none`
 *   where solver outputs that were taken over turned out to be lost.
 */
export async function taskResultWorkflow(input: TaskResultInput): Promise<TaskResultOutcome> {
  const { taskResultId, key, planRef } = input;
  const by = input.attempt === undefined ? {} : { attempt: input.attempt };
  let outcome: TaskResultOutcome = 'published';
  const failure = await catchFailure(async () => {
    const decided = await decide(input);
    if (decided !== input.expected) {
      outcome = decided;
      return;
    }
    await runStages(input);
    // Not cancellable: a cancel that arrives now came too late, and the result is complete.
    await CancellationScope.nonCancellable(() =>
      storeActivities.publishTaskResult({ taskResultId, ...by, key, planRef }),
    );
  });
  if (failure === undefined) return outcome;
  // The work that is left needs the lock of the solver key: for the parent to take.
  if (areOutputsLost(failure)) return 'none';
  await CancellationScope.nonCancellable(() =>
    storeActivities.recordTaskResultEnd({
      taskResultId,
      ...by,
      status: isCancellation(failure) ? 'cancelled' : 'failed',
      error: isCancellation(failure) ? null : describeFailure(failure),
    }),
  );
  throw failure;
}

function areOutputsLost(failure: TemporalFailure): boolean {
  const { cause } = failure;
  return cause instanceof ApplicationFailure && cause.type === outputsLostFailure;
}

/** A continued workflow holds the id since its first run and does not decide again. */
async function decide(input: TaskResultInput): Promise<Verdict> {
  const { stage, runId, planRef, policy, expected } = input;
  if (stage !== 'decide') return expected;
  const { key, taskResultId, solverKey, resultKey, segmentCount, attempt } = input;
  const by = attempt === undefined ? {} : { attempt };
  const task = { key, taskResultId, solverKey, resultKey, segmentCount, ...by };
  return storeActivities.decideReuse({ runId, planRef, policy, task, expected });
}

async function runStages(input: TaskResultInput): Promise<void> {
  let stage: 'solve' | 'score' =
    input.stage === 'decide' ? (input.expected === 'none' ? 'solve' : 'score') : input.stage;
  let next = await runSegments(input, stage, input.nextSegment);
  if (stage === 'solve' && next === input.segmentCount) {
    stage = 'score';
    next = await runSegments(input, stage, 0);
  }
  if (next === input.segmentCount) {
    await workActivitiesOn(input.queues).computeMetrics(toWork(input));
    return;
  }
  await condition(allHandlersFinished);
  await continueAsNew<typeof taskResultWorkflow>({ ...input, stage, nextSegment: next });
}

/** Runs segments from `from` on; returns the first one not run, exact because all lanes are idle by then. */
async function runSegments(input: TaskResultInput, stage: 'solve' | 'score', from: number): Promise<number> {
  const { segmentCount } = input;
  const work = workActivitiesOn(input.queues);
  const runSegment = stage === 'solve' ? work.solveSegment : work.scoreSegment;
  let next = from;
  let done = from;
  await runLanes(Math.min(input.window, Math.max(segmentCount - from, 0)), async () => {
    while (next < segmentCount && !workflowInfo().continueAsNewSuggested) {
      const segmentIndex = next++;
      await runSegment.executeWithOptions({ summary: `${stage} segment ${segmentIndex}` }, [
        { ...toWork(input), segmentIndex },
      ]);
      setCurrentDetails(`${stage}: **${++done}** / ${segmentCount} segments`);
    }
  });
  return next;
}

function toWork({ taskResultId, attempt, key, planRef }: TaskResultInput): Omit<SegmentInput, 'segmentIndex'> {
  return { taskResultId, ...(attempt === undefined ? {} : { attempt }), key, planRef };
}
