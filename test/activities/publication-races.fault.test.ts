import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkActivities } from '../../activities/create-activities.ts';
import type { ResultIndex } from '../../storage/result-index.ts';
import type { Store } from '../../storage/store.ts';
import { answerCapital, exactScorer, looseScorer } from '../support/capital-run.ts';
import { intercept } from '../support/intercept.ts';
import {
  type ActivityBench,
  type BenchRun,
  createStoreActivitiesOf,
  openActivityBench,
  runActivity,
} from './activity-bench.ts';
import { createFakeModels, type FakeHandler } from './fake-models.ts';

// What happens between looking and recording: others publish, and remove, at the worst moment.

const answerWell: FakeHandler = ({ prompt }) => answerCapital(prompt);

let bench: ActivityBench;

beforeEach(async () => {
  bench = await openActivityBench();
});

afterEach(() => bench.dispose());

const complete = (run: BenchRun) => run.complete(createFakeModels(answerWell));

/** Works up to the point where only publishing is left, decided while nothing was there. */
async function work(run: BenchRun): Promise<void> {
  const { runId, planRef, policy, task } = run;
  await createStoreActivitiesOf(bench.store).decideReuse({ runId, planRef, policy, task, expected: 'none' });
  const activities = createWorkActivities({ store: bench.store, models: createFakeModels(answerWell) });
  for (const activity of [activities.solveSegment, activities.scoreSegment, activities.computeMetrics])
    await runActivity(activity, run.segment());
}

function publish(run: BenchRun, store: Store = bench.store): Promise<void> {
  return createStoreActivitiesOf(store).publishTaskResult({ ...run.task, planRef: run.planRef });
}

/** Does something once, at the moment in which a method is called, before it is carried out. */
function beforeFirst<Name extends 'publish' | 'recordAlias' | 'recordRunning'>(
  name: Name,
  meanwhile: () => Promise<unknown>,
): Store {
  const { results } = bench.store;
  let isFirst = true;
  const method = async (...values: readonly unknown[]): Promise<boolean> => {
    if (isFirst) {
      isFirst = false;
      await meanwhile();
    }
    return (results[name] as (...values: readonly unknown[]) => Promise<boolean>).apply(results, [...values]);
  };
  return { ...bench.store, results: intercept(results, { [name]: method } as unknown as Partial<ResultIndex>) };
}

/** As `cache rm` of another command does it. */
function remove(run: BenchRun): void {
  const database = new Database(`${bench.directory}/store.db`);
  database.exec('PRAGMA busy_timeout = 5000');
  database
    .prepare('UPDATE task_results SET is_current = 0, is_removed = 1 WHERE task_result_id = ?')
    .run(run.task.taskResultId);
  database.close();
}

describe('a result that is published under reuse', () => {
  it('never replaces the result of an update that was published after it was judged', async () => {
    const run = await bench.addRun();
    await work(run);
    const update = await bench.addRun({ cachePolicy: 'update' });
    await publish(
      run,
      beforeFirst('publish', () => complete(update)),
    );
    expect(await run.getRecord()).toMatchObject({ status: 'completed', isCurrent: false });
    expect((await update.getRecord()).isCurrent).toBe(true);
  });

  it('replaces a damaged one, but not the one that took its place meanwhile', async () => {
    const [damaged, run] = [await bench.addRun(), await bench.addRun()];
    await work(run);
    await complete(damaged);
    const { metrics } = await damaged.getRecord();
    if (metrics === null) throw new Error('A completed result has metrics.');
    await bench.damageBlob(metrics.digest, Buffer.from('scribble'));
    const update = await bench.addRun({ cachePolicy: 'update' });
    await publish(
      run,
      beforeFirst('publish', () => complete(update)),
    );
    expect((await update.getRecord()).isCurrent).toBe(true);
    expect([(await run.getRecord()).isCurrent, (await damaged.getRecord()).isCurrent]).toEqual([false, false]);
  });

  it('becomes the current one where the one that was judged is removed meanwhile', async () => {
    const [first, run] = [await bench.addRun(), await bench.addRun()];
    await work(run);
    await complete(first);
    await publish(
      run,
      beforeFirst('publish', async () => remove(first)),
    );
    expect((await run.getRecord()).isCurrent).toBe(true);
  });

  it('is one of two that are published at once, and one of them is current', async () => {
    const runs = [await bench.addRun(), await bench.addRun()];
    for (const run of runs) await work(run);
    await Promise.all(runs.map(async (run) => publish(run, await bench.openAnotherStore())));
    const records = await Promise.all(runs.map((run) => run.getRecord()));
    expect(records.map(({ status }) => status)).toEqual(['completed', 'completed']);
    expect(records.filter(({ isCurrent }) => isCurrent)).toHaveLength(1);
  });
});

