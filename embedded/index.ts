// The library's door: `import { openStet, defineRun } from 'stet'`.

export type { Cache, GcOptions, RemoveOptions } from '../client/cache/cache.ts';
export type {
  CacheGcDocument,
  CacheListDocument,
  CacheRmDocument,
  CacheVerifyDocument,
} from '../client/cache/cache-documents.ts';
export type {
  ChangeDocument,
  DiffByOptions,
  DiffDocument,
  DiffOptions,
  DiffRunDocument,
  DiffSideDocument,
  FlipsDocument,
  GateDocument,
  MetricDiffDocument,
  SampleListDocument,
  TaskDiffDocument,
} from '../client/diff/diff-document.ts';
export type {
  AgainstDocument,
  AgainstTaskDocument,
  Contribution,
  ExplainAnswerDocument,
  ExplainDocument,
  ExplainSampleDocument,
  ExplainStageDocument,
  ExplainStepDocument,
  ExplainTaskDocument,
} from '../client/explain/explain-documents.ts';
export type { ExplainOptions } from '../client/explain/explain-run.ts';
export type {
  HolderDocument,
  PlannedAmountDocument,
  PlannedTotalsDocument,
  PlannedUsageDocument,
  SourceDocument,
  UsageBasisDocument,
} from '../client/plan/plan-usage-document.ts';
export type {
  LimitsDocument,
  LimitUse,
  PlanDocument,
  PlanTaskDocument,
  QueryCounts,
  ReuseReason,
  RunDocument,
  RunSummaryDocument,
  TaskDocument,
} from '../client/run-document.ts';
export { makeSampleRows, type QueriesOfRow, type SampleRow } from '../client/sample-rows.ts';
export type {
  ScheduleDocument,
  ScheduledRunDocument,
  ScheduleSummaryDocument,
} from '../client/schedules/schedule-documents.ts';
export type { AddScheduleOptions, NotifyOptions, Schedules, Timing } from '../client/schedules/schedules.ts';
export type {
  Overrides,
  PlanOptions,
  RescoreOptions,
  ResumableRun,
  ResumeChoice,
  ResumeOptions,
  RunEvent,
  RunHandle,
  RunOptions,
  SampleDocument,
  SamplesOptions,
  StandingQueries,
  Stet,
  TaskProgressEvent,
  TryOptions,
} from '../client/stet.ts';
export { defineRun } from '../client/stet.ts';
export type {
  RescoreDocument,
  RescoredSampleDocument,
  ScoreChange,
  TriedSampleDocument,
  TryDocument,
  UnansweredQuery,
} from '../client/try/try-documents.ts';
export type { AlertDifference, AlertFinding, AlertVerdict } from '../contracts/alert-finding.ts';
export { ConfigurationError, EvaluationError } from '../contracts/evaluation-error.ts';
export type { TemporalOptions } from './host-options.ts';
export { type OpenStetOptions, openStet } from './open-stet.ts';
