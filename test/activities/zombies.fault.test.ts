import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkActivities } from '../../activities/create-activities.ts';
import { ModelError } from '../../evaluation/model-error.ts';
import type { SolvedSample } from '../../evaluation/trace.ts';
import { readSegmentLines } from '../../storage/segment-lines.ts';
import type { Store } from '../../storage/store.ts';
import { makeSegment } from '../storage/conformance/samples.ts';
import { answerCapital } from '../support/capital-run.ts';
import { intercept } from '../support/intercept.ts';
import {
  type ActivityBench,
  type BenchRun,
  createStoreActivitiesOf,
  failureOf,
  openActivityBench,
  runActivity,
  startActivity,
} from './activity-bench.ts';
import { createFakeModels, type FakeHandler, makeGate } from './fake-models.ts';

// A process that was stopped in one attempt of a run and goes on when the next attempt works, or has ended. Each process
// has its own connection to the store.

const answerWell: FakeHandler = ({ prompt }) => answerCapital(prompt);
const refuse = (): never => {
  throw new ModelError('The service answered 400.', { isRetryable: false });
};

let bench: ActivityBench;
let run: BenchRun;

beforeEach(async () => {
  bench = await openActivityBench();
  run = await bench.addRun({ rows: 4, maxSampleErrors: 0 });
});

afterEach(() => bench.dispose());

/** What attempt n is told to do. */
const segmentOf = (attempt: number) => ({ ...run.segment(), attempt });
const taskOf = (attempt: number) => ({ ...run.task, attempt });

async function decide(store: Store, attempt: number) {
  const { runId, planRef, policy } = run;
  const input = { runId, planRef, policy, task: taskOf(attempt), expected: 'none' as const };
  return createStoreActivitiesOf(store).decideReuse(input);
}

/** The run is cancelled, as a person does it while its process is stopped, and resumed. */
async function cancelAndResume(): Promise<void> {
  await bench.store.results.recordEnd(run.task.taskResultId, { status: 'cancelled', error: null });
  await bench.store.runs.recordRunEnd(run.runId, { failed: false });
  await bench.store.runs.reopenRun(run.runId);
  await decide(bench.store, 2);
}

/** Solves in a process of its own that is stopped with its first query in flight. */
async function startZombie(store?: Store) {
  const gate = makeGate<() => string>();
  const models = createFakeModels(async () => (await gate.promise)(), { concurrency: 1 });
  const own = store ?? (await bench.openAnotherStore());
  await decide(own, 1);
  const { ended } = startActivity(createWorkActivities({ store: own, models }).solveSegment, segmentOf(1));
  await models.untilSent(1);
  return { models, ended, wakeUp: (reply: () => string) => gate.open(reply) };
}

async function readSealed(): Promise<SolvedSample[]> {
  const { taskResultId } = run.task;
  const sealed = await bench.store.results.findSegment({ taskResultId, stage: 'solve', segmentIndex: 0 });
  if (sealed === undefined) throw new Error('The segment is not sealed.');
  return readSegmentLines<SolvedSample>(bench.store.content, sealed.blob.digest);
}

