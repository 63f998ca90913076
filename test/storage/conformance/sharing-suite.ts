import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../../storage/store.ts';
import type { OpenedStore, OpenStore } from './opened-store.ts';
import {
  completeTask,
  digestOf,
  getTask,
  makeAnswer,
  makeJournalAnswer,
  makeProcess,
  makeRun,
  makeSegment,
  makeTask,
  segmentOf,
} from './samples.ts';

/** Two stores open on one place, as two commands have them. */
export function describeSharing(open: OpenStore): void {
  describe('opened twice at once', () => {
    let opened: OpenedStore;
    let one: Store;
    let other: Store;
    beforeEach(async () => {
      opened = await open();
      one = opened.store;
      other = await opened.openAnother();
    });
    afterEach(() => opened.dispose());

    test('shows each what the other recorded', async () => {
      expect(await other.runs.getStoreId()).toBe(await one.runs.getStoreId());
      await one.runs.createRun(makeRun('run'), [makeTask('task')]);
      await completeTask(other, 'task');
      expect((await getTask(one, 'task')).status).toBe('completed');
      const { digest } = await one.content.put(Buffer.from('shared'));
      expect(Buffer.from(await other.content.get(digest)).toString()).toBe('shared');
    });

    test('lets the first answer stand, whoever gave it', async () => {
      await one.runs.createRun(makeRun('run'), [makeTask('task')]);
      const appended = await Promise.all(
        Array.from({ length: 40 }, async (_, sampleIndex) => {
          const [first, second] = sampleIndex % 2 === 0 ? [one, other] : [other, one];
          return Promise.all([
            first.journal.appendAnswer(segmentOf('task'), makeJournalAnswer('first', { sampleIndex })),
            second.journal.appendAnswer(segmentOf('task'), makeJournalAnswer('second', { sampleIndex })),
          ]);
        }),
      );
      const { answers } = await one.journal.load(segmentOf('task'));
      expect(answers).toHaveLength(40);
      for (const [sampleIndex, [first, second]] of appended.entries()) {
        expect(first).toEqual(second);
        expect(answers[sampleIndex]?.answer).toEqual(first);
      }
    });

    test('keeps a zombie from changing what was sealed', async () => {
      await one.runs.createRun(makeRun('run'), [makeTask('task')]);
      await one.results.registerSegment(segmentOf('task'), makeSegment('sealed'));
      expect(await other.journal.appendAnswer(segmentOf('task'), makeJournalAnswer('late'))).toEqual(
        makeAnswer('late'),
      );
      await other.results.registerSegment(segmentOf('task'), makeSegment('late'));
      expect((await one.results.findSegment(segmentOf('task')))?.blob.digest).toBe(digestOf('sealed'));
      expect((await one.journal.load(segmentOf('task'))).answers).toEqual([]);
    });

    test('makes one of two results that are published at once the current one', async () => {
      for (const id of ['a', 'b']) await one.runs.createRun(makeRun(`run-${id}`), [makeTask(id)]);
      await Promise.all([completeTask(one, 'a'), completeTask(other, 'b')]);
      const tasks = await one.results.findTaskResults(['a', 'b']);
      expect(tasks.map(({ status }) => status)).toEqual(['completed', 'completed']);
      expect(tasks.filter(({ isCurrent }) => isCurrent)).toHaveLength(1);
    });

    test('gives an ownerless run to one of two that want it', async () => {
      await one.runs.createRun(makeRun('run'), []);
      await one.runs.registerProcess(makeProcess('a'));
      await other.runs.registerProcess(makeProcess('b'));
      const taken = await Promise.all([
        one.runs.takeRun('run', 'a', () => true),
        other.runs.takeRun('run', 'b', () => true),
      ]);
      expect(taken.filter(Boolean)).toHaveLength(1);
    });
  });
}
