import { describe } from 'vitest';
import { describeAnswerIndex } from './conformance/answer-index-suite.ts';
import { describeContentStore } from './conformance/content-store-suite.ts';
import { describeDatasetCache } from './conformance/dataset-cache-suite.ts';
import { describeJournal } from './conformance/journal-suite.ts';
import { describeLimitLedger } from './conformance/limit-ledger-suite.ts';
import type { OpenStore } from './conformance/opened-store.ts';
import { describeReopening } from './conformance/reopening-suite.ts';
import { describeResultIndex } from './conformance/result-index-suite.ts';
import { describeRunLog } from './conformance/run-log-suite.ts';
import { describeScheduleLog } from './conformance/schedule-log-suite.ts';
import { describeSharing } from './conformance/sharing-suite.ts';
import { describeSpending } from './conformance/spending-suite.ts';
import { describeUsage } from './conformance/usage-suite.ts';

/** What every store must do. A new kind of store is one call of this with a way to open a fresh one. */
export function describeStore(name: string, open: OpenStore): void {
  describe(`${name} store`, () => {
    describeContentStore(open);
    describeJournal(open);
    describeReopening(open);
    describeResultIndex(open);
    describeAnswerIndex(open);
    describeRunLog(open);
    describeScheduleLog(open);
    describeDatasetCache(open);
    describeLimitLedger(open);
    describeSpending(open);
    describeUsage(open);
    describeSharing(open);
  });
}
