import { DeterminismViolationError } from '@temporalio/workflow';
import { expect, it } from 'vitest';
import { makeTaskResultWorkflowId } from '../../contracts/ids.ts';
import type { EvaluationInput } from '../../contracts/workflow-inputs.ts';
import { HistoryBuilder } from '../support/history-builder.ts';
import { type NamedHistory, replay } from '../support/replay.ts';
import type { HistoryJson } from '../support/store-temporal.ts';

// A cancel of an evaluation, as the workflow must answer it, and what it must never do instead.

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

const accepted: readonly NamedHistory[] = [
  { name: 'a cancel that asks the child, settles it and records the end', history: cancelled() },
  {
    name: 'full reuse that starts no child',
    history: startEvaluation()
      .activity('checkReuse', ['full'])
      .turn()
      .activity('recordRunEnd', 'completed')
      .turn()
      .endCompleted()
      .build(),
  },
  { name: 'none under the lock of the solver key', history: locked(`store/solve/${digest}`, 'none') },
  { name: 'partial under the lock of the result key', history: locked(`store/score/${digest}`, 'partial') },
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
  },
];

const refused: readonly NamedHistory[] = [
  { name: 'a cancel without a record of the end', history: cancelled({ records: false }) },
  { name: 'a cancel that takes the status of the child from its failure', history: cancelled({ settles: false }) },
  { name: 'a child under another id', history: cancelled({ childId: `${childId}x` }) },
  { name: 'none under the lock of the result key', history: locked(`store/score/${digest}`, 'none') },
  { name: 'partial under the lock of the solver key', history: locked(`store/solve/${digest}`, 'partial') },
  {
    name: 'a look-up before the start is recorded',
    history: new HistoryBuilder()
      .start('evaluationWorkflow', 'store/evaluation/run', input)
      .turn()
      .activity('checkReuse', ['full'])
      .turn()
      .build(),
  },
];

it('the code agrees with what an evaluation must say to Temporal', async () => {
  const outcomes = await replay(accepted);
  expect([...outcomes]).toEqual(accepted.map(({ name }) => [name, undefined]));
});

it('the code disagrees with every story that breaks a rule', async () => {
  const outcomes = await replay(refused);
  expect(outcomes.size).toBe(refused.length);
  for (const [name, error] of outcomes) expect(error, name).toBeInstanceOf(DeterminismViolationError);
});
