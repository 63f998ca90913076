import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodeUsage, encodeUsage } from '../../../evaluation/usage/stored-usage.ts';
import {
  addUsage,
  makeUsageEntry,
  noAmount,
  type Purpose,
  toStanding,
  type Usage,
} from '../../../evaluation/usage/usage.ts';
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

/** So many queries that were sent, each retried once, at 10 tokens and a millionth of a dollar. */
function sent(queries: number, purpose: Purpose = 'solver'): Usage {
  const amount = { ...noAmount, queries, promptTokens: 10 * queries, cost: 1_000_000n * BigInt(queries) };
  return [
    makeUsageEntry(
      { model: 'small', purpose, version: 'sha256:v' },
      { sent: amount, retries: queries, latency: { '7': queries } },
    ),
  ];
}

/** What was asked for results and runs, whatever becomes of the work. */
export function describeUsage(open: OpenStore): void {
  let opened: OpenedStore;
  let store: Store;
  beforeEach(async () => {
    opened = await open();
    store = opened.store;
  });
  afterEach(() => opened.dispose());

  const seal = (taskResultId: string, stage: 'solve' | 'score', usage: Usage, segmentIndex = 0) =>
    store.results.registerSegment(
      segmentOf(taskResultId, stage, segmentIndex),
      makeSegment(`${stage} ${taskResultId} ${segmentIndex}`, { usage: encodeUsage(usage) }),
    );
  const journal = (taskResultId: string, sampleIndex: number, usage: Usage, segmentIndex = 0) =>
    store.journal.appendOutcome(segmentOf(taskResultId, 'solve', segmentIndex), {
      ...makeJournalOutcome(sampleIndex),
      usage: encodeUsage(usage),
    });
  const read = async (taskResultId: string) => decodeUsage((await getTask(store, taskResultId)).usage);
  const complete = async (taskResultId: string, usage: Usage) => {
    await store.results.recordSummary(taskResultId, makeSummary(taskResultId, { usage }));
    await store.results.publish(taskResultId, null);
  };

  describe('usage', () => {
    beforeEach(() => store.runs.createRun(makeRun('run'), [makeTask('task', { segmentCount: 2 })]));

    test('so far is what was sealed, what was journalled since, and what was lost', async () => {
      await store.results.recordRunning('task', none);
      await seal('task', 'solve', sent(5));
      await journal('task', 7, sent(1), 1);
      await journal('task', 8, sent(2), 1);
      await store.results.addLostUsage(segmentOf('task', 'solve', 1), sent(3));
      expect((await store.runs.listUsage('run')).get('task')).toEqual(sent(11));
      expect(await read('task')).toEqual([]);
    });

    test('of a sealed segment takes the place of what the journal had of it', async () => {
      await store.results.recordRunning('task', none);
      await journal('task', 0, sent(1));
      await seal('task', 'solve', sent(1));
      expect((await store.runs.listUsage('run')).get('task')).toEqual(sent(1));
    });

    test('in the end is that of the summary with what was lost, and so are the queries', async () => {
      await store.results.recordRunning('task', none);
      await store.results.addLostUsage(segmentOf('task'), sent(2));
      await complete('task', sent(10));
      expect(await read('task')).toEqual(sent(12));
      expect((await getTask(store, 'task')).queries).toEqual({ sent: 12, retried: 3, saved: 0 });
      expect((await store.runs.listUsage('run')).size).toBe(0);
    });

    test('is not added to by an attempt that is over', async () => {
      await store.results.recordRunning('task', none);
      await store.results.addLostUsage(segmentOf('task', 'solve', 0, 2), sent(3));
      expect((await store.runs.listUsage('run')).get('task')).toEqual([]);
    });

    test('stays counted where a segment, or an outcome, is lost or tried again', async () => {
      await store.results.recordRunning('task', none);
      await seal('task', 'solve', sent(5));
      await seal('task', 'score', sent(4, 'judge'));
      await store.results.recordLostSegment(segmentOf('task'), digestOf('solve task 0'));
      await journal('task', 7, sent(1), 1);
      // Of two queries one is in an answer that stands, and counted with it.
      await store.journal.removeOutcomes(
        segmentOf('task', 'solve', 1),
        [7],
        [makeJournalAnswer('stands', { sampleIndex: 7 })],
        encodeUsage(sent(1)),
      );
      expect((await store.runs.listUsage('run')).get('task')).toEqual(addUsage(sent(6), sent(4, 'judge')));
    });

    test('of solver outputs that are taken over stands, and of a run that was waited for is told apart', async () => {
      await store.runs.createRun(makeRun('first'), [makeTask('source', { resultKey: digestOf('other scorers') })]);
      await store.results.recordRunning('source', none);
      await seal('source', 'solve', sent(5));
      await complete('source', sent(5));
      await store.runs.createRun(makeRun('second'), [
        makeTask('partial', { resultKey: digestOf('2') }),
        makeTask('waiting', { resultKey: digestOf('3') }),
      ]);
      await store.runs.recordWait('waiting', 'first');
      for (const id of ['partial', 'waiting']) {
        await store.results.recordRunning(id, { ...none, verdict: 'partial', sourceId: 'source' });
        await seal(id, 'score', sent(2, 'judge'));
      }
      const usage = await store.runs.listUsage('second');
      expect(usage.get('partial')).toEqual(addUsage(toStanding(sent(5)), sent(2, 'judge')));
      expect(usage.get('waiting')).toEqual(addUsage(toStanding(sent(5), 'waited'), sent(2, 'judge')));
      // What judged outputs that are gone was sent; the outputs were not.
      await store.results.recordLostSegment(segmentOf('partial'), digestOf('solve source 0'));
      expect((await store.runs.listUsage('second')).get('partial')).toEqual(sent(2, 'judge'));
    });

    test('of an alias is what its source had, standing, beside what it sent itself', async () => {
      await completeTask(store, 'task', { summary: { usage: sent(10) } });
      await store.runs.createRun(makeRun('other'), [makeTask('alias')]);
      await store.results.recordRunning('alias', none);
      await seal('alias', 'solve', sent(4));
      await store.results.recordAlias('alias', { sourceId: 'task', warnings: [] });
      expect(await read('alias')).toEqual(addUsage(sent(4), toStanding(sent(10))));
      expect((await getTask(store, 'alias')).queries).toEqual({ sent: 4, retried: 4, saved: 10 });
      expect((await getTask(store, 'alias')).waitedFor).toBeNull();
    });

    test('of an alias of a run that was waited for is told apart; of any other it is not', async () => {
      await store.runs.createRun(makeRun('other'), [makeTask('waiting'), makeTask('late', { key: 'late' })]);
      await store.runs.recordWait('waiting', 'run');
      await store.runs.recordWait('late', 'another run');
      await completeTask(store, 'task', { summary: { usage: sent(10) } });
      for (const id of ['waiting', 'late']) await store.results.recordAlias(id, { sourceId: 'task', warnings: [] });
      expect(await read('waiting')).toEqual(toStanding(sent(10), 'waited'));
      expect((await getTask(store, 'waiting')).waitedFor).toBe('run');
      expect(await read('late')).toEqual(toStanding(sent(10)));
      expect((await getTask(store, 'late')).waitedFor).toBeNull();
    });
  });
}
