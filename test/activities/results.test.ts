import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkActivities } from '../../activities/create-activities.ts';
import type { Digest } from '../../contracts/digest.ts';
import { ModelError } from '../../evaluation/model-error.ts';
import { toStandingText } from '../../storage/sql/usage-rows.ts';
import { digestOf } from '../storage/conformance/samples.ts';
import { answerCapital, exactScorer, looseScorer } from '../support/capital-run.ts';
import {
  type ActivityBench,
  createStoreActivitiesOf,
  failureOf,
  openActivityBench,
  runActivity,
} from './activity-bench.ts';
import { createFakeModels, type FakeHandler } from './fake-models.ts';

// From sealed segments to a result that look-ups find, or do not.

const answerWell: FakeHandler = ({ prompt }) => answerCapital(prompt);
const refuseC3: FakeHandler = (query) => {
  if (query.sampleId !== 'c3') return answerWell(query);
  throw new ModelError('The service answered 400.', { isRetryable: false });
};

let bench: ActivityBench;
beforeEach(async () => {
  bench = await openActivityBench();
});
afterEach(() => bench.dispose());

const activities = () => createStoreActivitiesOf(bench.store);

describe('metrics', () => {
  it('have the same values and the same digest whatever the size of segments', async () => {
    const digests = new Set<string | null>();
    for (const segmentSize of [1, 4, 12, 13, 200]) {
      const run = await bench.addRun({ rows: 13, segmentSize, numTrials: 2, cachePolicy: 'no-cache' });
      expect(run.task.segmentCount).toBe(Math.ceil(13 / segmentSize));
      const record = await run.complete(createFakeModels(answerWell));
      expect(record).toMatchObject({ status: 'completed', queries: { sent: 26, retried: 0, saved: 0 } });
      digests.add(record.resultDigest);
    }
    expect(digests.size).toBe(1);
    expect([...digests][0]).toMatch(/^sha256:/);
  });

  it('have another digest when one answer is another', async () => {
    const [first, second] = [
      await bench.addRun({ cachePolicy: 'no-cache' }),
      await bench.addRun({ cachePolicy: 'no-cache' }),
    ];
    const one = await first.complete(createFakeModels(answerWell));
    // Wrong before and after: no score and no metric changes.
    const other = await second.complete(
      createFakeModels((query) => (query.sampleId === 'c5' ? 'Capital 5.' : answerWell(query))),
    );
    expect(other.resultDigest).not.toBe(one.resultDigest);
  });

  it('of a task with more errors than allowed are recorded, and the task fails for good', async () => {
    const run = await bench.addRun({ rows: 6, maxSampleErrors: 0 });
    const failure = await failureOf(run.complete(createFakeModels(refuseC3)));
    expect(failure).toMatchObject({ type: 'too-many-sample-errors', nonRetryable: true });
    const [text] = (failure['details'] ?? []) as Digest[];
    expect(text).toBeDefined();
    if (text !== undefined) {
      expect(new TextDecoder().decode(await bench.store.content.get(text))).toContain('1 of 6 samples failed');
    }
    const record = await run.getRecord();
    expect(record.metrics).not.toBeNull();
    expect(record).toMatchObject({ status: 'running', samples: { total: 6, solverErrors: 1, errors: 1 } });
  });

  it('of a task within its error limit are published', async () => {
    const run = await bench.addRun({ rows: 6, maxSampleErrors: 1 });
    const record = await run.complete(createFakeModels(refuseC3));
    expect(record).toMatchObject({ status: 'completed', isCurrent: true, samples: { solverErrors: 1, errors: 1 } });
  });
});

