import { DeterminismViolationError } from '@temporalio/workflow';
import { expect, it } from 'vitest';
import { makeTaskResultWorkflowId } from '../../contracts/ids.ts';
import type { EvaluationInput, TaskResultInput } from '../../contracts/workflow-inputs.ts';
import { HistoryBuilder } from '../support/history-builder.ts';
import { replay } from '../support/replay.ts';
import type { HistoryJson } from '../support/store-temporal.ts';

// What a run and a task result must answer in every situation that is hard to bring about, and what they must never do
// instead: each story has a twin in which one thing is wrong.

const digest = `sha256:${'0'.repeat(64)}` as const;
const task = { key: 'plain', taskResultId: 'task-result', solverKey: digest, resultKey: digest, segmentCount: 3 };
const input: EvaluationInput = {
  storeId: 'store',
  runId: 'run',
  planRef: digest,
  policy: 'reuse',
  tasks: [task],
  queues: { wait: 'stet/store/wait', work: 'stet/store/run' },
  maxParallelTasks: 16,
  window: 4,
  workflowTaskTimeoutMs: 2_000,
};
const childId = makeTaskResultWorkflowId({ ...input, ...task, verdict: 'none' });

function startEvaluation(): HistoryBuilder {
  return new HistoryBuilder()
    .start('evaluationWorkflow', 'store/evaluation/run', input)
    .turn()
    .activity('recordRunStarted')
    .turn();
}

/** Cancelled while its only child works. */
function cancelled(
  how: { readonly childId?: string; readonly settles?: boolean; readonly records?: boolean } = {},
): HistoryJson {
  const { childId: id = childId, settles = true, records = true } = how;
  const builder = startEvaluation().activity('checkReuse', ['none']).turn();
  const child = builder.beginChild('taskResultWorkflow', id);
  builder.turn().requestCancel().turn().cancelChild('taskResultWorkflow', id, child).turn();
  if (settles) builder.activity('settleTaskResult', 'cancelled').turn();
  if (records) builder.activity('recordRunEnd', 'cancelled').turn();
  return builder.endCancelled().build();
}

/** A policy, a verdict, and the id that has to be the lock. */
function locked(id: string, verdict: 'none' | 'partial'): HistoryJson {
  const builder = startEvaluation().activity('checkReuse', [verdict]).turn();
  builder.beginChild('taskResultWorkflow', id);
  return builder.turn().build();
}

/** What is cancelled before any child has begun. */
function cancelledEarly(during: 'recordRunStarted' | 'checkReuse', records = true): HistoryJson {
  const builder = new HistoryBuilder().start('evaluationWorkflow', 'store/evaluation/run', input).turn();
  if (during === 'checkReuse') builder.activity('recordRunStarted').turn();
  const activity = builder.beginActivity(during);
  // A look-up is not waited for: what it finds makes no difference any more.
  builder.requestCancel().turn().requestActivityCancel(activity);
  if (records) builder.activity('recordRunEnd', 'cancelled').turn();
  return builder.endCancelled().build();
}

/** Another run holds the key; this one waits for it. */
function startWaiting(): { readonly builder: HistoryBuilder; readonly wait: string } {
  const builder = startEvaluation().activity('checkReuse', ['none']).turn();
  builder.refuseChild('taskResultWorkflow', childId).turn();
  return { builder, wait: builder.beginActivity('waitWhileWorkflowOpen') };
}

/** The other run ended without a result, and this one takes over. */
function tookOver(how: { readonly looksAgain?: boolean; readonly childId?: string } = {}): HistoryJson {
  const { looksAgain = true, childId: id = childId } = how;
  const { builder, wait } = startWaiting();
  builder.endActivity(wait).turn();
  if (looksAgain) builder.activity('checkReuse', ['none']).turn();
  const child = builder.beginChild('taskResultWorkflow', id);
  builder.turn().endChild('taskResultWorkflow', id, child, 'published').turn();
  return builder.activity('recordRunEnd', 'completed').turn().endCompleted().build();
}

