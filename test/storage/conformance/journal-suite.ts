import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AttemptSuperseded } from '../../../storage/journal.ts';
import type { OpenedStore, OpenStore } from './opened-store.ts';
import {
  completeTask,
  digestOf,
  makeAnswer,
  makeJournalAnswer,
  makeJournalOutcome,
  makeRun,
  makeSegment,
  makeTask,
  segmentOf,
} from './samples.ts';

export function describeJournal(open: OpenStore): void {
  describe('journal', () => {
    let opened: OpenedStore;
    const segment = segmentOf('task-1');
    beforeEach(async () => {
      opened = await open();
      await opened.store.runs.createRun(makeRun('run-1'), [makeTask('task-1'), makeTask('task-2')]);
    });
    afterEach(() => opened.dispose());

    test('loads what was appended, after a close as well', async () => {
      const { journal } = opened.store;
      const answers = [
        makeJournalAnswer('first'),
        makeJournalAnswer('asked again', { occurrence: 1 }),
        makeJournalAnswer('of a judge', { scorerKey: 'judge', modelKey: 'other' }),
        makeJournalAnswer('second trial \u0000 "quoted" \u{1F600}', { trial: 1 }),
      ];
      await Promise.all(answers.map((answer) => journal.appendAnswer(segment, answer)));
      await journal.appendOutcome(segment, makeJournalOutcome(3));
      const store = await opened.reopen();
      const loaded = await store.journal.load(segment);
      expect(loaded.answers).toHaveLength(answers.length);
      expect(loaded.answers).toEqual(expect.arrayContaining(answers));
      expect(loaded.outcomes).toEqual([{ sampleIndex: 3, text: makeJournalOutcome(3).text }]);
    });

    test('keeps segments, stages and task results apart', async () => {
      const { journal } = opened.store;
      const places = [segment, segmentOf('task-1', 'solve', 1), segmentOf('task-1', 'score'), segmentOf('task-2')];
      for (const [index, place] of places.entries()) {
        await journal.appendAnswer(place, makeJournalAnswer(`answer ${index}`));
        await journal.appendOutcome(place, makeJournalOutcome(7, { text: `outcome ${index}` }));
      }
      for (const [index, place] of places.entries()) {
        const { answers, outcomes } = await journal.load(place);
        expect(answers.map(({ answer }) => answer)).toEqual([makeAnswer(`answer ${index}`)]);
        expect(outcomes).toEqual([{ sampleIndex: 7, text: makeJournalOutcome(7, { text: `outcome ${index}` }).text }]);
      }
    });

    test('lets the first answer under a name stand', async () => {
      const { journal } = opened.store;
      const first = journal.appendAnswer(segment, makeJournalAnswer('first'));
      const second = journal.appendAnswer(segment, makeJournalAnswer('second'));
      expect(await first).toEqual(makeAnswer('first'));
      expect(await second).toEqual(makeAnswer('first'));
      expect(await journal.appendAnswer(segment, makeJournalAnswer('third'))).toEqual(makeAnswer('first'));
      expect((await journal.load(segment)).answers).toEqual([makeJournalAnswer('first')]);
    });

    test('lets the first outcome of a sample stand', async () => {
      const { journal } = opened.store;
      const [one, two, three] = ['first', 'second', 'third'].map((text) => makeJournalOutcome(0, { text }));
      if (one === undefined || two === undefined || three === undefined) throw new Error('Three outcomes were made.');
      const first = journal.appendOutcome(segment, one);
      const second = journal.appendOutcome(segment, two);
      expect(await first).toBe(one.text);
      expect(await second).toBe(one.text);
      expect(await journal.appendOutcome(segment, three)).toBe(one.text);
    });

    test('withdraws answers that still wait for their commit when the outcome of their sample comes', async () => {
      const { journal } = opened.store;
      const committed = makeJournalAnswer('committed', { occurrence: 1 });
      await journal.appendAnswer(segment, committed);
      const withdrawn = journal.appendAnswer(segment, makeJournalAnswer('withdrawn'));
      const neighbour = journal.appendAnswer(segment, makeJournalAnswer('neighbour', { sampleIndex: 1 }));
      const outcome = journal.appendOutcome(segment, makeJournalOutcome(0));
      expect(await withdrawn).toEqual(makeAnswer('withdrawn'));
      await Promise.all([neighbour, outcome]);
      const loaded = await journal.load(segment);
      expect(loaded.answers).toEqual([committed, makeJournalAnswer('neighbour', { sampleIndex: 1 })]);
      expect(loaded.outcomes.map(({ sampleIndex }) => sampleIndex)).toEqual([0]);
    });

    test('removes outcomes for another attempt, and keeps exactly the answers that stand', async () => {
      const { journal } = opened.store;
      for (const sampleIndex of [0, 1, 2]) {
        await journal.appendOutcome(segment, makeJournalOutcome(sampleIndex, { error: sampleIndex === 1 }));
      }
      const standing = makeJournalAnswer('yes', { sampleIndex: 1, requestDigest: digestOf('request 1') });
      await journal.removeOutcomes(segment, [1, 5], [standing]);
      const loaded = await journal.load(segment);
      expect(loaded.outcomes.map(({ sampleIndex }) => sampleIndex)).toEqual([0, 2]);
      expect(loaded.answers).toEqual([standing]);
      const again = makeJournalOutcome(1, { text: 'no' });
      expect(await journal.appendOutcome(segment, again)).toBe(again.text);
    });

    test('loses its rows when their segment is sealed, and takes no more for it', async () => {
      const { journal, results } = opened.store;
      const other = segmentOf('task-1', 'solve', 1);
      await journal.appendAnswer(segment, makeJournalAnswer('sealed'));
      await journal.appendOutcome(segment, makeJournalOutcome(1));
      await journal.appendAnswer(other, makeJournalAnswer('other'));
      await results.registerSegment(segment, makeSegment('blob'));
      expect(await journal.load(segment)).toEqual({ answers: [], outcomes: [] });
      expect((await journal.load(other)).answers).toHaveLength(1);
      await journal.appendAnswer(segment, makeJournalAnswer('of a zombie'));
      await journal.appendOutcome(segment, makeJournalOutcome(2));
      expect(await journal.load(segment)).toEqual({ answers: [], outcomes: [] });
    });

    test('keeps the answers within an outcome that came too late to stand', async () => {
      const { journal } = opened.store;
      await journal.appendOutcome(segment, makeJournalOutcome(0, { text: 'stands' }));
      const paid = journal.appendAnswer(segment, makeJournalAnswer('paid'));
      const late = journal.appendOutcome(segment, makeJournalOutcome(0, { text: 'late' }));
      expect(await late).toBe(makeJournalOutcome(0, { text: 'stands' }).text);
      expect(await paid).toEqual(makeAnswer('paid'));
      expect((await journal.load(segment)).answers).toEqual([makeJournalAnswer('paid')]);
    });

    test('takes from an attempt that is over its solver answers only', async () => {
      const { journal, results, runs } = opened.store;
      const end = { status: 'failed', error: null } as const;
      for (const id of ['task-1', 'task-2']) await results.recordEnd(id, end);
      await runs.recordRunEnd('run-1', { failed: false });
      await runs.reopenRun('run-1');
      const kept = journal.appendAnswer(segment, makeJournalAnswer('kept'));
      const outcome = journal.appendOutcome(segment, makeJournalOutcome(0));
      await expect(outcome).rejects.toBeInstanceOf(AttemptSuperseded);
      expect(await kept).toEqual(makeAnswer('kept'));
      await journal.appendAnswer(segmentOf('task-1', 'score'), makeJournalAnswer('of another judge'));
      await expect(journal.removeOutcomes(segment, [0], [])).rejects.toBeInstanceOf(AttemptSuperseded);
      expect(await journal.load(segment)).toEqual({ answers: [makeJournalAnswer('kept')], outcomes: [] });
      expect(await journal.load(segmentOf('task-1', 'score'))).toEqual({ answers: [], outcomes: [] });
      const again = makeJournalOutcome(0, { text: 'of attempt 2' });
      expect(await journal.appendOutcome({ ...segment, attempt: 2 }, again)).toBe(again.text);
    });

    test('takes nothing for a task result that is completed or gone', async () => {
      const { journal, results } = opened.store;
      await opened.store.runs.createRun(makeRun('run-2'), [makeTask('source')]);
      await completeTask(opened.store, 'source');
      await results.recordAlias('task-1', { sourceId: 'source', warnings: [] });
      await journal.appendAnswer(segment, makeJournalAnswer('late'));
      await journal.appendOutcome(segment, makeJournalOutcome(1));
      expect(await journal.load(segment)).toEqual({ answers: [], outcomes: [] });
      const gone = segmentOf('gone');
      await journal.appendAnswer(gone, makeJournalAnswer('late'));
      await expect(journal.appendOutcome(gone, makeJournalOutcome(1))).rejects.toBeInstanceOf(AttemptSuperseded);
      expect(await journal.load(gone)).toEqual({ answers: [], outcomes: [] });
    });

    test('commits hundreds of rows that come at once, and each append returns its own', async () => {
      const { journal } = opened.store;
      const appended = await Promise.all(
        Array.from({ length: 500 }, (_, sampleIndex) =>
          journal.appendOutcome(segment, makeJournalOutcome(sampleIndex)),
        ),
      );
      expect(appended).toEqual(appended.map((_, sampleIndex) => makeJournalOutcome(sampleIndex).text));
      const { outcomes } = await journal.load(segment);
      expect(outcomes.map(({ sampleIndex }) => sampleIndex)).toEqual(appended.map((_, index) => index));
    });

    test('writes what waits before it closes', async () => {
      const waiting = opened.store.journal.appendAnswer(segment, makeJournalAnswer('in time'));
      const store = await opened.reopen();
      expect(await waiting).toEqual(makeAnswer('in time'));
      expect((await store.journal.load(segment)).answers).toEqual([makeJournalAnswer('in time')]);
    });

    test('refuses appends after it was closed', async () => {
      await opened.store.close();
      await expect(opened.store.journal.appendAnswer(segment, makeJournalAnswer('late'))).rejects.toMatchObject({
        code: 'store-failed',
      });
    });
  });
}
