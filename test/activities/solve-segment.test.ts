import { ActivityCancellationDetails, CancelledFailure } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkActivities } from '../../activities/create-activities.ts';
import { ModelError } from '../../evaluation/model-error.ts';
import type { SolvedSample } from '../../evaluation/trace.ts';
import type { Models } from '../../models/models.ts';
import { readSegmentLines } from '../../storage/segment-lines.ts';
import type { Store } from '../../storage/store.ts';
import { answerCapital } from '../support/capital-run.ts';
import {
  type ActivityBench,
  type BenchRun,
  failureOf,
  openActivityBench,
  runActivity,
  startActivity,
} from './activity-bench.ts';
import { createFakeModels, type FakeHandler, makeGate } from './fake-models.ts';

// The solve activity over a real store. A new set of activities stands for a new process on the same journal.

const answerWell: FakeHandler = ({ prompt }) => answerCapital(prompt);

let bench: ActivityBench;
let run: BenchRun;

beforeEach(async () => {
  bench = await openActivityBench();
  run = await bench.addRun({ rows: 6, maxSampleErrors: 6 });
});

afterEach(() => bench.dispose());

function solverOf(models: Models, store: Store = bench.store) {
  return createWorkActivities({ store, models }).solveSegment;
}

async function readSealed(segmentIndex = 0): Promise<SolvedSample[]> {
  const { taskResultId } = run.task;
  const sealed = await bench.store.results.findSegment({ taskResultId, stage: 'solve', segmentIndex });
  if (sealed === undefined) throw new Error('The segment is not sealed.');
  return readSegmentLines<SolvedSample>(bench.store.content, sealed.blob.digest);
}

async function isSealed(): Promise<boolean> {
  const { taskResultId } = run.task;
  return (await bench.store.results.findSegment({ taskResultId, stage: 'solve', segmentIndex: 0 })) !== undefined;
}

function loadJournal(store = bench.store) {
  return store.journal.load({ taskResultId: run.task.taskResultId, stage: 'solve', segmentIndex: 0 });
}

function idsOf(models: { readonly sent: readonly { readonly sampleId: string }[] }): string[] {
  return models.sent.map(({ sampleId }) => sampleId).sort();
}

describe('a segment that is solved', () => {
  it('sends one query per sample, seals the answers in dataset order and empties the journal', async () => {
    const models = createFakeModels(answerWell);
    await runActivity(solverOf(models), run.segment());
    expect(idsOf(models)).toEqual(['c0', 'c1', 'c2', 'c3', 'c4', 'c5']);
    const sealed = await readSealed();
    expect(sealed.map(({ sample_id }) => sample_id)).toEqual(['c0', 'c1', 'c2', 'c3', 'c4', 'c5']);
    expect(await loadJournal()).toEqual({ answers: [], outcomes: [] });
  });

  it('is not sealed before the outcomes are on disk', async () => {
    const gate = makeGate();
    const { store } = bench;
    const slow: Store = {
      ...store,
      journal: {
        load: (segment) => store.journal.load(segment),
        appendAnswer: (segment, answer) => store.journal.appendAnswer(segment, answer),
        removeOutcomes: (...values) => store.journal.removeOutcomes(...values),
        async appendOutcome(segment, outcome) {
          if (outcome.sampleIndex === 5) await gate.promise;
          return store.journal.appendOutcome(segment, outcome);
        },
      },
    };
    const models = createFakeModels(answerWell);
    const { ended } = startActivity(solverOf(models, slow), run.segment());
    await models.untilSent(6);
    await expect.poll(async () => (await loadJournal()).outcomes.length, { timeout: 10_000 }).toBe(5);
    expect(await isSealed()).toBe(false);
    gate.open();
    await ended;
    expect(await isSealed()).toBe(true);
  });

  it('sends nothing when it is sealed already', async () => {
    await runActivity(solverOf(createFakeModels(answerWell)), run.segment());
    const models = createFakeModels(answerWell);
    await runActivity(solverOf(models), run.segment());
    expect(models.sent).toEqual([]);
  });
});

