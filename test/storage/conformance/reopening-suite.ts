import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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
  makeTask,
  segmentOf,
} from './samples.ts';

const none = { verdict: 'none', why: null, warnings: [] } as const;
const tolerated = { samples: { total: 10, solverErrors: 1, errors: 2, excludedFromMetrics: 0 } };

/** Runs that go on with another plan, and runs that try the errors of completed ones again. */
export function describeReopening(open: OpenStore): void {
  let opened: OpenedStore;
  let store: Store;
  beforeEach(async () => {
    opened = await open();
    store = opened.store;
  });
  afterEach(() => opened.dispose());

  const listBlobs = async (taskResultId: string, stage: 'solve' | 'score') =>
    (await store.results.listSegments(taskResultId, stage)).map(({ blob }) => blob.digest);

  describe('opening a run again', () => {
    async function createFailedRun(): Promise<void> {
      await store.runs.createRun(makeRun('run'), [
        makeTask('good', { key: 'a', resultKey: digestOf('a') }),
        makeTask('bad', { key: 'b', resultKey: digestOf('b') }),
      ]);
      await completeTask(store, 'good');
      await store.results.recordRunning('bad', none);
      await store.results.registerSegment(segmentOf('bad'), makeSegment('solved bad', { errors: 1 }));
      await store.results.registerSegment(segmentOf('bad', 'score'), makeSegment('scored bad'));
      await store.results.recordEnd('bad', { status: 'failed', error: null });
      await store.runs.recordRunEnd('run', { failed: false });
    }

    const replace = (...resultKeys: readonly [string, string]) => ({
      evaluationKey: 'other evaluation',
      planDigest: digestOf('other plan'),
      plan: digestOf('other plan blob'),
      file: '/elsewhere/run.yaml',
      origin: { arguments: ['resume'] },
      tasks: (['a', 'b'] as const).map((key, index) =>
        makeTask(`new ${key}`, {
          key,
          resultKey: digestOf(resultKeys[index] ?? ''),
          resultFingerprint: { scorers: [key] },
        }),
      ),
    });

    test('makes the caller its owner, and refuses one that is open by then', async () => {
      await createFailedRun();
      expect(await store.runs.reopenRun('run', { ownerId: 'me' })).toMatchObject({ ownerId: 'me', attempt: 2 });
      await expect(store.runs.reopenRun('run', { ownerId: 'you' })).rejects.toMatchObject({ code: 'usage' });
      expect(await store.runs.getRun('run')).toMatchObject({ ownerId: 'me', attempt: 2 });
    });

    test('with a plan of the same keys changes the plan and nothing else', async () => {
      await createFailedRun();
      const good = await getTask(store, 'good');
      const run = await store.runs.reopenRun('run', { plan: replace('a', 'b') });
      expect(run).toMatchObject({
        evaluationKey: 'other evaluation',
        planDigest: digestOf('other plan'),
        plan: digestOf('other plan blob'),
        file: '/elsewhere/run.yaml',
        origin: { arguments: ['resume'] },
      });
      expect(await getTask(store, 'good')).toEqual(good);
      expect(await listBlobs('bad', 'score')).toHaveLength(1);
      expect(await store.results.findTaskResults(['new a', 'new b'])).toEqual([]);
    });

    test('with another scoring section drops scores, sealed and journalled, and keeps solver outputs', async () => {
      await createFailedRun();
      const scoring = segmentOf('bad', 'score', 1);
      await store.journal.appendAnswer(scoring, makeJournalAnswer('judged'));
      await store.journal.appendOutcome(scoring, makeJournalOutcome(3));
      await store.runs.reopenRun('run', { plan: replace('a', 'mended') });
      expect(await getTask(store, 'bad')).toMatchObject({
        status: 'pending',
        attempt: 2,
        resultKey: digestOf('mended'),
      });
      expect(await listBlobs('bad', 'score')).toEqual([]);
      expect(await store.journal.load(scoring)).toEqual({ answers: [], outcomes: [] });
      expect(await store.results.findSegment(segmentOf('bad'))).toMatchObject({
        ...makeSegment('solved bad', { errors: 1 }),
        isReopened: true,
      });
      expect((await store.runs.listPlannedKeys('run')).map(({ key, resultKey }) => [key, resultKey])).toEqual([
        ['a', digestOf('a')],
        ['b', digestOf('mended')],
      ]);
    });

    test('puts another in the place of a completed task result, which stays for what stands on it', async () => {
      await createFailedRun();
      await store.runs.createRun(makeRun('later'), [makeTask('alias', { resultKey: digestOf('a') })]);
      await store.results.recordAlias('alias', { sourceId: 'good', warnings: [] });
      const good = await getTask(store, 'good');
      await store.runs.reopenRun('run', { plan: replace('mended a', 'mended b') });
      expect((await store.results.listTaskResults('run')).map(({ taskResultId }) => taskResultId)).toEqual([
        'new a',
        'bad',
      ]);
      expect(await getTask(store, 'new a')).toMatchObject({
        status: 'pending',
        attempt: 2,
        position: 0,
        resultKey: digestOf('mended a'),
      });
      expect(await listBlobs('new a', 'solve')).toEqual([digestOf('solved good')]);
      expect(await listBlobs('new a', 'score')).toEqual([]);
      expect(await getTask(store, 'good')).toEqual({ ...good, position: expect.any(Number) as number });
      expect((await store.results.findCurrentResults([digestOf('a')])).get(digestOf('a'))?.taskResultId).toBe('good');

      // And once more: the place of the first is taken, that of the second is beside it.
      await completeTask(store, 'new a');
      await store.results.recordEnd('bad', { status: 'failed', error: null });
      await store.runs.recordRunEnd('run', { failed: false });
      const again = replace('again a', 'again b');
      const tasks = again.tasks.map((task) => ({ ...task, taskResultId: `second ${task.taskResultId}` }));
      await store.runs.reopenRun('run', { plan: { ...again, tasks } });
      expect((await store.results.listTaskResults('run')).map(({ taskResultId }) => taskResultId)).toEqual([
        'second new a',
        'bad',
      ]);
    });

    test('lets an alias become what the plan asks for', async () => {
      await store.runs.createRun(makeRun('first'), [makeTask('source', { resultKey: digestOf('a') })]);
      await completeTask(store, 'source');
      await store.runs.createRun(makeRun('run'), [
        makeTask('alias', { key: 'a', resultKey: digestOf('a') }),
        makeTask('bad', { key: 'b', resultKey: digestOf('b') }),
      ]);
      await store.results.recordAlias('alias', { sourceId: 'source', warnings: [] });
      await store.results.recordEnd('bad', { status: 'cancelled', error: null });
      await store.runs.recordRunEnd('run', { failed: false });
      await store.runs.reopenRun('run', { plan: replace('mended', 'b') });
      expect(await getTask(store, 'alias')).toMatchObject({
        status: 'pending',
        reuse: null,
        reusedFrom: null,
        metrics: null,
        resultKey: digestOf('mended'),
        queries: { sent: 0, saved: 0 },
      });
      expect(await listBlobs('alias', 'solve')).toEqual([digestOf('solved source')]);
    });
  });

  describe('a run that tries errors again', () => {
    const mendingRun = { ...makeRun('mending', { policy: 'update' }), mends: 'run' };

    async function createCompletedRun(): Promise<void> {
      await store.runs.createRun(makeRun('run'), [
        makeTask('good', { key: 'a', resultKey: digestOf('a') }),
        makeTask('bad', { key: 'b', resultKey: digestOf('b'), segmentCount: 2 }),
      ]);
      await completeTask(store, 'good');
      await store.results.recordRunning('bad', none);
      await store.results.registerSegment(segmentOf('bad', 'solve', 1), makeSegment('second', { errors: 1 }));
      await store.results.registerSegment(segmentOf('bad', 'score', 1), makeSegment('second'));
      await completeTask(store, 'bad', { summary: tolerated });
      await store.runs.recordRunEnd('run', { failed: false });
    }

    test('has what is good of its source: what has no errors as alias, the rest with its errors reopened', async () => {
      await createCompletedRun();
      const before = await store.results.listTaskResults('run');
      const mendings = before.map(({ taskResultId }) => ({
        taskResultId: `mended ${taskResultId}`,
        mends: taskResultId,
        lost: [],
      }));
      await store.runs.createMendingRun(mendingRun, mendings);
      expect(await store.runs.getRun('mending')).toMatchObject({ status: 'pending', mends: 'run', policy: 'update' });
      expect(await getTask(store, 'mended good')).toMatchObject({
        status: 'completed',
        reuse: 'full',
        reusedFrom: 'good',
        mends: null,
      });
      expect(await getTask(store, 'mended bad')).toMatchObject({ status: 'pending', attempt: 2, mends: 'bad' });
      const listReopened = async (stage: 'solve' | 'score') =>
        (await store.results.listSegments('mended bad', stage)).map(({ isReopened, queries }) => [isReopened, queries]);
      const nothing = { sent: 0, retried: 0 };
      expect(await listReopened('solve')).toEqual([
        [false, nothing],
        [true, nothing],
      ]);
      expect(await listReopened('score')).toEqual([
        [false, nothing],
        [true, nothing],
      ]);
      expect(await store.results.listTaskResults('run')).toEqual(before);
      expect(await store.runs.findNewestRun(mendingRun.planDigest)).toMatchObject({ runId: 'mending' });
    });

    test('replaces the current result when it is published, and ends its twins with it', async () => {
      await createCompletedRun();
      await store.runs.createMendingRun(mendingRun, [
        { taskResultId: 'one', mends: 'bad', lost: [] },
        { taskResultId: 'two', mends: 'bad', lost: [] },
      ]);
      await completeTask(store, 'one');
      expect(await getTask(store, 'one')).toMatchObject({ status: 'completed', isCurrent: true });
      expect(await getTask(store, 'bad')).toMatchObject({ status: 'completed', isCurrent: false });
      expect(await getTask(store, 'two')).toMatchObject({ status: 'completed', reuse: 'full', reusedFrom: 'one' });
    });

    test('leaves out segments that are lost, and the scores of lost solver outputs', async () => {
      await createCompletedRun();
      await store.runs.createMendingRun(mendingRun, [
        { taskResultId: 'one', mends: 'bad', lost: [{ stage: 'solve', segmentIndex: 0 }] },
        { taskResultId: 'two', mends: 'bad', lost: [{ stage: 'score', segmentIndex: 1 }] },
      ]);
      const listIndexes = async (id: string, stage: 'solve' | 'score') =>
        (await store.results.listSegments(id, stage)).map(({ segmentIndex }) => segmentIndex);
      expect([await listIndexes('one', 'solve'), await listIndexes('one', 'score')]).toEqual([[1], [1]]);
      expect([await listIndexes('two', 'solve'), await listIndexes('two', 'score')]).toEqual([[0, 1], [0]]);
    });
  });
}
