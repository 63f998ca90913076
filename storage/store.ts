import type { AnswerIndex } from './answer-index.ts';
import type { BlobInventory } from './blob-inventory.ts';
import type { ContentStore } from './content-store.ts';
import type { DatasetCache } from './dataset-cache.ts';
import type { Housekeeping } from './housekeeping.ts';
import type { Journal } from './journal.ts';
import type { LimitLedger } from './limit-ledger.ts';
import type { ResultIndex } from './result-index.ts';
import type { RunLog } from './run-log.ts';
import type { ScheduleLog } from './schedule-log.ts';
import type { SpendingLedger } from './spending.ts';

/** Everything that Stet keeps, behind one door. */
export interface Store {
  readonly content: ContentStore;
  /** What lies where the content does. */
  readonly blobs: BlobInventory;
  readonly results: ResultIndex;
  readonly answers: AnswerIndex;
  readonly journal: Journal;
  readonly runs: RunLog;
  readonly schedules: ScheduleLog;
  readonly datasets: DatasetCache;
  readonly limits: LimitLedger;
  readonly spending: SpendingLedger;
  readonly housekeeping: Housekeeping;
  close(): Promise<void>;
}
