// The library's door: `import { openStet, defineRun } from 'stet'`.

export type { Cache, GcOptions, RemoveOptions } from '../client/cache/cache.ts';
export type {
  CacheGcDocument,
  CacheListDocument,
  CacheRmDocument,
  CacheVerifyDocument,
} from '../client/cache/cache-documents.ts';
export type {
  PlanDocument,
  PlanTaskDocument,
  QueryCounts,
  ReuseReason,
  RunDocument,
  RunSummaryDocument,
  TaskDocument,
} from '../client/run-document.ts';
export type {
  ScheduleDocument,
  ScheduledRunDocument,
  ScheduleSummaryDocument,
} from '../client/schedules/schedule-documents.ts';
export type { AddScheduleOptions, NotifyOptions, Schedules, Timing } from '../client/schedules/schedules.ts';
export type {
  Overrides,
  PlanOptions,
  ResumableRun,
  ResumeChoice,
  ResumeOptions,
  RunEvent,
  RunHandle,
  RunOptions,
  SampleDocument,
  StandingQueries,
  Stet,
  TaskProgressEvent,
} from '../client/stet.ts';
export { defineRun } from '../client/stet.ts';
export type { AlertDifference, AlertFinding, AlertVerdict } from '../contracts/alert-finding.ts';
export { ConfigurationError, EvaluationError } from '../contracts/evaluation-error.ts';
export type { TemporalOptions } from './host-options.ts';
export { type OpenStetOptions, openStet } from './open-stet.ts';