describe('a second attempt', () => {
  it('after a kill sends only what the journal has no answer for', async () => {
    const never = new Promise<string>(() => undefined);
    const killed = createFakeModels((query) => (['c2', 'c4'].includes(query.sampleId) ? never : answerWell(query)), {
      concurrency: 6,
    });
    startActivity(solverOf(killed), run.segment());
    await expect.poll(async () => (await loadJournal()).outcomes.length, { timeout: 10_000 }).toBe(4);

    const models = createFakeModels(answerWell);
    await runActivity(solverOf(models, await bench.openAnotherStore()), run.segment());
    expect(idsOf(models)).toEqual(['c2', 'c4']);
    expect((await readSealed()).map(({ trials }) => trials[0]?.error)).toEqual(Array(6).fill(undefined));
  });

  it('in the same process waits for the queries of the first, so that nothing is sent twice', async () => {
    const gate = makeGate<string>();
    const models = createFakeModels(() => gate.promise, { concurrency: 2 });
    const solve = solverOf(models);
    const first = startActivity(solve, run.segment());
    await models.untilSent(2);
    first.environment.cancel('TIMED_OUT', new ActivityCancellationDetails({ timedOut: true }));
    const [second, third] = [startActivity(solve, run.segment()), startActivity(solve, run.segment())];
    gate.open('Capital 1');
    expect(await failureOf(first.ended)).toMatchObject({ type: 'interrupted' });
    await Promise.all([second.ended, third.ended]);
    expect(models.sent.length).toBe(6);
  });

  it('of a zombie: what it brings late changes nothing', async () => {
    const gate = makeGate<string>();
    const zombie = createFakeModels(() => gate.promise, { concurrency: 6 });
    const late = startActivity(solverOf(zombie, await bench.openAnotherStore()), run.segment());
    await zombie.untilSent(6);

    await runActivity(solverOf(createFakeModels(answerWell)), run.segment());
    const { taskResultId } = run.task;
    const before = await bench.store.results.listSegments(taskResultId, 'solve');
    gate.open('Atlantis');
    await late.ended;
    expect(await bench.store.results.listSegments(taskResultId, 'solve')).toEqual(before);
    expect(JSON.stringify(await readSealed())).not.toContain('Atlantis');
    expect(await loadJournal()).toEqual({ answers: [], outcomes: [] });
  });

  it('takes what a zombie recorded first, rather than its own answer', async () => {
    const gates = { zombie: makeGate<string>(), own: makeGate<string>() };
    const zombie = createFakeModels(
      ({ sampleId }) => (sampleId === 'c0' ? gates.zombie.promise : new Promise<string>(() => undefined)),
      { concurrency: 6 },
    );
    startActivity(solverOf(zombie, await bench.openAnotherStore()), run.segment());
    await zombie.untilSent(6);
    const models = createFakeModels((query) => (query.sampleId === 'c0' ? gates.own.promise : answerWell(query)), {
      concurrency: 6,
    });
    const { ended } = startActivity(solverOf(models), run.segment());
    await models.untilSent(6);
    gates.zombie.open('Recorded first');
    await expect
      .poll(async () => JSON.stringify((await loadJournal()).outcomes), { timeout: 10_000 })
      .toContain('Recorded first');
    gates.own.open('Came second');
    await ended;
    const sealed = JSON.stringify(await readSealed());
    expect(sealed).toContain('Recorded first');
    expect(sealed).not.toContain('Came second');
  });
});

describe('told to stop', () => {
  /** Two queries in flight, four samples that wait. */
  async function stopHalfWay(reason: 'CANCELLED' | 'WORKER_SHUTDOWN' | 'TIMED_OUT') {
    const gate = makeGate<string>();
    const models = createFakeModels(() => gate.promise, { concurrency: 2 });
    const { environment, ended } = startActivity(solverOf(models), run.segment());
    await models.untilSent(2);
    environment.cancel(
      reason,
      new ActivityCancellationDetails({
        cancelRequested: reason === 'CANCELLED',
        workerShutdown: reason === 'WORKER_SHUTDOWN',
        timedOut: reason === 'TIMED_OUT',
      }),
    );
    gate.open('Capital 0');
    return { models, failure: await failureOf(ended) };
  }

  it('by a cancel takes no new sample, keeps the answers in flight and ends as cancelled', async () => {
    const { models, failure } = await stopHalfWay('CANCELLED');
    expect(failure).toBeInstanceOf(CancelledFailure);
    expect(models.sent.length).toBe(2);
    expect((await loadJournal()).outcomes.length).toBe(2);
    expect(await isSealed()).toBe(false);
  });

  it.each(['WORKER_SHUTDOWN', 'TIMED_OUT'] as const)('by %s ends so that another attempt goes on', async (reason) => {
    const { models, failure } = await stopHalfWay(reason);
    expect(failure).toMatchObject({ type: 'interrupted', nonRetryable: false });
    expect(models.sent.length).toBe(2);
    expect((await loadJournal()).outcomes.length).toBe(2);
    const next = createFakeModels(answerWell);
    await runActivity(solverOf(next), run.segment());
    expect(next.sent.length).toBe(4);
  });

  it('when all answers were in flight, it completes: nothing is missing', async () => {
    const gate = makeGate<string>();
    const models = createFakeModels(() => gate.promise, { concurrency: 6 });
    const { environment, ended } = startActivity(solverOf(models), run.segment());
    await models.untilSent(6);
    environment.cancel();
    gate.open('Capital 0');
    await ended;
    expect(await isSealed()).toBe(true);
  });
});

