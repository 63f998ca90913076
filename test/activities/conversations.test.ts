import { ActivityCancellationDetails } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkActivities } from '../../activities/create-activities.ts';
import { createPlanCache } from '../../activities/plan-cache.ts';
import { createPreparedTasks, type GetPreparedTask } from '../../activities/prepared-tasks.ts';
import { createSegmentRunner } from '../../activities/run-segment.ts';
import { createSolveSegment } from '../../activities/solve.ts';
import { ModelError } from '../../evaluation/model-error.ts';
import type { ModelInput } from '../../evaluation/model-io.ts';
import { createQueryRecorder } from '../../evaluation/query-recorder.ts';
import type { ScoredSample } from '../../evaluation/score.ts';
import type { SolvedTrial } from '../../evaluation/trace.ts';
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
import { createFakeModels, type FakeModels, makeGate } from './fake-models.ts';

// Samples that need several queries: the journal's unit is the answer, not the sample.

const never = new Promise<string>(() => undefined);

let bench: ActivityBench;
beforeEach(async () => {
  bench = await openActivityBench();
});
afterEach(() => bench.dispose());

function ask(text: string): ModelInput {
  return { messages: [{ role: 'user', content: text }] };
}

/** The solve activity with a solver that asks a first question, and twice the same second one. */
function conversationOf(models: Models, store: Store) {
  const getTask = createPreparedTasks({ content: store.content, plans: createPlanCache(store.content), models });
  const getPrepared: GetPreparedTask = async (planRef, key) => ({
    ...(await getTask(planRef, key)),
    async solveSample({ sample, attempt, generateFor }) {
      const recorder = createQueryRecorder();
      const generate = generateFor(0, recorder);
      let error: SolvedTrial['error'];
      try {
        for (const question of ['first', 'again', 'again']) await generate(ask(`${sample.id} ${question}`));
      } catch (failure) {
        if (!(failure instanceof ModelError)) throw failure;
        error = { error_type: failure.code, message: failure.message, stage: 'solver', trial: 0 };
      }
      const { queries, failedQueries } = recorder;
      const trial: SolvedTrial = {
        trial: 0,
        output: null,
        queries,
        failed_queries: failedQueries,
        ...(error && { error }),
      };
      return { sample_index: sample.index, sample_id: sample.id, attempt, trials: [trial] };
    },
  });
  return createSolveSegment(
    { store, models, getPrepared, getStanding: async () => undefined },
    createSegmentRunner({ store, models }),
  );
}

function promptsOf(models: FakeModels): string[] {
  return models.sent.map(({ prompt }) => prompt);
}

