import { ActivityCancellationDetails } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkActivities } from '../../activities/create-activities.ts';
import { createPatientJournal } from '../../activities/patient-journal.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { QueryAbandoned } from '../../models/models.ts';
import type { Journal } from '../../storage/journal.ts';
import type { Store } from '../../storage/store.ts';
import { makeJournalOutcome, segmentOf } from '../storage/conformance/samples.ts';
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

// A journal that refuses what it is given: the disk is full, or another process holds the database.

const answerWell: FakeHandler = ({ prompt }) => answerCapital(prompt);
const full = () => new EvaluationError('store-failed', 'The disk is full.');

let bench: ActivityBench;
let run: BenchRun;

beforeEach(async () => {
  bench = await openActivityBench();
  run = await bench.addRun({ rows: 6 });
});

afterEach(() => bench.dispose());

/** Refuses appends once `taken` were taken, until there is room. */
function limitStore(
  { store }: ActivityBench,
  taken: number,
): { readonly limited: Store; readonly makeRoom: () => void } {
  let room = taken;
  const append = <Value>(write: () => Promise<Value>): Promise<Value> => {
    if (room <= 0) return Promise.reject(full());
    room--;
    return write();
  };
  const { journal } = store;
  const limited: Journal = {
    load: (segment) => journal.load(segment),
    removeOutcomes: (...values) => journal.removeOutcomes(...values),
    appendAnswer: (...values) => append(() => journal.appendAnswer(...values)),
    appendOutcome: (...values) => append(() => journal.appendOutcome(...values)),
  };
  return { limited: { ...store, journal: limited }, makeRoom: () => (room = Number.POSITIVE_INFINITY) };
}

async function isSealed(): Promise<boolean> {
  const { taskResultId } = run.task;
  return (await bench.store.results.findSegment({ taskResultId, stage: 'solve', segmentIndex: 0 })) !== undefined;
}

describe('while the store cannot be written', () => {
  it('nothing more is sent; what was answered is kept, and the rest is sent once there is room', async () => {
    const { limited, makeRoom } = limitStore(bench, 1);
    const models = createFakeModels(answerWell, { concurrency: 1 });
    const notice = makeGate<string>();
    const work = createWorkActivities({ store: limited, models, onNotice: (message) => notice.open(message) });
    const { ended } = startActivity(work.solveSegment, run.segment());
    expect(await notice.promise).toBe('Nothing is sent until the store can be written. The disk is full.');
    const sentBefore = models.sent.length;
    expect(sentBefore).toBeLessThanOrEqual(2);
    // A whole round of the journal offering again: had anything been let through, it would have been sent by now.
    await expect(Promise.race([ended, models.untilSent(sentBefore + 1), tick()])).resolves.toBe('tick');
    makeRoom();
    await ended;
    expect(models.sent.map(({ sampleId }) => sampleId).sort()).toEqual(['c0', 'c1', 'c2', 'c3', 'c4', 'c5']);
    expect(await isSealed()).toBe(true);
  });

  it('a drain ends the wait, and the next attempt goes on', async () => {
    const { limited } = limitStore(bench, 0);
    const notice = makeGate<string>();
    const models = createFakeModels(answerWell, { concurrency: 2 });
    const work = createWorkActivities({ store: limited, models, onNotice: (message) => notice.open(message) });
    const { environment, ended } = startActivity(work.solveSegment, run.segment());
    await notice.promise;
    environment.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
    expect(await failureOf(ended)).toMatchObject({ type: 'store-failed', nonRetryable: false });
    expect(await isSealed()).toBe(false);
    const next = createFakeModels(answerWell);
    await runActivity(createWorkActivities({ store: bench.store, models: next }).solveSegment, run.segment());
    expect(next.sent).toHaveLength(6);
  });
});

describe('a journal that refuses for good', () => {
  it('is given up after ten minutes, for good: another attempt would pay for the same answers', async () => {
    let waitedMs = 0;
    const refuses = { appendAnswer: () => Promise.reject(full()), appendOutcome: () => Promise.reject(full()) };
    const journal = createPatientJournal(refuses, segmentOf('task'), {
      signal: new AbortController().signal,
      sleep: async (durationMs) => {
        waitedMs += durationMs;
      },
    });
    const failure = await failureOf(journal.appendOutcome(makeJournalOutcome(0)));
    expect(failure).toMatchObject({ type: 'store-failed', nonRetryable: true });
    expect(failure.message).toContain('The disk is full.');
    expect(waitedMs).toBeGreaterThanOrEqual(10 * 60_000);
    expect(waitedMs).toBeLessThan(11 * 60_000);
  });

  it('passes other failures on at once', async () => {
    const broken = {
      appendAnswer: () => Promise.reject(new Error('a bug')),
      appendOutcome: () => Promise.reject(full()),
    };
    const journal = createPatientJournal(broken, segmentOf('task'), { signal: new AbortController().signal });
    await expect(journal.appendAnswer({} as never)).rejects.toThrow('a bug');
  });
});

/** Resolves after the next commit of the bench's store: everything that was ready to go on has gone on. */
async function tick(): Promise<'tick'> {
  await bench.store.journal.appendAnswer(segmentOf(run.task.taskResultId, 'score'), {
    ...makeAnswerId(),
    answer: { output: 'tick', evidence: { started_at: '2026-01-01T00:00:00.000Z', duration_ms: 1, retries: [] } },
  });
  return 'tick';
}

function makeAnswerId() {
  return { sampleIndex: 0, trial: 0, scorerKey: 'none', modelKey: 'none', requestDigest: 'none', occurrence: 0 };
}

describe('a journal that will not take an answer, whatever is done about its disk', () => {
  it('lets nothing more be sent in this attempt, before the query that lost its answer makes room for the next', async () => {
    const refusal = new EvaluationError('internal', 'The key is missing.');
    const refuse = () => Promise.reject(refusal);
    const segment = segmentOf(run.task.taskResultId);
    const journal = createPatientJournal({ appendAnswer: refuse, appendOutcome: refuse }, segment, {
      signal: new AbortController().signal,
    });
    const waiting = journal.whileWritable(
      (signal) =>
        new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(new QueryAbandoned()), { once: true }),
        ),
    );
    await expect(journal.appendOutcome(makeJournalOutcome(0))).rejects.toBe(refusal);
    await expect(waiting).rejects.toBe(refusal);
    await expect(journal.whileWritable(() => Promise.resolve('sent'))).rejects.toBe(refusal);
  });
});
