import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TaskResultRecord } from '../../../storage/result-index.ts';
import type { Store } from '../../../storage/store.ts';
import type { OpenedStore, OpenStore } from './opened-store.ts';
import {
  completeTask,
  digestOf,
  getTask,
  makeJournalAnswer,
  makeJournalOutcome,
  makeRun,
  makeSegment,
  makeSummary,
  makeTask,
  segmentOf,
} from './samples.ts';

const none = { verdict: 'none', why: null, warnings: [] } as const;

export function describeResultIndex(open: OpenStore): void {
  describe('results', () => {
    let opened: OpenedStore;
    let store: Store;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.dispose());

    /** A run with one task result of the same name. */
    async function createOne(
      id: string,
      changes: Parameters<typeof makeTask>[1] = {},
      run: Parameters<typeof makeRun>[1] = {},
    ) {
      await store.runs.createRun(makeRun(`run-${id}`, run), [makeTask(id, changes)]);
    }

    async function findCurrent(resultKey = digestOf('result')) {
      return (await store.results.findCurrentResults([resultKey])).get(resultKey)?.taskResultId;
    }

    /** Fails the task result with its run of `createOne`, and opens it again: attempt 2. */
    async function reopen(id: string) {
      await store.results.recordEnd(id, { status: 'failed', error: null });
      await store.runs.recordRunEnd(`run-${id}`, { failed: false });
      await store.runs.reopenRun(`run-${id}`);
    }

    async function findSolved(solverKey = digestOf('solver')) {
      return (
        (await store.results.findSolvedResults([solverKey])).get(solverKey)?.map((found) => found.taskResultId) ?? []
      );
    }

    test('finds task results by id and lists those of a run in the order of the evaluation', async () => {
      await store.runs.createRun(makeRun('run'), [makeTask('z'), makeTask('a', { taskKey: 'other' }), makeTask('m')]);
      expect((await store.results.listTaskResults('run')).map((task) => task.taskResultId)).toEqual(['z', 'a', 'm']);
      const found = await store.results.findTaskResults(['a', 'unknown', 'z']);
      expect(found.map((task) => task.taskResultId).toSorted()).toEqual(['a', 'z']);
      expect(await getTask(store, 'a')).toMatchObject({
        position: 1,
        taskKey: 'other',
        policy: 'reuse',
        status: 'pending',
        attempt: 1,
        reuse: null,
        reusedFrom: null,
        isCurrent: false,
        segmentCount: 1,
        samples: { total: 10, errors: 0 },
        manifest: null,
        error: null,
        why: null,
        warnings: [],
        startedAt: null,
        endedAt: null,
      });
    });

    test('completes a task result from its summary and finds it from then on', async () => {
      await createOne('one');
      await store.results.recordRunning('one', { ...none, why: [{ category: 'field' }], warnings: ['mind this'] });
      await store.results.registerSegment(segmentOf('one'), makeSegment('solved'));
      await store.results.recordSummary('one', makeSummary('one'));
      expect(await findCurrent()).toBeUndefined();
      expect(await findSolved()).toEqual([]);
      await store.results.publish('one', null);
      const { samples, queries, manifest, metrics, resultDigest } = makeSummary('one');
      expect(await getTask(store, 'one')).toMatchObject({
        status: 'completed',
        reuse: 'none',
        isCurrent: true,
        samples,
        queries,
        manifest,
        metrics,
        resultDigest,
        why: [{ category: 'field' }],
        warnings: ['mind this'],
      });
      expect(await findCurrent()).toBe('one');
      expect(await findSolved()).toEqual(['one']);
    });

    test('refuses to publish before there is a summary', async () => {
      await createOne('one');
      await store.results.recordRunning('one', none);
      await expect(store.results.publish('one', null)).rejects.toMatchObject({ code: 'internal' });
      expect((await getTask(store, 'one')).status).toBe('running');
    });

    test('under reuse leaves the current result in its place, unless that is no longer usable', async () => {
      await createOne('first');
      await createOne('second');
      await createOne('third');
      await completeTask(store, 'first');
      await completeTask(store, 'second');
      expect(await findCurrent()).toBe('first');
      expect(await getTask(store, 'second')).toMatchObject({ status: 'completed', isCurrent: false });
      await completeTask(store, 'third', { replaceCurrent: true });
      expect(await findCurrent()).toBe('third');
      expect((await getTask(store, 'first')).isCurrent).toBe(false);
    });

    test('under update always replaces the current result', async () => {
      await createOne('first');
      await createOne('second', {}, { policy: 'update' });
      await completeTask(store, 'first');
      await completeTask(store, 'second', { replaceCurrent: false });
      expect(await findCurrent()).toBe('second');
    });

    test('never finds a no-cache result', async () => {
      await createOne('one', {}, { policy: 'no-cache' });
      await completeTask(store, 'one', { replaceCurrent: true });
      expect(await getTask(store, 'one')).toMatchObject({ status: 'completed', isCurrent: false });
      expect(await findCurrent()).toBeUndefined();
      expect(await findSolved()).toEqual([]);
    });

    test('never finds a failed, cancelled or unfinished result', async () => {
      for (const id of ['failed', 'cancelled', 'running', 'pending']) {
        await createOne(id);
        if (id === 'pending') continue;
        await store.results.recordRunning(id, none);
        await store.results.registerSegment(segmentOf(id), makeSegment(id));
        await store.results.recordSummary(id, makeSummary(id));
        if (id === 'failed' || id === 'cancelled') await store.results.recordEnd(id, { status: id, error: null });
      }
      expect(await findCurrent()).toBeUndefined();
      expect(await findSolved()).toEqual([]);
    });

    test('ends an alias with everything of its source, and never uses it as a source itself', async () => {
      await createOne('source');
      await createOne('alias');
      await createOne('alias of an alias');
      await completeTask(store, 'source');
      await store.results.recordAlias('alias', { sourceId: 'source', warnings: ['old'] });
      await store.results.recordAlias('alias of an alias', { sourceId: 'alias', warnings: [] });
      const { samples, manifest, metrics, resultDigest } = makeSummary('source');
      expect(await getTask(store, 'alias')).toMatchObject({
        status: 'completed',
        reuse: 'full',
        reusedFrom: 'source',
        isCurrent: false,
        samples,
        queries: { sent: 0, retried: 0, saved: 10 },
        manifest,
        metrics,
        resultDigest,
        why: [],
        warnings: ['old'],
        solvedAt: (await getTask(store, 'source')).solvedAt,
      });
      expect((await getTask(store, 'alias of an alias')).reusedFrom).toBe('source');
      expect(await findCurrent()).toBe('source');
      expect(await findSolved()).toEqual(['source']);
      const comparable = (await store.results.findComparableResults(['task'])).get('task') ?? [];
      expect(comparable.map(({ taskResultId }) => taskResultId)).toEqual(['source']);
    });

    test('refuses an alias of a result that may not be reused', async () => {
      await createOne('failed');
      await createOne('hidden', {}, { policy: 'no-cache' });
      await createOne('wants');
      await store.results.recordEnd('failed', { status: 'failed', error: null });
      await completeTask(store, 'hidden');
      for (const sourceId of ['failed', 'hidden', 'unknown']) {
        expect(await store.results.recordAlias('wants', { sourceId, warnings: [] })).toBe(false);
      }
      expect((await getTask(store, 'wants')).status).toBe('pending');
    });

    test('takes over the solve segments of the source under partial reuse', async () => {
      await createOne('source');
      await completeTask(store, 'source', { errors: 1 });
      await createOne('partial', { resultKey: digestOf('other scorers') });
      await store.results.recordRunning('partial', { verdict: 'partial', sourceId: 'source', why: null, warnings: [] });
      expect(await store.results.listSegments('partial', 'solve')).toEqual(
        await store.results.listSegments('source', 'solve'),
      );
      expect(await store.results.listSegments('partial', 'score')).toEqual([]);
      const source = await getTask(store, 'source');
      expect(await getTask(store, 'partial')).toMatchObject({
        status: 'running',
        reuse: 'partial',
        reusedFrom: 'source',
        solvedAt: source.solvedAt,
      });
    });

    test('names the result that computed the solver outputs through a chain of partial reuse', async () => {
      await createOne('source');
      await completeTask(store, 'source');
      await createOne('second', { resultKey: digestOf('second scorers') });
      await completeTask(store, 'second', { sourceId: 'source' });
      await createOne('third', { resultKey: digestOf('third scorers') });
      await completeTask(store, 'third', { sourceId: 'second' });
      expect((await getTask(store, 'third')).reusedFrom).toBe('source');
      expect(await store.results.listSegments('third', 'solve')).toEqual(
        await store.results.listSegments('source', 'solve'),
      );
      // Equal times of solving: the greatest id comes first.
      expect(await findSolved()).toEqual(['third', 'source', 'second'].toSorted().toReversed());
    });

    test('drops what was taken over when a later decision is another one', async () => {
      await createOne('source');
      await completeTask(store, 'source');
      await createOne('task', { resultKey: digestOf('other scorers') });
      await store.results.recordRunning('task', { verdict: 'partial', sourceId: 'source', why: null, warnings: [] });
      await store.results.registerSegment(segmentOf('task', 'score'), makeSegment('scores of the source'));
      await reopen('task');
      await store.results.recordRunning('task', none);
      expect(await store.results.listSegments('task', 'solve')).toEqual([]);
      expect(await store.results.listSegments('task', 'score')).toEqual([]);
      expect(await getTask(store, 'task')).toMatchObject({ reuse: 'none', reusedFrom: null, solvedAt: null });
    });

    test('keeps sealed segments when the same decision is recorded again', async () => {
      await createOne('task');
      await store.results.recordRunning('task', none);
      await store.results.registerSegment(segmentOf('task'), makeSegment('own'));
      await reopen('task');
      await store.results.recordRunning('task', { ...none, warnings: ['again'] });
      await store.results.recordRunning('task', { ...none, warnings: ['again'] });
      expect(await store.results.listSegments('task', 'solve')).toHaveLength(1);
      expect((await getTask(store, 'task')).warnings).toEqual(['again']);
    });

    test('lets the first decision of an attempt stand, so that a late one drops no work', async () => {
      await createOne('source');
      await completeTask(store, 'source');
      await createOne('task');
      await store.results.recordRunning('task', none);
      await store.results.registerSegment(segmentOf('task'), makeSegment('own'));
      const late = { verdict: 'partial', sourceId: 'source', why: null, warnings: ['late'] } as const;
      expect(await store.results.recordRunning('task', late)).toBe(true);
      expect(await getTask(store, 'task')).toMatchObject({ reuse: 'none', reusedFrom: null, warnings: [] });
      expect((await store.results.findSegment(segmentOf('task')))?.blob.digest).toBe(digestOf('own'));
    });

    test('says that a source is gone, and records nothing', async () => {
      await createOne('task');
      const partial = { verdict: 'partial', sourceId: 'gone', why: null, warnings: [] } as const;
      expect(await store.results.recordRunning('task', partial)).toBe(false);
      expect(await getTask(store, 'task')).toMatchObject({ status: 'pending', reuse: null });
    });

    test('publishes under reuse only beside a current result that was judged', async () => {
      for (const id of ['judged', 'newer', 'mine']) await createOne(id);
      await store.runs.createRun(makeRun('updating', { policy: 'update' }), [makeTask('update')]);
      await completeTask(store, 'judged');
      await store.results.recordRunning('mine', none);
      await store.results.recordSummary('mine', makeSummary('mine'));
      await completeTask(store, 'update');
      for (const judged of [
        null,
        { taskResultId: 'judged', isUsable: false },
        { taskResultId: 'judged', isUsable: true },
      ])
        expect(await store.results.publish('mine', judged)).toBe(false);
      expect(await getTask(store, 'mine')).toMatchObject({ status: 'running', isCurrent: false });
      expect(await store.results.publish('mine', { taskResultId: 'update', isUsable: true })).toBe(true);
      expect(await getTask(store, 'mine')).toMatchObject({ status: 'completed', isCurrent: false });
      expect(await findCurrent()).toBe('update');
    });

    test('misses a lost segment of its own work, with its scores, and warns', async () => {
      await createOne('task');
      await store.results.recordRunning('task', none);
      for (const stage of ['solve', 'score'] as const)
        await store.results.registerSegment(segmentOf('task', stage), makeSegment(stage));
      await store.results.recordLostSegment(segmentOf('task'), digestOf('another blob'));
      expect(await store.results.listSegments('task', 'solve')).toHaveLength(1);
      await store.results.recordLostSegment(segmentOf('task', 'solve', 0, 2), digestOf('solve'));
      expect(await store.results.listSegments('task', 'solve')).toHaveLength(1);
      await store.results.recordLostSegment(segmentOf('task'), digestOf('solve'));
      expect(await store.results.listSegments('task', 'solve')).toEqual([]);
      expect(await store.results.listSegments('task', 'score')).toEqual([]);
      expect(await getTask(store, 'task')).toMatchObject({ status: 'running', reuse: 'none' });
      expect((await getTask(store, 'task')).warnings.join()).toContain('lost or damaged');
    });

    test('forgets the decision for solver outputs that are lost, so that another can be made', async () => {
      for (const id of ['source', 'other']) {
        await createOne(id);
        await completeTask(store, id);
      }
      await createOne('task', { resultKey: digestOf('other scorers') });
      await store.results.recordRunning('task', { verdict: 'partial', sourceId: 'source', why: null, warnings: [] });
      await store.results.registerSegment(segmentOf('task', 'score'), makeSegment('scores'));
      await store.results.recordLostSegment(segmentOf('task'), digestOf('solved source'));
      expect(await store.results.listSegments('task', 'solve')).toEqual([]);
      expect(await store.results.listSegments('task', 'score')).toEqual([]);
      expect(await getTask(store, 'task')).toMatchObject({ status: 'running', reuse: null, reusedFrom: null });
      expect(await store.results.listSegments('source', 'solve')).toHaveLength(1);
      await store.results.recordRunning('task', { verdict: 'partial', sourceId: 'other', why: null, warnings: [] });
      expect(await getTask(store, 'task')).toMatchObject({ reuse: 'partial', reusedFrom: 'other' });
    });

    test('takes nothing from an attempt that is over', async () => {
      await createOne('source');
      await completeTask(store, 'source');
      await createOne('task');
      await store.results.recordRunning('task', none);
      await store.results.registerSegment(segmentOf('task'), makeSegment('of attempt 1', { errors: 1 }));
      await reopen('task');
      const reopened = await getTask(store, 'task');
      const segments = await store.results.listSegments('task', 'solve');
      expect(segments).toMatchObject([{ isReopened: true }]);

      await store.results.recordRunning('task', none, 1);
      await store.results.registerSegment(segmentOf('task'), makeSegment('late'));
      await store.results.registerSegment(segmentOf('task', 'score'), makeSegment('late'));
      await store.results.recordSummary('task', makeSummary('late'), 1);
      await store.results.addWarnings('task', ['late'], 1);
      await store.results.publish('task', null, 1);
      await store.results.recordAlias('task', { sourceId: 'source', warnings: [] }, 1);
      await store.results.recordLostSegment(segmentOf('task'), digestOf('of attempt 1'));
      await store.results.recordEnd('task', { status: 'failed', error: null }, 1);
      await store.runs.recordRunStarted('run-task', 1);
      await store.runs.recordRunEnd('run-task', { failed: false, attempt: 1 });
      expect(await getTask(store, 'task')).toEqual(reopened);
      expect(await store.results.listSegments('task', 'solve')).toEqual(segments);
      expect(await store.results.listSegments('task', 'score')).toEqual([]);
      expect(await store.runs.getRun('run-task')).toMatchObject({ status: 'pending', attempt: 2 });

      await store.results.recordRunning('task', none, 2);
      await store.results.registerSegment(segmentOf('task', 'solve', 0, 2), makeSegment('of attempt 2'));
      expect((await store.results.findSegment(segmentOf('task')))?.blob.digest).toBe(digestOf('of attempt 2'));
    });

    test('puts the result solved last first', async () => {
      for (const id of ['c', 'a', 'b']) {
        await createOne(id, { resultKey: digestOf(id) });
        await completeTask(store, id);
        await opened.reopen().then((reopened) => {
          store = reopened;
        });
      }
      const solved = await Promise.all((await findSolved()).map((id) => getTask(store, id)));
      const order = solved.map(({ solvedAt, taskResultId }) => `${solvedAt} ${taskResultId}`);
      expect(order).toEqual(order.toSorted().toReversed());
      expect(order).toHaveLength(3);
    });

    test('looks up thousands of keys at once', async () => {
      await createOne('one');
      await completeTask(store, 'one');
      const keys = [...Array.from({ length: 3_000 }, (_, index) => digestOf(`key ${index}`)), digestOf('result')];
      expect([...(await store.results.findCurrentResults(keys)).keys()]).toEqual([digestOf('result')]);
      expect([...(await store.results.findSolvedResults([...keys, digestOf('solver')])).keys()]).toEqual([
        digestOf('solver'),
      ]);
      expect((await store.results.findCurrentResults([])).size).toBe(0);
    });

    test('lists ended results by task, failed and no-cache ones included', async () => {
      await createOne('failed', { solverKey: digestOf('s2'), solverFingerprint: { solver: 'old' } });
      await createOne('hidden', {}, { policy: 'no-cache' });
      await createOne('open');
      await createOne('elsewhere', { taskKey: 'another task' });
      await store.results.recordEnd('failed', { status: 'failed', error: null });
      await completeTask(store, 'hidden');
      await completeTask(store, 'elsewhere');
      const found = await store.results.findComparableResults(['task', 'another task', 'unknown']);
      expect([...found.keys()].toSorted()).toEqual(['another task', 'task']);
      const ofTask = found.get('task') ?? [];
      expect(ofTask.map(({ taskResultId }) => taskResultId).toSorted()).toEqual(['failed', 'hidden']);
      expect(ofTask.find(({ taskResultId }) => taskResultId === 'hidden')).toMatchObject({
        runId: 'run-hidden',
        policy: 'no-cache',
        status: 'completed',
        isRemoved: false,
        solverKey: digestOf('solver'),
        endedAt: (await getTask(store, 'hidden')).endedAt,
      });
      const fingerprints = await store.results.findFingerprints([digestOf('s2'), digestOf('result'), digestOf('no')]);
      expect(fingerprints).toEqual(
        new Map([
          [digestOf('s2'), { solver: 'old' }],
          [digestOf('result'), { scorers: ['exact'] }],
        ]),
      );
    });

    test('lists the latest 50 comparable and 20 solved results of each key, the newest first', async () => {
      const ids = Array.from({ length: 52 }, (_, index) => `task-${String(index).padStart(2, '0')}`);
      const tasks = ids.map((id, index) => makeTask(id, { resultKey: digestOf(`result ${index}`) }));
      await store.runs.createRun(makeRun('run'), tasks);
      await createOne('alone', { taskKey: 'other', solverKey: digestOf('other') });
      for (const id of [...ids, 'alone']) await completeTask(store, id);
      const latest = (records: readonly TaskResultRecord[], field: 'endedAt' | 'solvedAt', limit: number) =>
        records
          .map((record) => `${record[field]} ${record.taskResultId}`)
          .toSorted()
          .toReversed()
          .slice(0, limit)
          .map((text) => text.split(' ')[1]);
      const records = await store.results.findTaskResults(ids);
      const comparable = await store.results.findComparableResults(['task', 'other']);
      expect(comparable.get('task')?.map(({ taskResultId }) => taskResultId)).toEqual(latest(records, 'endedAt', 50));
      expect(comparable.get('other')?.map(({ taskResultId }) => taskResultId)).toEqual(['alone']);
      const solved = await store.results.findSolvedResults([digestOf('solver'), digestOf('other')]);
      expect(solved.get(digestOf('solver'))?.map(({ taskResultId }) => taskResultId)).toEqual(
        latest(records, 'solvedAt', 20),
      );
      expect(solved.get(digestOf('other'))).toHaveLength(1);
    });

    test('finds what open runs are to compute under reuse, by solver key, the oldest first', async () => {
      await createOne('first');
      await createOne('second', { resultKey: digestOf('other scorers') });
      await createOne('elsewhere', { solverKey: digestOf('elsewhere') });
      await createOne('updating', {}, { policy: 'update' });
      await createOne('ended');
      await store.results.recordRunning('first', none);
      await completeTask(store, 'ended');
      const found = await store.results.findWorkingResults([digestOf('solver'), digestOf('unknown')]);
      expect([...found.keys()]).toEqual([digestOf('solver')]);
      expect(found.get(digestOf('solver'))?.map(({ taskResultId, status }) => [taskResultId, status])).toEqual([
        ['first', 'running'],
        ['second', 'pending'],
      ]);
    });

    test('lists the segments of many task results at once', async () => {
      await createOne('one');
      await createOne('two');
      await createOne('empty');
      for (const id of ['one', 'two']) await store.results.recordRunning(id, none);
      for (const index of [1, 0]) {
        await store.results.registerSegment(segmentOf('one', 'solve', index), makeSegment(`one ${index}`));
      }
      await store.results.registerSegment(segmentOf('two'), makeSegment('two'));
      await store.results.registerSegment(segmentOf('two', 'score'), makeSegment('score of two'));
      const found = await store.results.listSegmentsOf(['one', 'two', 'empty', 'unknown']);
      expect([...found.keys()].toSorted()).toEqual(['one', 'two']);
      for (const id of ['one', 'two']) {
        for (const stage of ['solve', 'score'] as const) {
          expect(found.get(id)?.[stage]).toEqual(await store.results.listSegments(id, stage));
        }
      }
    });

    test('lets a sealed segment stand against a second one', async () => {
      await createOne('task');
      await store.results.recordRunning('task', none);
      await store.results.registerSegment(segmentOf('task'), makeSegment('first', { errors: 2 }));
      await store.results.registerSegment(segmentOf('task'), makeSegment('second'));
      expect(await store.results.findSegment(segmentOf('task'))).toEqual({
        segmentIndex: 0,
        ...makeSegment('first', { errors: 2 }),
        isReopened: false,
      });
      expect(await store.results.findSegment(segmentOf('task', 'score'))).toBeUndefined();
    });

    test('lists segments in their order', async () => {
      await createOne('task');
      for (const index of [10, 2, 0, 1]) {
        await store.results.registerSegment(segmentOf('task', 'solve', index), makeSegment(`segment ${index}`));
      }
      const segments = await store.results.listSegments('task', 'solve');
      expect(segments.map(({ segmentIndex }) => segmentIndex)).toEqual([0, 1, 2, 10]);
    });

    test('changes nothing about a task result that has ended', async () => {
      await createOne('source');
      await completeTask(store, 'source');
      await createOne('ended', { resultKey: digestOf('own') });
      await store.results.recordRunning('ended', none);
      await store.journal.appendAnswer(segmentOf('ended'), makeJournalAnswer('paid for'));
      const error = { code: 'too-many-sample-errors', message: 'Too many.' };
      expect(await store.results.recordEnd('ended', { status: 'failed', error })).toBe('failed');
      const before = await getTask(store, 'ended');
      expect(before.error).toEqual(error);
      await store.results.recordRunning('ended', none);
      await store.results.recordAlias('ended', { sourceId: 'source', warnings: [] });
      await store.results.registerSegment(segmentOf('ended'), makeSegment('late'));
      await store.results.recordSummary('ended', makeSummary('late'));
      await store.results.addWarnings('ended', ['late']);
      await store.results.publish('ended', null);
      expect(await store.results.recordEnd('ended', { status: 'cancelled', error: null })).toBe('failed');
      expect(await getTask(store, 'ended')).toEqual(before);
      expect(await store.results.listSegments('ended', 'solve')).toEqual([]);
      expect((await store.journal.load(segmentOf('ended'))).answers).toHaveLength(1);
    });

    test('keeps a published result when a cancel comes too late', async () => {
      await createOne('one');
      await completeTask(store, 'one');
      expect(await store.results.recordEnd('one', { status: 'cancelled', error: null })).toBe('completed');
      expect(await findCurrent()).toBe('one');
    });

    test('names a task result that does not exist', async () => {
      await expect(store.results.recordRunning('nobody', none)).rejects.toMatchObject({ code: 'internal' });
      await expect(store.results.registerSegment(segmentOf('nobody'), makeSegment('x'))).rejects.toMatchObject({
        code: 'internal',
      });
      await expect(store.results.recordEnd('nobody', { status: 'failed', error: null })).rejects.toMatchObject({
        code: 'internal',
      });
    });

    test('ends twins with the one that worked, when it failed and when it was published', async () => {
      const twins = (result: string) =>
        ['a', 'b'].map((id) => makeTask(`${result} ${id}`, { resultKey: digestOf(result) }));
      await store.runs.createRun(makeRun('run'), [...twins('good'), ...twins('bad'), makeTask('alone')]);
      await store.runs.createRun(makeRun('other run'), [makeTask('bad elsewhere', { resultKey: digestOf('bad') })]);
      await completeTask(store, 'good a');
      expect(await getTask(store, 'good b')).toMatchObject({
        status: 'completed',
        reuse: 'full',
        reusedFrom: 'good a',
      });
      await store.results.recordRunning('bad b', none);
      const error = { code: 'model-unusable', message: 'No.', hint: 'Check the key.' };
      await store.results.recordEnd('bad b', { status: 'failed', error });
      expect(await getTask(store, 'bad a')).toMatchObject({ status: 'failed', error });
      expect((await getTask(store, 'bad elsewhere')).status).toBe('pending');
      expect((await getTask(store, 'alone')).status).toBe('pending');
    });

    test('does not end the twin at work when one that only waited ends', async () => {
      await store.runs.createRun(makeRun('run'), [makeTask('works'), makeTask('waits'), makeTask('waits too')]);
      await store.results.recordRunning('works', none);
      await store.results.recordEnd('waits', { status: 'cancelled', error: null });
      expect((await getTask(store, 'works')).status).toBe('running');
      expect((await getTask(store, 'waits too')).status).toBe('cancelled');
    });

    test.each(['update', 'no-cache'] as const)(
      'does not treat equal specifications as twins under %s',
      async (policy) => {
        await store.runs.createRun(makeRun('run', { policy }), [makeTask('a'), makeTask('b'), makeTask('c')]);
        await completeTask(store, 'a');
        await store.results.recordRunning('b', none);
        await store.results.recordEnd('b', { status: 'failed', error: null });
        expect((await getTask(store, 'c')).status).toBe('pending');
      },
    );

    test('adds each warning once', async () => {
      await createOne('one');
      await store.results.addWarnings('one', ['first', 'second']);
      await store.results.addWarnings('one', ['second', 'third']);
      expect((await getTask(store, 'one')).warnings).toEqual(['first', 'second', 'third']);
    });

    test('forgets the journal of a task result that turned out to be an alias', async () => {
      await createOne('source');
      await completeTask(store, 'source');
      await createOne('resumed');
      await store.journal.appendOutcome(segmentOf('resumed'), makeJournalOutcome(0));
      await store.results.recordAlias('resumed', { sourceId: 'source', warnings: [] });
      expect(await store.journal.load(segmentOf('resumed'))).toEqual({ answers: [], outcomes: [] });
    });
  });
}
