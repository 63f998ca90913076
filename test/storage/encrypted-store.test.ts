import { describe } from 'vitest';
import { describeAnswerIndex } from './conformance/answer-index-suite.ts';
import { describeContentStore } from './conformance/content-store-suite.ts';
import { describeDatasetCache } from './conformance/dataset-cache-suite.ts';
import { describeJournal } from './conformance/journal-suite.ts';
import { describeReopening } from './conformance/reopening-suite.ts';
import { describeResultIndex } from './conformance/result-index-suite.ts';
import { makeKeyText, makeRing } from './encryption/make-keys.ts';
import { openTemporaryStore } from './open-temporary-store.ts';

// The suites of whatever holds content; runs, limits and processes are stored as in a plain store.
describe('encrypted SQLite store', () => {
  const open = () => openTemporaryStore(makeRing(makeKeyText('k1')));
  describeContentStore(open);
  describeJournal(open);
  describeReopening(open);
  describeResultIndex(open);
  describeAnswerIndex(open);
  describeDatasetCache(open);
});