describe('errors', () => {
  const refuse: FakeHandler = (query) => {
    if (query.sampleId !== 'c3') return answerWell(query);
    throw new ModelError('The service answered 400.', { isRetryable: false, statusCode: 400, retries: 2 });
  };

  it('of one sample are recorded with it and stop no other', async () => {
    const models = createFakeModels(refuse);
    await runActivity(solverOf(models), run.segment());
    const sealed = await readSealed();
    expect(sealed.map(({ trials }) => trials[0]?.error?.error_type)).toEqual([
      undefined,
      undefined,
      undefined,
      'model-error',
      undefined,
      undefined,
    ]);
    expect(sealed[3]?.trials[0]?.failed_queries).toEqual({ sent: 1, retried: 2 });
    const [segment] = await bench.store.results.listSegments(run.task.taskResultId, 'solve');
    expect(segment).toMatchObject({ samples: 6, errors: 1, queries: { sent: 6, retried: 2 } });
  });

  it('are not tried again by a second attempt of the same run attempt', async () => {
    const never = new Promise<string>(() => undefined);
    const killed = createFakeModels((query) => (query.sampleId === 'c5' ? never : refuse(query)), { concurrency: 6 });
    startActivity(solverOf(killed), run.segment());
    await expect.poll(async () => (await loadJournal()).outcomes.length, { timeout: 10_000 }).toBe(5);
    const models = createFakeModels(answerWell);
    await runActivity(solverOf(models, await bench.openAnotherStore()), run.segment());
    expect(idsOf(models)).toEqual(['c5']);
    expect((await readSealed())[3]?.trials[0]?.error?.error_type).toBe('model-error');
  });

  it('of a model that nothing can use fail the task for good, and leave the other samples unfinished with answers kept', async () => {
    const models = createFakeModels(
      ({ prompt, sampleId }) => {
        if (sampleId === 'c0' || sampleId === 'c1') return answerCapital(prompt);
        throw new ModelError('Model "small" cannot be used.', { code: 'model-unusable', isRetryable: false });
      },
      { concurrency: 1 },
    );
    const failure = await failureOf(runActivity(solverOf(models), run.segment()));
    expect(failure).toMatchObject({ type: 'model-unusable', nonRetryable: true });
    expect(await isSealed()).toBe(false);
    expect((await loadJournal()).outcomes.map(({ sampleIndex }) => sampleIndex)).toEqual([0, 1]);
    const next = createFakeModels(answerWell);
    await runActivity(solverOf(next), run.segment());
    expect(idsOf(next)).toEqual(['c2', 'c3', 'c4', 'c5']);
  });
});

describe('a resumed run', () => {
  const failOn =
    (...sampleIds: string[]): FakeHandler =>
    (query) => {
      if (!sampleIds.includes(query.sampleId)) return answerWell(query);
      throw new ModelError('The service answered 400.', { isRetryable: false, statusCode: 400 });
    };

  async function failAndReopen(): Promise<void> {
    await runActivity(solverOf(createFakeModels(failOn('c1', 'c4'))), run.segment());
    const { taskResultId } = run.task;
    await bench.store.results.recordEnd(taskResultId, { status: 'failed', error: null });
    await bench.store.runs.recordRunEnd(run.runId, { failed: true });
    await bench.store.runs.reopenRun(run.runId);
  }

  it('tries only the samples with an error again', async () => {
    await failAndReopen();
    const models = createFakeModels(answerWell);
    await runActivity(solverOf(models), run.segment());
    expect(idsOf(models)).toEqual(['c1', 'c4']);
    expect((await readSealed()).every(({ trials }) => trials[0]?.error === undefined)).toBe(true);
  });

  it('loses no answer however often it is killed', async () => {
    await failAndReopen();
    const never = new Promise<string>(() => undefined);
    const killed = createFakeModels((query) => (query.sampleId === 'c4' ? never : answerWell(query)));
    startActivity(solverOf(killed, await bench.openAnotherStore()), run.segment());
    await expect.poll(async () => (await loadJournal()).outcomes.length, { timeout: 10_000 }).toBe(1);
    const killedAgain = createFakeModels(() => never);
    startActivity(solverOf(killedAgain, await bench.openAnotherStore()), run.segment());
    await killedAgain.untilSent(1);
    expect(idsOf(killedAgain)).toEqual(['c4']);
    const models = createFakeModels(answerWell);
    await runActivity(solverOf(models), run.segment());
    expect(idsOf(models)).toEqual(['c4']);
  });
});