describe('a zombie of the attempt before', () => {
  it('that meets an error while the next attempt works leaves no error', async () => {
    const zombie = await startZombie();
    await cancelAndResume();
    const gate = makeGate<string>();
    const models = createFakeModels((query) => (query.sampleId === 'c0' ? gate.promise : answerWell(query)));
    const next = startActivity(createWorkActivities({ store: bench.store, models }).solveSegment, segmentOf(2));
    await models.untilSent(4);
    zombie.wakeUp(refuse);
    expect(await failureOf(zombie.ended)).toMatchObject({ type: 'superseded', nonRetryable: true });
    gate.open('Capital 0');
    await next.ended;
    const sealed = await readSealed();
    expect(sealed.map(({ attempt, trials }) => [attempt, trials[0]?.error])).toEqual(Array(4).fill([2, undefined]));
  });

  it('that has an answer before the next attempt asks saves the query', async () => {
    const zombie = await startZombie();
    await cancelAndResume();
    zombie.wakeUp(() => 'Capital 0');
    expect(await failureOf(zombie.ended)).toMatchObject({ type: 'superseded' });
    const models = createFakeModels(answerWell);
    await runActivity(createWorkActivities({ store: bench.store, models }).solveSegment, segmentOf(2));
    expect(models.sent.map(({ sampleId }) => sampleId)).not.toContain('c0');
    expect((await readSealed()).map(({ sample_id }) => sample_id)).toEqual(['c0', 'c1', 'c2', 'c3']);
  });

  it('that comes to its seal late seals nothing', async () => {
    const store = await bench.openAnotherStore();
    const [arrived, goOn] = [makeGate(), makeGate()];
    const results = intercept(store.results, {
      async registerSegment(...values) {
        arrived.open();
        await goOn.promise;
        return store.results.registerSegment(...values);
      },
    });
    await decide(store, 1);
    const zombie = createWorkActivities({ store: { ...store, results }, models: createFakeModels(answerWell) });
    const { ended } = startActivity(zombie.solveSegment, segmentOf(1));
    await arrived.promise;
    await cancelAndResume();
    goOn.open();
    await ended;
    await expect(readSealed()).rejects.toThrow('not sealed');
    const models = createFakeModels(answerWell);
    await runActivity(createWorkActivities({ store: bench.store, models }).solveSegment, segmentOf(2));
    expect(models.sent).toEqual([]); // what the zombie had journalled in its own time stands
    expect(await readSealed()).toHaveLength(4);
  });

  it('changes nothing by a summary, a publication, or a record of an end', async () => {
    await decide(bench.store, 1);
    await cancelAndResume();
    const before = [await run.getRecord(), await bench.store.runs.getRun(run.runId)];
    const { taskResultId } = run.task;
    const { runId, planRef, policy } = run;
    const late = createStoreActivitiesOf(await bench.openAnotherStore());
    const work = createWorkActivities({ store: bench.store, models: createFakeModels(answerWell) });
    for (const activity of [work.solveSegment, work.scoreSegment, work.computeMetrics])
      expect(await failureOf(runActivity(activity, segmentOf(1)))).toMatchObject({ type: 'superseded' });
    await late.publishTaskResult({ ...taskOf(1), planRef });
    await late.recordTaskResultEnd({ taskResultId, attempt: 1, status: 'failed', error: null });
    await late.settleTaskResult({ taskResultId, attempt: 1, workflowId: 'gone' });
    await late.recordRunStarted({ runId, attempt: 1 });
    await late.recordRunEnd({ runId, attempt: 1, failed: true });
    expect(await decide(bench.store, 1)).toBe('full');
    expect(await late.checkReuse({ runId, planRef, policy, tasks: [taskOf(1)] })).toEqual(['full']);
    expect([await run.getRecord(), await bench.store.runs.getRun(run.runId)]).toEqual(before);
  });

  it('does not publish what the next attempt is about to', async () => {
    await decide(bench.store, 1);
    await cancelAndResume();
    const work = createWorkActivities({ store: bench.store, models: createFakeModels(answerWell) });
    for (const activity of [work.solveSegment, work.scoreSegment, work.computeMetrics])
      await runActivity(activity, segmentOf(2));
    const { planRef } = run;
    await createStoreActivitiesOf(bench.store).publishTaskResult({ ...taskOf(1), planRef });
    expect(await run.getRecord()).toMatchObject({ status: 'running', isCurrent: false });
    await createStoreActivitiesOf(bench.store).publishTaskResult({ ...taskOf(2), planRef });
    expect(await run.getRecord()).toMatchObject({ status: 'completed', isCurrent: true });
  });

  it('that wakes when all is over changes nothing', async () => {
    const zombie = await startZombie();
    await cancelAndResume();
    const work = createWorkActivities({ store: bench.store, models: createFakeModels(answerWell) });
    for (const activity of [work.solveSegment, work.scoreSegment, work.computeMetrics])
      await runActivity(activity, segmentOf(2));
    await createStoreActivitiesOf(bench.store).publishTaskResult({ ...taskOf(2), planRef: run.planRef });
    const published = await run.getRecord();
    const sealed = await readSealed();
    zombie.wakeUp(() => 'Atlantis');
    expect(await failureOf(zombie.ended)).toMatchObject({ type: 'superseded' });
    expect(await run.getRecord()).toEqual(published);
    expect(await readSealed()).toEqual(sealed);
    const { taskResultId } = run.task;
    const journal = await bench.store.journal.load({ taskResultId, stage: 'solve', segmentIndex: 0 });
    expect(journal).toEqual({ answers: [], outcomes: [] });
  });
});