/** The other run published what this one wanted. */
function waitedForAll(how: { readonly startsChild?: boolean } = {}): HistoryJson {
  const { builder, wait } = startWaiting();
  builder.endActivity(wait).turn().activity('checkReuse', ['full']).turn();
  if (how.startsChild === true) builder.beginChild('taskResultWorkflow', childId);
  else builder.activity('recordRunEnd', 'completed').turn().endCompleted();
  return builder.turn().build();
}

function cancelledWaiting(how: { readonly settles?: boolean } = {}): HistoryJson {
  const { builder, wait } = startWaiting();
  builder.requestCancel().turn().requestActivityCancel(wait);
  // It has no child of its own that could be settled.
  if (how.settles === true) builder.activity('settleTaskResult', 'cancelled').turn();
  return builder.activity('recordRunEnd', 'cancelled').turn().endCancelled().build();
}

/** Somebody terminated the child: the store says what became of it, and the run comes to its end. */
function childTerminated(how: { readonly settles?: boolean } = {}): HistoryJson {
  const builder = startEvaluation().activity('checkReuse', ['none']).turn();
  const child = builder.beginChild('taskResultWorkflow', childId);
  builder.turn().terminateChild('taskResultWorkflow', childId, child).turn();
  if (how.settles !== false) builder.activity('settleTaskResult', 'cancelled').turn();
  return builder.activity('recordRunEnd', 'cancelled').turn().endFailed('evaluation-cancelled').build();
}

/** A child that found a partial result under the lock gives the work back, and it goes on under the other lock. */
function movedOn(how: { readonly secondId?: string } = {}): HistoryJson {
  const { secondId = `store/score/${digest}` } = how;
  const builder = startEvaluation().activity('checkReuse', ['none']).turn();
  const first = builder.beginChild('taskResultWorkflow', childId);
  builder.turn().endChild('taskResultWorkflow', childId, first, 'partial').turn();
  const second = builder.beginChild('taskResultWorkflow', secondId);
  builder.turn().endChild('taskResultWorkflow', secondId, second, 'published').turn();
  return builder.activity('recordRunEnd', 'completed').turn().endCompleted().build();
}

const stages = ['decideReuse', 'solveSegment', 'scoreSegment', 'computeMetrics', 'publishTaskResult'] as const;
type Stage = (typeof stages)[number];

const childInput: TaskResultInput = {
  ...input,
  ...task,
  segmentCount: 1,
  expected: 'none',
  stage: 'decide',
  nextSegment: 0,
};

function startChild(before?: Stage): HistoryBuilder {
  const builder = new HistoryBuilder().start('taskResultWorkflow', childId, childInput).turn();
  for (const stage of stages) {
    if (stage === before) break;
    builder.activity(stage, stage === 'decideReuse' ? 'none' : undefined).turn();
  }
  return builder;
}

/** A task result that is cancelled while that activity runs. */
function cancelledDuring(
  stage: Stage,
  how: { readonly waits?: boolean; readonly records?: boolean } = {},
): HistoryJson {
  const { waits = stage !== 'decideReuse', records = true } = how;
  const builder = startChild(stage);
  const activity = builder.beginActivity(stage);
  builder.requestCancel().turn().requestActivityCancel(activity);
  // Queries in flight finish: the end is recorded when the activity is over, not before.
  if (waits) builder.cancelActivity(activity).turn();
  if (records) builder.activity('recordTaskResultEnd', 'cancelled').turn();
  return builder.endCancelled().build();
}

/** A dead worker's activity is given back to be tried again, just as the cancel comes. */
function cancelledWhileGivenBack(how: { readonly ends?: 'failed' } = {}): HistoryJson {
  const builder = startChild('solveSegment');
  const solving = builder.beginActivity('solveSegment');
  builder.requestCancel().turn().requestActivityCancel(solving);
  builder
    .failActivity(solving, 'worker-gone', 'CANCEL_REQUESTED')
    .turn()
    .activity('recordTaskResultEnd', 'cancelled')
    .turn();
  return (how.ends === 'failed' ? builder.endFailed('worker-gone') : builder.endCancelled()).build();
}

/** A cancel that comes while the result is being published is too late. */
function cancelledWhilePublishing(how: { readonly gives?: 'up' } = {}): HistoryJson {
  const builder = startChild('publishTaskResult');
  const publishing = builder.beginActivity('publishTaskResult');
  builder.requestCancel().turn();
  if (how.gives !== 'up') return builder.endActivity(publishing).turn().endCompleted('published').build();
  return builder
    .requestActivityCancel(publishing)
    .activity('recordTaskResultEnd', 'cancelled')
    .turn()
    .endCancelled()
    .build();
}

