import type { Generated, Selectable } from 'kysely';
import type { CachePolicy, Verdict } from '../../contracts/cache-policy.ts';
import type { Digest } from '../../contracts/digest.ts';
import type { Status } from '../../contracts/status.ts';
import type { SealedText } from '../encryption/sealed-text.ts';
import type { Stage } from '../journal.ts';

/** 0 or 1. */
export type Flag = number;

export interface StoreProperties {
  name: string;
  value: string;
}

export interface Runs {
  /** Order of creation; clocks may go back. */
  sequence: Generated<number>;
  run_id: string;
  evaluation_key: string;
  label: string | null;
  plan_digest: Digest;
  plan: Digest;
  policy: CachePolicy;
  status: Status;
  attempt: number;
  owner_id: string | null;
  file: string | null;
  origin: SealedText;
  started_at: string;
  ended_at: string | null;
  worked_ms: number;
  mends: string | null;
  trigger: Generated<'command' | 'schedule'>;
  schedule_name: string | null;
  scheduled_at: string | null;
  work_queue: string | null;
  alerts: SealedText | null;
  paused_at: string | null;
  limits: string | null;
}

export interface TaskResults {
  task_result_id: string;
  run_id: string;
  key: string;
  position: number;
  task_key: string;
  solver_key: Digest;
  result_key: Digest;
  policy: CachePolicy;
  status: Status;
  attempt: number;
  reuse: Verdict | null;
  reused_from: string | null;
  is_current: Generated<Flag>;
  segment_count: number;
  samples_total: number;
  samples_solver_errors: Generated<number>;
  samples_errors: Generated<number>;
  samples_excluded: Generated<number>;
  queries_sent: Generated<number>;
  queries_retried: Generated<number>;
  queries_saved: Generated<number>;
  manifest_digest: Digest | null;
  manifest_size: number | null;
  metrics_digest: Digest | null;
  metrics_size: number | null;
  result_digest: Digest | null;
  error: SealedText | null;
  why: SealedText | null;
  warnings: SealedText;
  created_at: string;
  started_at: string | null;
  solved_at: string | null;
  ended_at: string | null;
  mends: string | null;
  is_removed: Generated<Flag>;
  usage: string | null;
  answers_stood: Generated<number>;
  waited_for: string | null;
  usage_lost: string | null;
}

export interface Fingerprints {
  digest: Digest;
  fingerprint: SealedText;
}

export interface Segments {
  task_result_id: string;
  stage: Stage;
  segment_index: number;
  blob_digest: Digest;
  blob_size: number;
  samples: number;
  errors: number;
  queries_sent: number;
  queries_retried: number;
  is_reopened: Flag;
  usage: string | null;
  answers_stood: Generated<number>;
  answers_since: string | null;
}

export interface JournalAnswers {
  task_result_id: string;
  stage: Stage;
  segment_index: number;
  sample_index: number;
  trial: number;
  scorer_key: string;
  model_key: string;
  request_digest: string;
  occurrence: number;
  answer: SealedText;
}

export interface JournalOutcomes {
  task_result_id: string;
  stage: Stage;
  segment_index: number;
  sample_index: number;
  has_error: Flag;
  queries_sent: number;
  queries_retried: number;
  usage: string | null;
  outcome: SealedText;
}

export interface Processes {
  process_id: string;
  host: string;
  pid: number;
  start_mark: string;
  command: string;
  registered_at: string;
  seen_at: string;
}

export interface LimitLeases {
  limit_group: string;
  holder_id: string;
  process_id: string;
  max_concurrent_requests: number | null;
  rate_limit: number | null;
  slots: number;
  wanted: number;
  turn_began_at_ms: number;
  renewed_at_ms: number;
}

export interface LimitPaces {
  limit_group: string;
  next_send_at_ms: number;
  written_at_ms: number;
}

export interface Schedules {
  name: string;
  definition: SealedText;
  plan: Digest;
  baseline: string | null;
  created_at: string;
  updated_at: string;
}

export interface Notifications {
  notification_id: string;
  schedule_name: string;
  run_id: string | null;
  kind: string;
  url: SealedText;
  body: SealedText;
  attempts: Generated<number>;
  next_attempt_at: string | null;
  delivered_at: string | null;
  error: SealedText | null;
}

export interface RunSpending {
  run_id: string;
  queries: Generated<number>;
  tokens: Generated<number>;
  /** A decimal number of millionths of a dollar. */
  cost_micros: Generated<string>;
  /** Milliseconds in which somebody worked on the run, whoever and however many. */
  worked_ms: Generated<number>;
  /** When somebody last said so; null before. */
  seen_at_ms: number | null;
}

export interface StoredAnswers {
  /** 128 bits of a digest, in an encrypted store keyed. */
  answer_key: string;
  task_result_id: string;
  stage: Stage;
  segment_index: number;
  sample_index: number;
  scorer_key: string;
}

export interface AnswerSources {
  task_result_id: string;
  stage: Stage;
  listed_at: string;
}

export interface Waits {
  task_result_id: string;
  holder_run_id: string;
}

export interface FileDigests {
  device: string;
  inode: string;
  size_bytes: number;
  mtime_ns: string;
  ctime_ns: string;
  digest: Digest;
}

export interface Selections {
  reader_digest: Digest;
  /** Names the blob of its rows. */
  manifest_digest: Digest;
  selection: SealedText;
}

/** The tables as Kysely sees them; `migrations.ts` makes them. */
export interface Tables {
  store_properties: StoreProperties;
  runs: Runs;
  task_results: TaskResults;
  fingerprints: Fingerprints;
  segments: Segments;
  journal_answers: JournalAnswers;
  journal_outcomes: JournalOutcomes;
  processes: Processes;
  limit_leases: LimitLeases;
  limit_paces: LimitPaces;
  run_spending: RunSpending;
  stored_answers: StoredAnswers;
  answer_sources: AnswerSources;
  waits: Waits;
  schedules: Schedules;
  notifications: Notifications;
  file_digests: FileDigests;
  selections: Selections;
}

export type RunRow = Selectable<Runs>;
export type TaskResultRow = Selectable<TaskResults>;
export type SegmentRow = Selectable<Segments>;
export type ScheduleRow = Selectable<Schedules>;
export type NotificationRow = Selectable<Notifications>;