describe('an activity that two processes carry out at once, as after a heartbeat that was lost', () => {
  it('loses no answer, and both seal the same', async () => {
    await decide(bench.store, 1);
    const meeting = makeGate();
    const seals: string[] = [];
    const start = async () => {
      const store = await bench.openAnotherStore();
      const results = intercept(store.results, {
        async registerSegment(segment, record) {
          seals.push(record.blob.digest);
          return store.results.registerSegment(segment, record);
        },
      });
      const models = createFakeModels(
        async (query) => {
          await meeting.promise;
          return answerWell(query);
        },
        { concurrency: 4 },
      );
      const { ended } = startActivity(
        createWorkActivities({ store: { ...store, results }, models }).solveSegment,
        segmentOf(1),
      );
      return { models, ended };
    };
    const both = [await start(), await start()];
    await Promise.all(both.map(({ models }) => models.untilSent(4)));
    meeting.open();
    await Promise.all(both.map(({ ended }) => ended));
    expect(await readSealed()).toHaveLength(4);
    expect(new Set(seals).size).toBe(1);
  });

  it('seals the answer that was journalled, not an error that cost nothing', async () => {
    await decide(bench.store, 1);
    const other = createFakeModels((query) =>
      query.sampleId === 'c3' ? new Promise(() => undefined) : answerWell(query),
    );
    startActivity(
      createWorkActivities({ store: await bench.openAnotherStore(), models: other }).solveSegment,
      segmentOf(1),
    );
    const { taskResultId } = run.task;
    const load = () => bench.store.journal.load({ taskResultId, stage: 'solve', segmentIndex: 0 });
    await expect.poll(async () => (await load()).outcomes.length, { timeout: 10_000 }).toBe(3);
    // Opened before the other's rows were there: it would fail each sample before sending anything.
    const journal = intercept(bench.store.journal, { load: async () => ({ answers: [], outcomes: [] }) });
    const broken = { ...createFakeModels(answerWell), query: async () => refuse() };
    const work = createWorkActivities({ store: { ...bench.store, journal }, models: broken });
    await runActivity(work.solveSegment, segmentOf(1));
    expect((await readSealed()).map(({ trials }) => trials[0]?.error === undefined)).toEqual([true, true, true, false]);
  });

  it('keeps the first decision: a late one drops no work', async () => {
    const store = await bench.openAnotherStore();
    const [arrived, goOn] = [makeGate(), makeGate()];
    const results = intercept(store.results, {
      async recordRunning(...values) {
        arrived.open();
        await goOn.promise;
        return store.results.recordRunning(...values);
      },
    });
    const late = decide({ ...store, results }, 1);
    await arrived.promise;
    expect(await decide(bench.store, 1)).toBe('none');
    const segment = { taskResultId: run.task.taskResultId, stage: 'solve', segmentIndex: 0, attempt: 1 } as const;
    await bench.store.results.registerSegment(segment, makeSegment('paid for'));
    goOn.open();
    expect(await late).toBe('none');
    expect(await bench.store.results.findSegment(segment)).toMatchObject(makeSegment('paid for'));
  });
});