describe('publication', () => {
  it('is idempotent: a replay changes nothing', async () => {
    const run = await bench.addRun();
    const published = await run.complete(createFakeModels(answerWell));
    expect(published).toMatchObject({ status: 'completed', isCurrent: true });
    const { taskResultId, key } = run.task;
    await activities().publishTaskResult({ taskResultId, key, planRef: run.planRef });
    expect(await run.getRecord()).toEqual(published);
  });

  it('of a result that has no metrics yet is refused', async () => {
    const run = await bench.addRun();
    const { taskResultId, key } = run.task;
    const failure = await failureOf(activities().publishTaskResult({ taskResultId, key, planRef: run.planRef }));
    expect(failure).toMatchObject({ type: 'internal', nonRetryable: true });
  });

  it('under update replaces the current result, and a look-up finds the new one', async () => {
    const old = await bench.addRun();
    await old.complete(createFakeModels(answerWell));
    const updated = await bench.addRun({ cachePolicy: 'update' });
    const models = createFakeModels(answerWell);
    await updated.complete(models);
    expect(models.sent.length).toBe(6);
    expect((await old.getRecord()).isCurrent).toBe(false);
    expect((await updated.getRecord()).isCurrent).toBe(true);
    const again = await bench.addRun();
    expect(await again.complete(createFakeModels(answerWell))).toMatchObject({
      reuse: 'full',
      reusedFrom: updated.task.taskResultId,
    });
  });

  it('under no-cache is never found by a look-up', async () => {
    const kept = await bench.addRun({ cachePolicy: 'no-cache' });
    expect(await kept.complete(createFakeModels(answerWell))).toMatchObject({ status: 'completed', isCurrent: false });
    const run = await bench.addRun();
    const { runId, planRef, policy, tasks } = run;
    expect(await activities().checkReuse({ runId, planRef, policy, tasks })).toEqual(['none']);
  });

  it('under reuse leaves a usable current result in place and stays evidence', async () => {
    const [first, second] = [await bench.addRun(), await bench.addRun()];
    // Decided before the other one published, as after Temporal lost its database.
    const { runId, planRef, policy, task } = second;
    expect(await activities().decideReuse({ runId, planRef, policy, task, expected: 'none' })).toBe('none');
    await first.complete(createFakeModels(answerWell));
    const work = createWorkActivities({ store: bench.store, models: createFakeModels(answerWell) });
    await runActivity(work.solveSegment, second.segment());
    await runActivity(work.scoreSegment, second.segment());
    await runActivity(work.computeMetrics, second.segment());
    await activities().publishTaskResult({ ...task, planRef });
    expect(await first.getRecord()).toMatchObject({ status: 'completed', isCurrent: true });
    expect(await second.getRecord()).toMatchObject({ status: 'completed', isCurrent: false });
  });
});

describe('the decision under the lock', () => {
  it('is full for what another run published since the first check', async () => {
    const [first, second] = [await bench.addRun(), await bench.addRun()];
    const { runId, planRef, policy, task } = second;
    expect(await activities().checkReuse({ runId, planRef, policy, tasks: [task] })).toEqual(['none']);
    await first.complete(createFakeModels(answerWell));
    expect(await activities().decideReuse({ runId, planRef, policy, task, expected: 'none' })).toBe('full');
    expect(await second.getRecord()).toMatchObject({
      status: 'completed',
      reuse: 'full',
      reusedFrom: first.task.taskResultId,
    });
  });

  it('is partial, and recorded only where it was expected', async () => {
    const source = await bench.addRun({ scorers: [exactScorer] });
    await source.complete(createFakeModels(answerWell));
    const run = await bench.addRun({ scorers: [looseScorer] });
    const { runId, planRef, policy, task } = run;
    expect(await activities().decideReuse({ runId, planRef, policy, task, expected: 'none' })).toBe('partial');
    expect((await run.getRecord()).status).toBe('pending');
    expect(await activities().decideReuse({ runId, planRef, policy, task, expected: 'partial' })).toBe('partial');
    expect(await run.getRecord()).toMatchObject({
      status: 'running',
      reuse: 'partial',
      reusedFrom: source.task.taskResultId,
    });
    const [taken, original] = await Promise.all(
      [run, source].map(({ task: { taskResultId } }) => bench.store.results.listSegments(taskResultId, 'solve')),
    );
    const withoutUsage = (segments: typeof taken) => segments?.map((segment) => ({ ...segment, usage: undefined }));
    expect(withoutUsage(taken)).toEqual(withoutUsage(original));
    // For this one nothing of it was sent.
    expect(taken?.map(({ usage }) => usage)).toEqual(original?.map(({ usage = null }) => toStandingText(usage)));
  });

  it('stands when it is asked again, although a result was published since', async () => {
    const [first, second] = [await bench.addRun(), await bench.addRun()];
    const { runId, planRef, policy, task } = second;
    await activities().decideReuse({ runId, planRef, policy, task, expected: 'none' });
    await first.complete(createFakeModels(answerWell));
    expect(await activities().decideReuse({ runId, planRef, policy, task, expected: 'none' })).toBe('none');
  });

  it.each(['update', 'no-cache'] as const)(
    'under %s is none, until the task result itself has ended',
    async (cachePolicy) => {
      await (await bench.addRun()).complete(createFakeModels(answerWell));
      const run = await bench.addRun({ cachePolicy });
      const { runId, planRef, policy, task } = run;
      expect(await activities().checkReuse({ runId, planRef, policy, tasks: [task] })).toEqual(['none']);
      await run.complete(createFakeModels(answerWell));
      expect(await activities().checkReuse({ runId, planRef, policy, tasks: [task] })).toEqual(['full']);
      expect((await run.getRecord()).reuse).toBe('none');
    },
  );
});

