// The library's door: `import { openStet, defineRun } from 'stet'`.

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
  Overrides,
  PlanOptions,
  RunEvent,
  RunHandle,
  RunOptions,
  SampleDocument,
  Stet,
  TaskProgressEvent,
} from '../client/stet.ts';
export { defineRun } from '../client/stet.ts';
export { ConfigurationError, EvaluationError } from '../contracts/evaluation-error.ts';
export { type OpenStetOptions, openStet } from './open-stet.ts';