describe('a decision whose source is removed between look-up and record', () => {
  it('is made again where it was full', async () => {
    const [source, run] = [await bench.addRun(), await bench.addRun()];
    await complete(source);
    const { runId, planRef, policy, task, tasks } = run;
    const store = beforeFirst('recordAlias', async () => remove(source));
    expect(await createStoreActivitiesOf(store).checkReuse({ runId, planRef, policy, tasks })).toEqual(['none']);
    const input = { runId, planRef, policy, task, expected: 'none' as const };
    expect(await createStoreActivitiesOf(store).decideReuse(input)).toBe('none');
  });

  it('is made again where it was full under the lock', async () => {
    const [source, run] = [await bench.addRun(), await bench.addRun()];
    await complete(source);
    const { runId, planRef, policy, task } = run;
    const store = beforeFirst('recordAlias', async () => remove(source));
    const input = { runId, planRef, policy, task, expected: 'none' as const };
    expect(await createStoreActivitiesOf(store).decideReuse(input)).toBe('none');
    expect(await run.getRecord()).toMatchObject({ status: 'running', reuse: 'none' });
  });

  it('is made again where it was partial', async () => {
    const source = await bench.addRun({ scorers: [exactScorer] });
    await complete(source);
    const run = await bench.addRun({ scorers: [looseScorer] });
    const { runId, planRef, policy, task } = run;
    const store = beforeFirst('recordRunning', async () => remove(source));
    const input = { runId, planRef, policy, task, expected: 'partial' as const };
    expect(await createStoreActivitiesOf(store).decideReuse(input)).toBe('none');
    expect(await run.getRecord()).toMatchObject({ status: 'pending', reuse: null });
  });
});

describe('the end of a child that a cancel met before it was started', () => {
  it('is a cancel, whatever another run did under the same id', async () => {
    const run = await bench.addRun();
    const asked: unknown[] = [];
    const client = {
      options: { namespace: 'default' },
      workflowService: {
        getWorkflowExecutionHistory: async (request: unknown) => {
          asked.push(request);
          return { history: { events: [{ workflowExecutionCompletedEventAttributes: {} }] } };
        },
      },
    };
    const { taskResultId } = run.task;
    const activities = createStoreActivitiesOf(bench.store, client as never);
    expect(await activities.settleTaskResult({ taskResultId, workflowId: 'solve/key', executionId: null })).toBe(
      'cancelled',
    );
    expect(asked).toEqual([]);
  });

  it('is looked up in its own execution, and along the chain of those it continued as', async () => {
    const run = await bench.addRun();
    const asked: unknown[] = [];
    const client = {
      options: { namespace: 'default' },
      workflowService: {
        getWorkflowExecutionHistory: async ({ execution }: { execution: { runId?: string } }) => {
          asked.push(execution.runId);
          const event =
            execution.runId === 'first'
              ? { workflowExecutionContinuedAsNewEventAttributes: { newExecutionRunId: 'second' } }
              : { workflowExecutionTerminatedEventAttributes: { identity: 'somebody', reason: 'enough' } };
          return { history: { events: [event] } };
        },
      },
    };
    const { taskResultId } = run.task;
    const activities = createStoreActivitiesOf(bench.store, client as never);
    const input = { taskResultId, workflowId: 'solve/key', executionId: 'first' };
    expect(await activities.settleTaskResult(input)).toBe('cancelled');
    expect(asked).toEqual(['first', 'second']);
  });
});