describe('partial reuse', () => {
  it('scores anew and sends no solver query; what was saved is counted', async () => {
    await (await bench.addRun({ scorers: [exactScorer] })).complete(createFakeModels(answerWell));
    const models = createFakeModels(answerWell);
    const record = await (await bench.addRun({ scorers: [looseScorer] })).complete(models);
    expect(models.sent).toEqual([]);
    expect(record).toMatchObject({ reuse: 'partial', queries: { sent: 0, retried: 0, saved: 6 }, isCurrent: true });
  });
});

describe('the record of an end', () => {
  it('never overrides a completed result', async () => {
    const run = await bench.addRun();
    const published = await run.complete(createFakeModels(answerWell));
    const { taskResultId } = run.task;
    expect(await activities().recordTaskResultEnd({ taskResultId, status: 'cancelled', error: null })).toBe(
      'completed',
    );
    const error = { code: 'internal', message: 'too late' };
    expect(await activities().recordTaskResultEnd({ taskResultId, status: 'failed', error })).toBe('completed');
    expect(await run.getRecord()).toEqual(published);
  });

  it('is written once: the first one stands', async () => {
    const { task } = await bench.addRun();
    const { taskResultId } = task;
    expect(await activities().recordTaskResultEnd({ taskResultId, status: 'cancelled', error: null })).toBe(
      'cancelled',
    );
    expect(await activities().recordTaskResultEnd({ taskResultId, status: 'failed', error: null })).toBe('cancelled');
  });

  it('is cancelled for a child that Temporal does not know', async () => {
    const run = await bench.addRun();
    const { taskResultId } = run.task;
    expect(await activities().settleTaskResult({ taskResultId, workflowId: randomUUID() })).toBe('cancelled');
    expect((await run.getRecord()).status).toBe('cancelled');
  });

  it('keeps the text of the error, which comes by reference', async () => {
    const run = await bench.addRun();
    const { taskResultId } = run.task;
    const { digest: text } = await bench.store.content.put(new TextEncoder().encode('What the service said.'));
    const error = { code: 'model-unusable', message: 'Failed.', text };
    await activities().recordTaskResultEnd({ taskResultId, status: 'failed', error });
    expect((await run.getRecord()).error).toEqual({ code: 'model-unusable', message: 'What the service said.' });
  });

  it('is written even when the text of the error is lost', async () => {
    const run = await bench.addRun();
    const { taskResultId } = run.task;
    const error = { code: 'model-unusable', message: 'Failed.', text: digestOf('lost') };
    expect(await activities().recordTaskResultEnd({ taskResultId, status: 'failed', error })).toBe('failed');
    expect((await run.getRecord()).error).toEqual({ code: 'model-unusable', message: 'Failed.' });
  });

  it('is what the store says of a child that published before it was cut off', async () => {
    const run = await bench.addRun();
    await run.complete(createFakeModels(answerWell));
    const { taskResultId } = run.task;
    expect(await activities().settleTaskResult({ taskResultId, workflowId: randomUUID() })).toBe('completed');
  });

  it('of a run follows from its task results', async () => {
    const run = await bench.addRun();
    await activities().recordRunStarted({ runId: run.runId });
    expect((await bench.store.runs.getRun(run.runId)).status).toBe('running');
    await run.complete(createFakeModels(answerWell));
    // A cancel that came after the last of them changes nothing.
    const end = { status: 'completed', errors: 0 };
    expect(await activities().recordRunEnd({ runId: run.runId, failed: false })).toEqual(end);
    expect(await activities().recordRunEnd({ runId: run.runId, failed: true })).toEqual(end);
  });
});

describe('a task result that failed or was cancelled', () => {
  it.each(['failed', 'cancelled'] as const)(
    'as %s is found by no look-up, whatever finished inside it',
    async (status) => {
      const run = await bench.addRun();
      const { runId, planRef, policy, task } = run;
      await activities().decideReuse({ runId, planRef, policy, task, expected: 'none' });
      const work = createWorkActivities({ store: bench.store, models: createFakeModels(answerWell) });
      await runActivity(work.solveSegment, run.segment());
      await runActivity(work.scoreSegment, run.segment());
      await runActivity(work.computeMetrics, run.segment());
      await activities().recordTaskResultEnd({ taskResultId: task.taskResultId, status, error: null });
      for (const scorers of [[exactScorer], [looseScorer]]) {
        const later = await bench.addRun({ scorers });
        const input = { runId: later.runId, planRef: later.planRef, policy: later.policy, tasks: later.tasks };
        expect(await activities().checkReuse(input)).toEqual(['none']);
      }
    },
  );
});
