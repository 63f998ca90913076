export type { ContentStore } from './content-store.ts';
export type { DatasetCache, FileStat, StoredSelection } from './dataset-cache.ts';
export { readKeyRing } from './encryption/read-key-ring.ts';
export {
  type AnswerId,
  type Journal,
  type JournalAnswer,
  type JournalOutcome,
  type SegmentId,
  type Stage,
  stages,
} from './journal.ts';
export type { LeaseHolder, LimitLedger } from './limit-ledger.ts';
export { openRawStore } from './open-raw-store.ts';
export { openStore } from './open-store.ts';
export type {
  ComparableResult,
  QueryCounts,
  RecordedError,
  ResultIndex,
  SampleCounts,
  SegmentRecord,
  TaskResultRecord,
  TaskResultSummary,
} from './result-index.ts';
export type {
  Mending,
  NewRun,
  NewTaskResult,
  PlannedKeys,
  ProcessRecord,
  ReplacingPlan,
  RunLog,
  RunRecord,
  TaskProgress,
} from './run-log.ts';
export type { Store } from './store.ts';
