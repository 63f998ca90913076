import { ApplicationFailure, type TemporalFailure } from '@temporalio/common';
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { outputsLostFailure, type SegmentInput, type SegmentReport } from '../contracts/activities.ts';
import type { Verdict } from '../contracts/cache-policy.ts';
import { type SearchAttributeValues, updateSearchAttributes } from '../contracts/search-attributes.ts';
import type { TaskCounts, TaskResultInput, TaskResultOutcome } from '../contracts/workflow-inputs.ts';
import { storeActivities, workActivitiesOn } from './activity-proxies.ts';
import { catchFailure } from './catch-failure.ts';
import { describeFailure } from './describe-failure.ts';
import { renderTaskDetails } from './details.ts';
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
  const progress: Progress = { counts: input.counts ?? noCounts };
  const say = (values: SearchAttributeValues): void => {
    if (input.shown !== undefined) upsertSearchAttributes(updateSearchAttributes(values));
  };
  let outcome: TaskResultOutcome = 'published';
  const failure = await catchFailure(async () => {
    const decided = await decide(input);
    if (decided !== input.expected) {
      outcome = decided;
      return;
    }
    await runStages(input, progress);
    // Not cancellable: a cancel that arrives now came too late, and the result is complete.
    await CancellationScope.nonCancellable(() =>
      storeActivities.publishTaskResult.executeWithOptions({ summary: 'publish the result' }, [
        { taskResultId, ...by, key, planRef },
      ]),
    );
  });
  if (failure === undefined) {
    if (outcome === 'published') say({ StetStatus: 'completed', StetErrors: progress.counts.errors });
    else say({ StetStatus: null, StetReuse: outcome });
    return outcome;
  }
  // The work that is left needs the lock of the solver key: for the parent to take.
  if (areOutputsLost(failure)) {
    say({ StetStatus: null });
    return 'none';
  }
  const status = await CancellationScope.nonCancellable(() =>
    storeActivities.recordTaskResultEnd.executeWithOptions({ summary: 'record the end' }, [
      {
        taskResultId,
        ...by,
        status: isCancellation(failure) ? 'cancelled' : 'failed',
        error: isCancellation(failure) ? null : describeFailure(failure),
      },
    ]),
  );
  say({ StetStatus: status, StetErrors: progress.counts.errors });
  throw failure;
}

const noCounts: TaskCounts = { solved: 0, scored: 0, errors: 0, queries: { sent: 0, retried: 0 } };

/** Changes as segments are sealed. */
interface Progress {
  counts: TaskCounts;
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
  return storeActivities.decideReuse.executeWithOptions({ summary: 'decide under the lock' }, [
    { runId, planRef, policy, task, expected },
  ]);
}

async function runStages(input: TaskResultInput, progress: Progress): Promise<void> {
  let stage: 'solve' | 'score' =
    input.stage === 'decide' ? (input.expected === 'none' ? 'solve' : 'score') : input.stage;
  let next = await runSegments(input, stage, input.nextSegment, progress);
  if (stage === 'solve' && next === input.segmentCount) {
    stage = 'score';
    next = await runSegments(input, stage, 0, progress);
  }
  if (next === input.segmentCount) {
    showDetails('metrics', input, input.segmentCount, progress.counts);
    const computed = await workActivitiesOn(input.queues).computeMetrics.executeWithOptions(
      { summary: 'compute the metrics' },
      [toWork(input)],
    );
    // What stood was counted by nobody here.
    if (computed?.errors !== undefined) progress.counts = { ...progress.counts, errors: computed.errors };
    return;
  }
  await condition(allHandlersFinished);
  await continueAsNew<typeof taskResultWorkflow>({ ...input, stage, nextSegment: next, counts: progress.counts });
}

/** Runs segments from `from` on; returns the first one not run, exact because all lanes are idle by then. */
async function runSegments(
  input: TaskResultInput,
  stage: 'solve' | 'score',
  from: number,
  progress: Progress,
): Promise<number> {
  const { segmentCount } = input;
  const work = workActivitiesOn(input.queues);
  const runSegment = stage === 'solve' ? work.solveSegment : work.scoreSegment;
  let next = from;
  let done = from;
  showDetails(stage, input, done, progress.counts);
  await runLanes(Math.min(input.window, Math.max(segmentCount - from, 0)), async () => {
    while (next < segmentCount && !workflowInfo().continueAsNewSuggested) {
      const segmentIndex = next++;
      const report = await runSegment.executeWithOptions(
        { summary: `${stage} segment ${segmentIndex + 1} of ${segmentCount}` },
        [{ ...toWork(input), segmentIndex }],
      );
      progress.counts = addReport(progress.counts, stage, report);
      showDetails(stage, input, ++done, progress.counts);
    }
  });
  return next;
}

function showDetails(
  stage: 'solve' | 'score' | 'metrics',
  { samples, segmentCount: total }: TaskResultInput,
  done: number,
  counts: TaskCounts,
): void {
  setCurrentDetails(renderTaskDetails({ stage, segments: { done, total }, samples, counts }));
}

function addReport(counts: TaskCounts, stage: 'solve' | 'score', report: SegmentReport | undefined): TaskCounts {
  if (report === undefined) return counts;
  const { samples, errors, queries } = report;
  return {
    solved: counts.solved + (stage === 'solve' ? samples : 0),
    scored: counts.scored + (stage === 'score' ? samples : 0),
    errors: counts.errors + errors,
    queries: { sent: counts.queries.sent + queries.sent, retried: counts.queries.retried + queries.retried },
  };
}

function toWork({ taskResultId, attempt, key, planRef }: TaskResultInput): Omit<SegmentInput, 'segmentIndex'> {
  return { taskResultId, ...(attempt === undefined ? {} : { attempt }), key, planRef };
}