/** The activity that is told to stop finishes well all the same; what would come next does not. */
function cancelledBetween(how: { readonly goesOn?: boolean } = {}): HistoryJson {
  const builder = startChild('scoreSegment');
  const scoring = builder.beginActivity('scoreSegment');
  builder.requestCancel().turn().requestActivityCancel(scoring).endActivity(scoring).turn();
  if (how.goesOn === true) return builder.activity('computeMetrics').turn().build();
  return builder.skipActivity().activity('recordTaskResultEnd', 'cancelled').turn().endCancelled().build();
}

function failedDuring(stage: Stage, how: { readonly records?: boolean } = {}): HistoryJson {
  const builder = startChild(stage);
  builder.failActivity(builder.beginActivity(stage), 'too-many-sample-errors').turn();
  if (how.records !== false) builder.activity('recordTaskResultEnd', 'failed').turn();
  return builder.endFailed('too-many-sample-errors').build();
}

/** A later link of a chain: it holds the id since the first and goes straight on. */
function continued(how: { readonly decides?: boolean } = {}): HistoryJson {
  const next: TaskResultInput = { ...childInput, segmentCount: 4, stage: 'score', nextSegment: 3 };
  const builder = new HistoryBuilder().start('taskResultWorkflow', childId, next).turn();
  if (how.decides === true) builder.activity('decideReuse', 'none').turn();
  builder.activity('scoreSegment').turn().activity('computeMetrics').turn().activity('publishTaskResult').turn();
  return builder.endCompleted('published').build();
}

/** The verdict under the lock is not the one that the id was started for. */
function foundPartial(how: { readonly solves?: boolean } = {}): HistoryJson {
  const builder = new HistoryBuilder().start('taskResultWorkflow', childId, childInput).turn();
  builder.activity('decideReuse', 'partial').turn();
  return how.solves === true
    ? builder.activity('solveSegment').turn().build()
    : builder.endCompleted('partial').build();
}

interface Story {
  readonly name: string;
  readonly history: HistoryJson;
  /** The same story but for one thing that must never happen. */
  readonly never: { readonly name: string; readonly history: HistoryJson };
}

