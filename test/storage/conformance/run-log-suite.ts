import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../../storage/store.ts';
import type { OpenedStore, OpenStore } from './opened-store.ts';
import {
  completeTask,
  digestOf,
  getTask,
  makeJournalAnswer,
  makeJournalOutcome,
  makeProcess,
  makeRun,
  makeSegment,
  makeSummary,
  makeTask,
  segmentOf,
} from './samples.ts';

const none = { verdict: 'none', why: null, warnings: [] } as const;

export function describeRunLog(open: OpenStore): void {
  describe('runs', () => {
    let opened: OpenedStore;
    let store: Store;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.dispose());

    test('keeps its store id', async () => {
      const id = await store.runs.getStoreId();
      expect(id).toMatch(/^[0-9a-z]{8,32}$/);
      expect(await (await opened.reopen()).runs.getStoreId()).toBe(id);
    });

    test('keeps its segment size', async () => {
      const size = await store.runs.getSegmentSize();
      expect(size).toBeGreaterThanOrEqual(1);
      expect(await (await opened.reopen()).runs.getSegmentSize()).toBe(size);
    });

    test('records a run and gives it back', async () => {
      const run = makeRun('run-1', { label: 'nightly', ownerId: 'process' });
      await store.runs.createRun(run, [makeTask('task')]);
      const expected = {
        ...run,
        status: 'pending',
        attempt: 1,
        endedAt: null,
        workedMs: 0,
        mends: null,
        trigger: 'command',
        scheduleName: null,
        scheduledAt: null,
        alerts: null,
        pausedAt: null,
        workQueue: null,
      };
      expect(await store.runs.getRun('run-1')).toEqual(expected);
      await store.runs.recordRunStarted('run-1');
      expect(await store.runs.getRun('run-1')).toEqual({ ...expected, status: 'running' });
    });

    test('pauses an open run and lets it go on; one that has ended is not paused, and neither is its next attempt', async () => {
      const pausedAt = '2026-11-21T10:00:00.000Z';
      await store.runs.createRun(makeRun('run-1'), [makeTask('task')]);
      expect(await store.runs.recordPaused('run-1', pausedAt)).toBe(true);
      store = await opened.reopen();
      expect((await store.runs.getRun('run-1')).pausedAt).toBe(pausedAt);
      expect(await store.runs.recordPaused('run-1', null)).toBe(true);
      expect((await store.runs.getRun('run-1')).pausedAt).toBeNull();
      await store.runs.recordPaused('run-1', pausedAt);
      await store.runs.recordRunEnd('run-1', { failed: false });
      expect(await store.runs.recordPaused('run-1', null)).toBe(false);
      expect((await store.runs.reopenRun('run-1')).pausedAt).toBeNull();
    });

    test('records a run once, however often it is told', async () => {
      await store.runs.createRun(makeRun('run-1'), [makeTask('task')]);
      await store.runs.recordRunStarted('run-1');
      await store.runs.createRun(makeRun('run-1'), [makeTask('task')]);
      expect((await store.runs.getRun('run-1')).status).toBe('running');
      const other = makeRun('run-1', { planDigest: digestOf('another plan') });
      await expect(store.runs.createRun(other, [])).rejects.toMatchObject({ code: 'internal' });
    });

    test('records hundreds of task results in their order', async () => {
      const tasks = Array.from({ length: 450 }, (_, index) =>
        makeTask(`task-${index}`, { resultKey: digestOf(`${index}`) }),
      );
      await store.runs.createRun(makeRun('run'), tasks);
      const listed = await store.results.listTaskResults('run');
      expect(listed.map((task) => task.taskResultId)).toEqual(tasks.map((task) => task.taskResultId));
    });

    test('records nothing of a run whose task results cannot be recorded', async () => {
      await store.runs.createRun(makeRun('first'), [makeTask('taken')]);
      await expect(store.runs.createRun(makeRun('second'), [makeTask('fresh'), makeTask('taken')])).rejects.toThrow();
      await expect(store.runs.getRun('second')).rejects.toMatchObject({ code: 'run-not-found' });
      expect(await store.results.findTaskResults(['fresh'])).toEqual([]);
    });

    describe('references', () => {
      beforeEach(async () => {
        await store.runs.createRun(makeRun('ab12cd', { label: 'baseline' }), []);
        await store.runs.createRun(makeRun('ab34ef', { label: 'baseline' }), []);
        await store.runs.createRun(makeRun('99zz99', { label: 'ab1' }), []);
        await store.runs.createRun(makeRun('ab', { label: null }), []);
      });

      test.each([
        ['ab12cd', 'ab12cd'],
        ['ab3', 'ab34ef'],
        ['9', '99zz99'],
        ['ab', 'ab'],
        ['latest', 'ab'],
        ['latest~0', 'ab'],
        ['latest~1', '99zz99'],
        ['latest~3', 'ab12cd'],
        ['baseline', 'ab34ef'],
      ])('%s means run %s', async (reference, runId) => {
        expect((await store.runs.getRun(reference)).runId).toBe(runId);
      });

      test.each([
        ['a', ['ab', 'ab12cd', 'ab34ef']],
        ['ab1', ['ab12cd', '99zz99']],
      ])('%s is ambiguous and the candidates are named', async (reference, candidates) => {
        const error = await store.runs.getRun(reference).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: 'run-ambiguous' });
        for (const candidate of candidates) expect(String(error)).toContain(candidate);
      });

      test.each([
        ['basline', 'baseline'],
        ['ab12ce', 'ab12cd'],
        ['latest~4', 'latest~3'],
        ['lates', 'latest'],
      ])('%s is not found and %s is suggested', async (reference, nearest) => {
        await expect(store.runs.getRun(reference)).rejects.toMatchObject({
          code: 'run-not-found',
          hint: expect.stringContaining(`"${nearest}"`) as string,
        });
      });

      test.each(['', '%', '_b', 'latest~', 'latest~-1', 'latest ', 'AB12CD'])(
        '"%s" is not found',
        async (reference) => {
          await expect(store.runs.getRun(reference)).rejects.toMatchObject({ code: 'run-not-found' });
        },
      );
    });

    test('says of an empty store that it has no runs', async () => {
      await expect(store.runs.getRun('latest')).rejects.toMatchObject({ code: 'run-not-found' });
    });

    test('lists runs newest first and open ones apart', async () => {
      for (const id of ['one', 'two', 'three']) await store.runs.createRun(makeRun(id), []);
      await store.runs.recordRunStarted('three');
      await store.runs.recordRunEnd('two', { failed: false });
      expect((await store.runs.listRuns({ limit: 2 })).map(({ runId }) => runId)).toEqual(['three', 'two']);
      expect((await store.runs.findOpenRuns()).map(({ runId }) => runId).toSorted()).toEqual(['one', 'three']);
    });

    test.each([
      ['completed', 'completed', false, 'completed', 'completed'],
      ['completed', 'failed', false, 'failed', 'failed'],
      ['cancelled', 'failed', false, 'failed', 'failed'],
      ['completed', 'cancelled', false, 'cancelled', 'cancelled'],
      ['completed', 'running', false, 'cancelled', 'cancelled'],
      ['completed', 'pending', false, 'cancelled', 'cancelled'],
      ['completed', 'running', true, 'failed', 'failed'],
      ['completed', 'completed', true, 'completed', 'completed'],
      ['cancelled', 'pending', true, 'failed', 'failed'],
    ] as const)(
      'a run with a %s and a %s task result (failed itself: %s) ends %s',
      async (first, second, failed, status, secondStatus) => {
        await store.runs.createRun(makeRun('run', { ownerId: 'process' }), [
          makeTask('first', { resultKey: digestOf('1') }),
          makeTask('second', { resultKey: digestOf('2') }),
        ]);
        for (const [id, wanted] of [
          ['first', first],
          ['second', second],
        ] as const) {
          if (wanted === 'completed') await completeTask(store, id);
          else if (wanted === 'running') await store.results.recordRunning(id, none);
          else if (wanted !== 'pending') await store.results.recordEnd(id, { status: wanted, error: null });
        }
        expect(await store.runs.recordRunEnd('run', { failed })).toBe(status);
        expect(await getTask(store, 'second')).toMatchObject({ status: secondStatus });
        const run = await store.runs.getRun('run');
        expect(run).toMatchObject({ status, ownerId: null });
        expect(run.endedAt).not.toBeNull();
        expect(await store.runs.recordRunEnd('run', { failed: !failed })).toBe(status);
        await store.runs.recordRunStarted('run');
        expect(await store.runs.getRun('run')).toEqual(run);
      },
    );

    test('opens a failed run again: what failed is tried again and what is good stands', async () => {
      await store.runs.createRun(makeRun('run'), [
        makeTask('good', { resultKey: digestOf('good') }),
        makeTask('bad', { resultKey: digestOf('bad'), segmentCount: 3, samplesTotal: 30 }),
      ]);
      await store.runs.recordRunStarted('run');
      await completeTask(store, 'good');
      await store.results.recordRunning('bad', none);
      await store.results.registerSegment(segmentOf('bad', 'solve', 0), makeSegment('bad 0'));
      await store.results.registerSegment(segmentOf('bad', 'solve', 1), makeSegment('bad 1', { errors: 2 }));
      await store.results.registerSegment(segmentOf('bad', 'score', 0), makeSegment('bad 0', { errors: 1 }));
      await store.results.registerSegment(segmentOf('bad', 'score', 1), makeSegment('bad 1'));
      await store.results.registerSegment(segmentOf('bad', 'score', 2), makeSegment('bad 2'));
      await store.journal.appendAnswer(segmentOf('bad', 'solve', 2), makeJournalAnswer('kept'));
      await store.results.recordSummary(
        'bad',
        makeSummary('bad', { samples: { total: 30, solverErrors: 2, errors: 3, excludedFromMetrics: 0 } }),
      );
      await store.results.recordEnd('bad', {
        status: 'failed',
        error: { code: 'too-many-sample-errors', message: 'No.' },
      });
      await store.runs.recordRunEnd('run', { failed: false });
      const good = await getTask(store, 'good');

      const reopened = await store.runs.reopenRun('run');
      expect(reopened).toMatchObject({ status: 'pending', attempt: 2, endedAt: null });
      expect(reopened.workedMs).toBeGreaterThan(0);
      expect(await store.runs.reopenRun('run')).toEqual(reopened);
      expect(await getTask(store, 'good')).toEqual(good);
      expect(await getTask(store, 'bad')).toMatchObject({
        status: 'pending',
        attempt: 2,
        error: null,
        endedAt: null,
        manifest: null,
        samples: { total: 30, solverErrors: 0, errors: 0 },
      });
      const listReopened = async (stage: 'solve' | 'score') =>
        (await store.results.listSegments('bad', stage)).map(({ isReopened }) => isReopened);
      expect(await listReopened('solve')).toEqual([false, true]);
      expect(await listReopened('score')).toEqual([true, true, false]);
      expect((await store.journal.load(segmentOf('bad', 'solve', 2))).answers).toHaveLength(1);

      await store.results.recordRunning('bad', none);
      await store.results.registerSegment(segmentOf('bad', 'solve', 1, 2), makeSegment('bad 1, mended'));
      expect(await store.results.findSegment(segmentOf('bad', 'solve', 1))).toMatchObject({
        ...makeSegment('bad 1, mended'),
        isReopened: false,
      });
    });

    test('leaves solver outputs that were taken over alone when it opens a run again', async () => {
      await store.runs.createRun(makeRun('first'), [makeTask('source')]);
      await completeTask(store, 'source', { errors: 1 });
      await store.runs.createRun(makeRun('second'), [makeTask('partial', { resultKey: digestOf('other') })]);
      await store.results.recordRunning('partial', { verdict: 'partial', sourceId: 'source', why: null, warnings: [] });
      await store.results.registerSegment(segmentOf('partial', 'score'), makeSegment('scores', { errors: 3 }));
      await store.results.recordEnd('partial', { status: 'failed', error: null });
      await store.runs.recordRunEnd('second', { failed: false });
      await store.runs.reopenRun('second');
      expect((await store.results.findSegment(segmentOf('partial')))?.isReopened).toBe(false);
      expect((await store.results.findSegment(segmentOf('partial', 'score')))?.isReopened).toBe(true);
      await store.results.recordRunning('partial', { verdict: 'partial', sourceId: 'source', why: null, warnings: [] });
      expect((await store.results.findSegment(segmentOf('partial', 'score')))?.isReopened).toBe(true);
    });

    test('does not open a completed run again', async () => {
      await store.runs.createRun(makeRun('run'), [makeTask('task')]);
      await completeTask(store, 'task');
      await store.runs.recordRunEnd('run', { failed: false });
      await expect(store.runs.reopenRun('run')).rejects.toMatchObject({ code: 'usage' });
    });

    test('leaves a run that is offered to all workers to them, until it is placed elsewhere', async () => {
      await store.runs.registerProcess(makeProcess('a'));
      await store.runs.createRun(makeRun('run', { workQueue: 'stet/store/work', ownerId: null }), [makeTask('task')]);
      expect(await store.runs.getRun('run')).toMatchObject({ workQueue: 'stet/store/work', ownerId: null });
      expect(await store.runs.takeRun('run', 'a', () => false)).toBe(false);
      await store.runs.placeRun('run', { workQueue: null, ownerId: null });
      expect(await store.runs.takeRun('run', 'a', () => false)).toBe(true);
      await store.runs.placeRun('run', { workQueue: 'stet/store/work', ownerId: null });
      expect(await store.runs.getRun('run')).toMatchObject({ workQueue: 'stet/store/work', ownerId: null });
    });

    test('gives a duty to one live process at a time', async () => {
      for (const name of ['a', 'b']) await store.runs.registerProcess(makeProcess(name));
      const alive = new Set(['a', 'b']);
      const take = (duty: string, processId: string) =>
        store.runs.takeDuty(duty, processId, (holder) => alive.has(holder.processId));
      expect([await take('up', 'a'), await take('up', 'a'), await take('up', 'b')]).toEqual([true, true, false]);
      expect(await take('caretaker', 'b')).toBe(true); // another duty
      alive.delete('a');
      expect([await take('up', 'b'), await take('up', 'a')]).toEqual([true, false]);
      await store.runs.removeProcess('b'); // one that has left is no holder
      expect(await take('up', 'a')).toBe(true);
    });

    test('shows the sign of who has a duty to those who would take it over', async () => {
      for (const name of ['a', 'b']) await store.runs.registerProcess(makeProcess(name));
      const seen: string[] = [];
      const look = (isKept: boolean, sign: string) =>
        store.runs.takeDuty(
          'caretaker',
          'b',
          ({ processId }, left) => seen.push(`${processId} ${left}`) > 0 && isKept,
          sign,
        );
      const renew = (sign: string) => store.runs.takeDuty('caretaker', 'a', () => true, sign);
      expect([await renew('1'), await look(true, '7'), await renew('2'), await look(true, '8')]).toEqual([
        true,
        false,
        true,
        false,
      ]);
      expect(seen).toEqual(['a 1', 'a 2']);
      expect([await look(false, '9'), await renew('3')]).toEqual([true, false]);
    });

    test('knows since when it is used with the same Temporal', async () => {
      expect(await store.runs.recordTemporal('one', '2026-01-01T00:00:00.000Z')).toBe('2026-01-01T00:00:00.000Z');
      expect(await store.runs.recordTemporal('one', '2026-02-01T00:00:00.000Z')).toBe('2026-01-01T00:00:00.000Z');
      expect(await store.runs.recordTemporal('other', '2026-03-01T00:00:00.000Z')).toBe('2026-03-01T00:00:00.000Z');
      expect(await (await opened.reopen()).runs.recordTemporal('one', '2026-04-01T00:00:00.000Z')).toBe(
        '2026-04-01T00:00:00.000Z',
      );
    });

    test('gives a run to one live owner at a time', async () => {
      await store.runs.createRun(makeRun('run', { ownerId: 'a' }), []);
      await store.runs.registerProcess(makeProcess('a'));
      await store.runs.registerProcess(makeProcess('b'));
      const asked: string[] = [];
      const isAlive = (alive: boolean) => (process: { readonly processId: string }) => {
        asked.push(process.processId);
        return alive;
      };
      expect(await store.runs.takeRun('run', 'b', isAlive(true))).toBe(false);
      expect((await store.runs.getRun('run')).ownerId).toBe('a');
      expect(await store.runs.takeRun('run', 'a', isAlive(true))).toBe(false);
      expect(await store.runs.takeRun('run', 'b', isAlive(false))).toBe(true);
      expect((await store.runs.getRun('run')).ownerId).toBe('b');
      expect(asked).toEqual(['a', 'a', 'a']);
      await store.runs.releaseRun('run', 'a');
      expect((await store.runs.getRun('run')).ownerId).toBe('b');
      await store.runs.releaseRun('run', 'b', 2);
      expect((await store.runs.getRun('run')).ownerId, 'another attempt').toBe('b');
      await store.runs.releaseRun('run', 'b', 1);
      expect((await store.runs.getRun('run')).ownerId).toBeNull();
    });

    test('takes an owner for dead that is not registered', async () => {
      await store.runs.createRun(makeRun('run', { ownerId: 'vanished' }), []);
      expect(await store.runs.takeRun('run', 'b', () => true)).toBe(true);
      await expect(store.runs.takeRun('no such run', 'b', () => true)).rejects.toMatchObject({ code: 'run-not-found' });
    });

    test('gives a run that has ended to nobody', async () => {
      await store.runs.createRun(makeRun('run'), []);
      await store.runs.recordRunEnd('run', { failed: false });
      expect(await store.runs.takeRun('run', 'b', () => false)).toBe(false);
      expect((await store.runs.getRun('run')).ownerId).toBeNull();
    });

    test('keeps the last sign of life of a process', async () => {
      await store.runs.registerProcess(makeProcess('a'));
      expect(await store.runs.renewProcess('a', '2026-01-01T00:00:10.000Z')).toBe(true);
      expect(await store.runs.renewProcess('b', '2026-01-01T00:00:10.000Z')).toBe(false);
      expect(await store.runs.listProcesses()).toEqual([{ ...makeProcess('a'), seenAt: '2026-01-01T00:00:10.000Z' }]);
    });

    test('lists processes until they are removed, and what they owned is nobody’s then', async () => {
      await store.runs.registerProcess(makeProcess('a'));
      await store.runs.registerProcess(makeProcess('b'));
      await store.runs.createRun(makeRun('run', { ownerId: 'a' }), []);
      expect(await store.runs.listProcesses()).toEqual([makeProcess('a'), makeProcess('b')]);
      await store.runs.removeProcess('a');
      expect(await store.runs.listProcesses()).toEqual([makeProcess('b')]);
      expect((await store.runs.getRun('run')).ownerId).toBeNull();
    });

    test('says which run a task result waits for until it works or ends', async () => {
      await store.runs.createRun(
        makeRun('run'),
        ['a', 'b', 'c'].map((id) => makeTask(id, { resultKey: digestOf(id) })),
      );
      await store.runs.recordWait('a', 'elsewhere');
      await store.runs.recordWait('b', 'elsewhere');
      await store.runs.recordWait('b', 'another');
      await store.runs.recordWait('c', 'elsewhere');
      await store.runs.recordWait('c', null);
      expect(await store.runs.listWaits('run')).toEqual([
        { taskResultId: 'a', holderRunId: 'elsewhere' },
        { taskResultId: 'b', holderRunId: 'another' },
      ]);
      await store.results.recordRunning('a', none);
      await store.results.recordEnd('b', { status: 'cancelled', error: null });
      await store.runs.recordWait('b', 'too late');
      expect(await store.runs.listWaits('run')).toEqual([]);
    });

    test('counts progress over sealed segments and the journal', async () => {
      await store.runs.createRun(makeRun('run'), [
        makeTask('first', { resultKey: digestOf('1') }),
        makeTask('second', { resultKey: digestOf('2') }),
      ]);
      await store.results.recordRunning('second', none);
      await store.results.registerSegment(segmentOf('second', 'solve', 0), makeSegment('sealed', { errors: 1 }));
      for (const sampleIndex of [10, 11, 12]) {
        const outcome = makeJournalOutcome(sampleIndex, { error: sampleIndex === 11 });
        await store.journal.appendOutcome(segmentOf('second', 'solve', 1), outcome);
      }
      for (const sampleIndex of [0, 1, 2]) {
        const outcome = makeJournalOutcome(sampleIndex, { error: sampleIndex === 2 });
        await store.journal.appendOutcome(segmentOf('second', 'score', 0), outcome);
      }
      const nothing = { sent: 0, retried: 0 };
      const sealed = makeSegment('sealed').queries;
      expect(await store.runs.listProgress('run')).toEqual([
        { taskResultId: 'first', stage: 'solve', done: 0, errors: 0, queries: nothing, answersStood: 0 },
        { taskResultId: 'first', stage: 'score', done: 0, errors: 0, queries: nothing, answersStood: 0 },
        {
          taskResultId: 'second',
          stage: 'solve',
          done: 13,
          errors: 2,
          queries: { sent: sealed.sent + 3, retried: sealed.retried + 6 },
          answersStood: 0,
        },
        {
          taskResultId: 'second',
          stage: 'score',
          done: 3,
          errors: 1,
          queries: { sent: 3, retried: 6 },
          answersStood: 0,
        },
      ]);
    });

    test('counts of a reopened segment what is good and what was tried again', async () => {
      await store.runs.createRun(makeRun('run'), [makeTask('task')]);
      await store.results.registerSegment(segmentOf('task'), makeSegment('sealed', { errors: 3 }));
      await store.results.recordEnd('task', { status: 'failed', error: null });
      await store.runs.recordRunEnd('run', { failed: false });
      await store.runs.reopenRun('run');
      const getSolved = async () => (await store.runs.listProgress('run'))[0];
      expect(await getSolved()).toMatchObject({ done: 7, errors: 0 });
      const secondAttempt = segmentOf('task', 'solve', 0, 2);
      await store.journal.appendOutcome(secondAttempt, makeJournalOutcome(1));
      await store.journal.appendOutcome(secondAttempt, makeJournalOutcome(2, { error: true }));
      expect(await getSolved()).toMatchObject({ done: 9, errors: 1 });
    });
  });
}