describe('a solver that asks several times', () => {
  let run: BenchRun;
  beforeEach(async () => {
    run = await bench.addRun({ rows: 1 });
  });

  const load = () => bench.store.journal.load({ taskResultId: run.task.taskResultId, stage: 'solve', segmentIndex: 0 });

  it('sends its next question only when the last answer is on disk', async () => {
    const gate = makeGate();
    const { store } = bench;
    const slow: Store = {
      ...store,
      journal: {
        load: (segment) => store.journal.load(segment),
        removeOutcomes: (...values) => store.journal.removeOutcomes(...values),
        appendOutcome: (segment, outcome) => store.journal.appendOutcome(segment, outcome),
        async appendAnswer(segment, answer) {
          await gate.promise;
          return store.journal.appendAnswer(segment, answer);
        },
      },
    };
    const models = createFakeModels(() => 'yes');
    const { ended } = startActivity(conversationOf(models, slow), run.segment());
    await models.untilSent(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(promptsOf(models)).toEqual(['c0 first']);
    gate.open();
    await ended;
    expect(promptsOf(models)).toEqual(['c0 first', 'c0 again', 'c0 again']);
  });

  it.each([1, 2])(
    'and is killed after %i answers sends only the rest, a repeated question included',
    async (answered) => {
      let count = 0;
      const killed = createFakeModels(() => (count++ < answered ? 'yes' : never));
      startActivity(conversationOf(killed, bench.store), run.segment());
      await killed.untilSent(answered + 1);

      const models = createFakeModels(() => 'yes');
      await runActivity(conversationOf(models, await bench.openAnotherStore()), run.segment());
      expect(promptsOf(models)).toEqual(['c0 first', 'c0 again', 'c0 again'].slice(answered));
      const [sealed] = await bench.store.results.listSegments(run.task.taskResultId, 'solve');
      expect(sealed?.queries).toEqual({ sent: 3, retried: 0 });
      expect(await load()).toEqual({ answers: [], outcomes: [] });
    },
  );

  it('and failed at its second question asks that one again when the run is resumed, also after a kill', async () => {
    const failing = createFakeModels(({ prompt }) => {
      if (prompt.endsWith('first')) return 'yes';
      throw new ModelError('The service answered 400.', { isRetryable: false });
    });
    await runActivity(conversationOf(failing, bench.store), run.segment());
    await bench.store.results.recordEnd(run.task.taskResultId, { status: 'failed', error: null });
    await bench.store.runs.recordRunEnd(run.runId, { failed: true });
    await bench.store.runs.reopenRun(run.runId);

    let count = 0;
    const killed = createFakeModels(() => (count++ === 0 ? 'yes' : never));
    startActivity(conversationOf(killed, await bench.openAnotherStore()), run.segment());
    await killed.untilSent(2);
    expect(promptsOf(killed)).toEqual(['c0 again', 'c0 again']);

    const models = createFakeModels(() => 'yes');
    await runActivity(conversationOf(models, await bench.openAnotherStore()), run.segment());
    expect(promptsOf(models)).toEqual(['c0 again']);
  });
});

describe('a sample with several trials', () => {
  it('that is given up half-way keeps the answer of the trial that had one, for the next attempt at once', async () => {
    const run = await bench.addRun({ rows: 8, numTrials: 2 });
    const gate = makeGate<string>();
    const models = createFakeModels(() => gate.promise, { concurrency: 13 });
    const { solveSegment } = createWorkActivities({ store: bench.store, models });
    const first = startActivity(solveSegment, run.segment());
    await models.untilSent(13);
    first.environment.cancel('TIMED_OUT', new ActivityCancellationDetails({ timedOut: true }));
    const second = startActivity(solveSegment, run.segment());
    gate.open('Capital 0');
    expect(await failureOf(first.ended)).toMatchObject({ type: 'interrupted' });
    await second.ended;
    const asked = models.sent.map(({ sampleId, trial }) => `${sampleId} ${trial}`);
    expect(asked.length).toBe(16);
    expect(new Set(asked).size).toBe(16);
  });

  it('leaves no answer unwritten when it is given up', async () => {
    const run = await bench.addRun({ rows: 1, numTrials: 2 });
    const gate = { model: makeGate<string>(), disk: makeGate() };
    const { store } = bench;
    const slow: Store = {
      ...store,
      journal: {
        load: (segment) => store.journal.load(segment),
        removeOutcomes: (...values) => store.journal.removeOutcomes(...values),
        appendOutcome: (segment, outcome) => store.journal.appendOutcome(segment, outcome),
        async appendAnswer(segment, answer) {
          await gate.disk.promise;
          return store.journal.appendAnswer(segment, answer);
        },
      },
    };
    const models = createFakeModels(() => gate.model.promise, { concurrency: 1 });
    const { environment, ended } = startActivity(
      createWorkActivities({ store: slow, models }).solveSegment,
      run.segment(),
    );
    await models.untilSent(1);
    environment.cancel();
    gate.model.open('Capital 0');
    let hasEnded = false;
    void ended.catch(() => (hasEnded = true));
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(hasEnded).toBe(false);
    gate.disk.open();
    await failureOf(ended);
    const { taskResultId } = run.task;
    const journal = await store.journal.load({ taskResultId, stage: 'solve', segmentIndex: 0 });
    expect(journal.answers.map(({ trial }) => trial)).toEqual([0]);
  });
});

describe('a judge', () => {
  const judge = {
    key: 'judge',
    config: { connection_type: 'openai_compatible', base_url: 'http://127.0.0.1:9/v1', model_key: 'judge-1' },
  };
  const judged = {
    type: 'model_as_a_judge_classifier',
    key: 'verdict',
    model_key: 'judge',
    user_prompt: 'Is {{ input_prompt }} the capital of {{ sample.country }}?',
    correct_labels: ['good'],
    incorrect_labels: ['bad'],
  };
  const good = '{"prediction": "good"}';
  let run: BenchRun;

  beforeEach(async () => {
    run = await bench.addRun({ rows: 3, models: [judge], scorers: [judged] });
    const solver = createFakeModels(({ prompt }) => answerCapital(prompt));
    await runActivity(createWorkActivities({ store: bench.store, models: solver }).solveSegment, run.segment());
  });

  const scorerOf = (models: Models, store: Store = bench.store) => createWorkActivities({ store, models }).scoreSegment;
  const load = () => bench.store.journal.load({ taskResultId: run.task.taskResultId, stage: 'score', segmentIndex: 0 });

  async function readScored(): Promise<ScoredSample[]> {
    const [sealed] = await bench.store.results.listSegments(run.task.taskResultId, 'score');
    if (sealed === undefined) throw new Error('The segment is not scored.');
    return readSegmentLines<ScoredSample>(bench.store.content, sealed.blob.digest);
  }

  it('is asked once per sample, and its answers are journalled until the segment is sealed', async () => {
    const killed = createFakeModels(({ sampleId }) => (sampleId === 'c1' ? never : good));
    startActivity(scorerOf(killed, await bench.openAnotherStore()), run.segment());
    await expect.poll(async () => (await load()).outcomes.length, { timeout: 10_000 }).toBe(2);

    const models = createFakeModels(() => good);
    await runActivity(scorerOf(models), run.segment());
    expect(models.sent.map(({ sampleId, model }) => [sampleId, model])).toEqual([['c1', 'judge']]);
    expect((await readScored()).map(({ errors }) => errors)).toEqual([[], [], []]);
    expect(await load()).toEqual({ answers: [], outcomes: [] });
    const [sealed] = await bench.store.results.listSegments(run.task.taskResultId, 'score');
    expect(sealed?.queries).toEqual({ sent: 3, retried: 0 });
  });

  it('that is being corrected when all is killed is asked only for the correction', async () => {
    const asked: string[] = [];
    const killed = createFakeModels(({ sampleId }) => {
      asked.push(sampleId);
      return asked.filter((id) => id === sampleId).length === 1 ? 'no label at all' : never;
    });
    startActivity(scorerOf(killed, await bench.openAnotherStore()), run.segment());
    await killed.untilSent(6);

    const models = createFakeModels(() => good);
    await runActivity(scorerOf(models), run.segment());
    expect(models.sent.length).toBe(3);
    expect((await readScored()).map(({ trials }) => trials[0]?.queries.length)).toEqual([2, 2, 2]);
  });

  it('whose replies stay invalid is asked anew by a resume, since its answers are what is broken', async () => {
    await runActivity(
      scorerOf(createFakeModels(({ sampleId }) => (sampleId === 'c2' ? 'nothing' : good))),
      run.segment(),
    );
    expect((await readScored())[2]?.errors).toMatchObject([
      { error_type: 'judge-reply-invalid', scorer_key: 'verdict' },
    ]);
    await bench.store.results.recordEnd(run.task.taskResultId, { status: 'failed', error: null });
    await bench.store.runs.recordRunEnd(run.runId, { failed: true });
    await bench.store.runs.reopenRun(run.runId);
    const models = createFakeModels(() => good);
    await runActivity(scorerOf(models), run.segment());
    expect(models.sent.map(({ sampleId }) => sampleId)).toEqual(['c2']);
    expect((await readScored()).flatMap(({ errors }) => errors)).toEqual([]);
  });
});