const stories: readonly Story[] = [
  {
    name: 'a cancel that asks the child, settles it and records the end',
    history: cancelled(),
    never: { name: 'a cancel without a record of the end', history: cancelled({ records: false }) },
  },
  {
    name: 'a cancel whose child is known by its id',
    history: cancelled(),
    never: { name: 'a child under another id', history: cancelled({ childId: `${childId}x` }) },
  },
  {
    name: 'a cancel that takes the status of the child from the store',
    history: cancelled(),
    never: { name: 'a cancel that takes it from the failure', history: cancelled({ settles: false }) },
  },
  {
    name: 'full reuse that starts no child',
    history: startEvaluation()
      .activity('checkReuse', ['full'])
      .turn()
      .activity('recordRunEnd', 'completed')
      .turn()
      .endCompleted()
      .build(),
    never: {
      name: 'a look-up before the start is recorded',
      history: new HistoryBuilder()
        .start('evaluationWorkflow', 'store/evaluation/run', input)
        .turn()
        .activity('checkReuse', ['full'])
        .turn()
        .build(),
    },
  },
  {
    name: 'none under the lock of the solver key',
    history: locked(`store/solve/${digest}`, 'none'),
    never: { name: 'none under the lock of the result key', history: locked(`store/score/${digest}`, 'none') },
  },
  {
    name: 'partial under the lock of the result key',
    history: locked(`store/score/${digest}`, 'partial'),
    never: { name: 'partial under the lock of the solver key', history: locked(`store/solve/${digest}`, 'partial') },
  },
  {
    name: 'a cancel that comes after all is done, and changes nothing',
    history: startEvaluation()
      .activity('checkReuse', ['full'])
      .turn()
      .requestCancel()
      .turn()
      .activity('recordRunEnd', 'completed')
      .turn()
      .endCompleted()
      .build(),
    never: {
      name: 'a cancel that comes after all is done, and leaves the end unrecorded',
      history: startEvaluation().activity('checkReuse', ['full']).turn().requestCancel().turn().endCancelled().build(),
    },
  },
  ...(['recordRunStarted', 'checkReuse'] as const).map((during) => ({
    name: `a cancel during ${during} that records the end at once`,
    history: cancelledEarly(during),
    never: { name: `a cancel during ${during} without a record`, history: cancelledEarly(during, false) },
  })),
  {
    name: 'a wait for another run, a look-up, and the work taken over',
    history: tookOver(),
    never: { name: 'the work taken over without another look-up', history: tookOver({ looksAgain: false }) },
  },
  {
    name: 'the work taken over under the same lock',
    history: tookOver(),
    never: { name: 'the work taken over under another id', history: tookOver({ childId: `${childId}/mine` }) },
  },
  {
    name: 'a wait for another run whose result then stands',
    history: waitedForAll(),
    never: { name: 'a child for what stands already', history: waitedForAll({ startsChild: true }) },
  },
  {
    name: 'a cancel while it waits for another run',
    history: cancelledWaiting(),
    never: {
      name: 'a cancelled wait that settles the child of another run',
      history: cancelledWaiting({ settles: true }),
    },
  },
  {
    name: 'a child that was terminated, settled from the store',
    history: childTerminated(),
    never: { name: 'a terminated child that nobody settles', history: childTerminated({ settles: false }) },
  },
  {
    name: 'a verdict under the lock that moves the work under the other lock',
    history: movedOn(),
    never: {
      name: 'a partial verdict worked on under the lock of the solver key',
      history: movedOn({ secondId: childId }),
    },
  },
  {
    name: 'a task result cancelled while it decides',
    history: cancelledDuring('decideReuse'),
    never: {
      name: 'a cancel while it decides, without a record',
      history: cancelledDuring('decideReuse', { records: false }),
    },
  },
  ...(['solveSegment', 'scoreSegment', 'computeMetrics'] as const).map((stage) => ({
    name: `a task result cancelled during ${stage}, which is waited for`,
    history: cancelledDuring(stage),
    never: {
      name: `a cancel during ${stage} recorded while queries are in flight`,
      history: cancelledDuring(stage, { waits: false }),
    },
  })),
  {
    name: 'a task result cancelled while an activity finishes well',
    history: cancelledBetween(),
    never: { name: 'a cancelled task result that goes on', history: cancelledBetween({ goesOn: true }) },
  },
  {
    name: 'a task result cancelled as the work of a dead worker is given back',
    history: cancelledWhileGivenBack(),
    never: {
      name: 'a cancelled task result that ends as failed',
      history: cancelledWhileGivenBack({ ends: 'failed' }),
    },
  },
  {
    name: 'a task result that is published although a cancel arrives',
    history: cancelledWhilePublishing(),
    never: { name: 'a publication that gives up', history: cancelledWhilePublishing({ gives: 'up' }) },
  },
  ...(['solveSegment', 'scoreSegment', 'computeMetrics', 'publishTaskResult'] as const).map((stage) => ({
    name: `a task result that fails during ${stage}, and records it`,
    history: failedDuring(stage),
    never: { name: `a failure during ${stage} without a record`, history: failedDuring(stage, { records: false }) },
  })),
  {
    name: 'a later link of a continued chain that goes straight on',
    history: continued(),
    never: { name: 'a later link that decides again', history: continued({ decides: true }) },
  },
  {
    name: 'another verdict under the lock than it was started for',
    history: foundPartial(),
    never: { name: 'solving what was found to stand', history: foundPartial({ solves: true }) },
  },
];

it('the code agrees with what a run and a task result must say to Temporal', async () => {
  const outcomes = await replay(stories);
  expect([...outcomes]).toEqual(stories.map(({ name }) => [name, undefined]));
});

it('the code disagrees with every story that breaks a rule', async () => {
  const outcomes = await replay(stories.map(({ never }) => never));
  expect(outcomes.size).toBe(stories.length);
  for (const [name, error] of outcomes) expect(error, name).toBeInstanceOf(DeterminismViolationError);
});
