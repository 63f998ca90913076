import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ListedAnswer } from '../../../storage/answer-index.ts';
import type { Store } from '../../../storage/store.ts';
import type { OpenedStore, OpenStore } from './opened-store.ts';
import { completeTask, digestOf, makeRun, makeSummary, makeTask } from './samples.ts';

export function describeAnswerIndex(open: OpenStore): void {
  describe('single answers', () => {
    let opened: OpenedStore;
    let store: Store;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.dispose());

    const key = digestOf('what was asked');

    async function complete(id: string, policy: 'reuse' | 'update' | 'no-cache' = 'reuse') {
      // A key of its own for each: none is an alias of another.
      const task = makeTask(id, { resultKey: digestOf(`result ${id}`) });
      await store.runs.createRun(makeRun(`run-${id}`, { policy }), [task]);
      await completeTask(store, id);
      await store.runs.recordRunEnd(`run-${id}`, { failed: false });
    }

    function makeListed(changes: Partial<ListedAnswer> = {}): ListedAnswer {
      return { key, stage: 'solve', segmentIndex: 0, sampleIndex: 3, scorerKey: '', ...changes };
    }

    const findIds = async (stage: 'solve' | 'score' = 'solve') =>
      ((await store.answers.findAnswers(stage, [key])).get(key) ?? [])
        .map(({ taskResultId }) => taskResultId)
        .toSorted();
    const findSources = async (exceptRunId?: string) =>
      (await store.answers.findSources({ exceptRunId, limit: 10 })).map(({ result }) => result.taskResultId);

    test('finds an answer by what it answers, in its stage, with the segment that holds it', async () => {
      await complete('one');
      await store.answers.listAnswers('one', [makeListed(), makeListed({ key: digestOf('another'), sampleIndex: 4 })]);
      expect(await store.answers.findAnswers('solve', [key, digestOf('never asked')])).toEqual(
        new Map([
          [
            key,
            [
              {
                taskResultId: 'one',
                stage: 'solve',
                segmentIndex: 0,
                sampleIndex: 3,
                scorerKey: '',
                blob: digestOf('solved one'),
              },
            ],
          ],
        ]),
      );
      expect(await findIds('score')).toEqual([]);
      expect(await store.answers.findAnswers('solve', [])).toEqual(new Map());
    });

    test('lists each answer once, however often it is listed', async () => {
      await complete('one');
      const scored = { stage: 'score', scorerKey: 'judge' } as const;
      await store.answers.listAnswers('one', [makeListed(scored), makeListed({ ...scored, scorerKey: 'other' })]);
      await store.answers.listAnswers('one', [makeListed(scored)]);
      expect((await store.answers.findAnswers('score', [key])).get(key)?.map(({ scorerKey }) => scorerKey)).toEqual([
        'judge',
        'other',
      ]);
    });

    test('finds nothing in what was removed, and forgets it with the result', async () => {
      await complete('one');
      await complete('two');
      for (const id of ['one', 'two']) await store.answers.listAnswers(id, [makeListed()]);
      expect(await findIds()).toEqual(['one', 'two']);
      await store.housekeeping.removeResults(['one'], { purge: false, dryRun: false });
      expect(await findIds()).toEqual(['two']);
      await store.housekeeping.removeResults(['two'], { purge: true, dryRun: false });
      expect(await findIds()).toEqual([]);
      await store.answers.listAnswers('two', [makeListed()]);
      await store.answers.finishListing('two', 'solve');
      expect(await findIds()).toEqual([]);
      expect(await findSources()).toEqual([]);
    });

    test('finds nothing in what must not be reused or is not complete', async () => {
      await complete('kept as evidence', 'no-cache');
      await store.runs.createRun(makeRun('run-failed'), [makeTask('failed')]);
      await store.results.recordEnd('failed', { status: 'failed', error: null });
      for (const id of ['kept as evidence', 'failed']) await store.answers.listAnswers(id, [makeListed()]);
      expect(await findIds()).toEqual([]);
      expect(await findSources()).toEqual([]);
    });

    test('names sources the one that ended last first, without those of a run', async () => {
      await complete('a');
      await complete('b', 'update');
      const [latest = '', ...others] = await findSources();
      expect([latest, ...others].toSorted((one, other) => one.localeCompare(other))).toEqual(['a', 'b']);
      expect(await findSources('run-a')).toEqual(['b']);
      expect(await store.answers.findSources({ exceptRunId: undefined, limit: 1 })).toMatchObject([
        { result: { taskResultId: latest } },
      ]);
    });

    test('says of which stages all answers are listed', async () => {
      await complete('one');
      const read = async () => [
        ...((await store.answers.findSources({ exceptRunId: undefined, limit: 1 }))[0]?.listed ?? []),
      ];
      expect(await read()).toEqual([]);
      await store.answers.finishListing('one', 'score');
      await store.answers.finishListing('one', 'score');
      expect(await read()).toEqual(['score']);
    });

    test('lets a result count from the oldest answer that stood in it', async () => {
      await store.runs.createRun(makeRun('run'), [makeTask('one')]);
      await store.results.recordRunning('one', { verdict: 'none', why: null, warnings: [] });
      const segment = { taskResultId: 'one', segmentIndex: 0, attempt: 1 };
      const sealed = { samples: 10, errors: 0, queries: { sent: 1, retried: 0 } };
      const answersSince = '2001-01-01T00:00:00.000Z';
      await store.results.registerSegment(
        { ...segment, stage: 'solve' },
        { ...sealed, blob: { digest: digestOf('solved'), sizeBytes: 1 }, answersStood: 9, answersSince },
      );
      await store.results.registerSegment(
        { ...segment, stage: 'score' },
        { ...sealed, blob: { digest: digestOf('scored'), sizeBytes: 1 } },
      );
      await store.results.recordSummary('one', makeSummary('one', { answersStood: 9 }));
      await store.results.publish('one', null);
      expect(await store.results.findSegment({ ...segment, stage: 'solve' })).toMatchObject({
        answersStood: 9,
        answersSince,
      });
      expect(await store.results.findTaskResults(['one'])).toMatchObject([{ solvedAt: answersSince, answersStood: 9 }]);
    });
  });
}
