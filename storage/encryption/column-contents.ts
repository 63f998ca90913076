import type { SelectType } from 'kysely';
import type { Tables } from '../sql/tables.ts';
import type { SealedText } from './sealed-text.ts';

/**
 * What may stand in a column. `content`: it can hold something of a prompt, an answer, a row or the value of a fingerprint,
 * or an address that may itself be a credential; an encrypted store seals it. Anything else is readable by whoever reads the
 * database, for the reason given.
 */
export type ColumnContent = 'content' | { readonly readable: string };

/** A column of type `SealedText` is content, and no other is. */
type ContentOf<Column> = [NonNullable<Column>] extends [SealedText] ? 'content' : Exclude<ColumnContent, 'content'>;

type ColumnContents = {
  readonly [Table in keyof Tables]: {
    readonly [Column in keyof Tables[Table]]-?: ContentOf<SelectType<Tables[Table][Column]>>;
  };
};

const id = { readable: 'a random name, or a counter' } as const;
const name = { readable: 'a name that the user gives and looks up by' } as const;
const digest = { readable: 'a digest; look-ups and garbage collection go by it' } as const;
const state = { readable: 'a word from a short list' } as const;
const amount = { readable: 'a count, a size or a place in an order' } as const;
const moment = { readable: 'a moment' } as const;
const usage = { readable: 'names of models with counts, tokens, cost and durations' } as const;
const system = { readable: 'what the system says of a process or a file, its content apart' } as const;

/**
 * The one table of what an encrypted store seals, exhaustive over the schema: a column that nobody classified does not
 * build. That nothing else holds content is shown by a test, which runs evaluations full of marks and then looks for them in
 * the whole database and in every file of the store.
 */
export const columnContents = {
  store_properties: {
    name: id,
    value: { readable: 'the id of the store, its segment size, what it is encrypted with' },
  },
  runs: {
    sequence: id,
    run_id: id,
    evaluation_key: name,
    label: name,
    plan_digest: digest,
    plan: digest,
    policy: state,
    status: state,
    attempt: amount,
    owner_id: id,
    file: { readable: 'the path of a run file, by which it is found again' },
    // Arguments: `--set` may give a prompt.
    origin: 'content',
    started_at: moment,
    ended_at: moment,
    worked_ms: amount,
    mends: id,
    trigger: state,
    schedule_name: name,
    scheduled_at: moment,
    work_queue: id,
    // Values of metrics, and texts of what went wrong.
    alerts: 'content',
    paused_at: moment,
    limits: amount,
  },
  task_results: {
    task_result_id: id,
    run_id: id,
    key: name,
    position: amount,
    task_key: name,
    solver_key: digest,
    result_key: digest,
    policy: state,
    status: state,
    attempt: amount,
    reuse: state,
    reused_from: id,
    is_current: state,
    segment_count: amount,
    samples_total: amount,
    samples_solver_errors: amount,
    samples_errors: amount,
    samples_excluded: amount,
    queries_sent: amount,
    queries_retried: amount,
    queries_saved: amount,
    manifest_digest: digest,
    manifest_size: amount,
    metrics_digest: digest,
    metrics_size: amount,
    result_digest: digest,
    // A service may quote in its error what it was asked.
    error: 'content',
    // Values of fields, before and after.
    why: 'content',
    warnings: 'content',
    created_at: moment,
    started_at: moment,
    solved_at: moment,
    ended_at: moment,
    mends: id,
    is_removed: state,
    usage,
    answers_stood: amount,
    waited_for: id,
    usage_lost: usage,
  },
  // Prompts, parameters, expressions: everything that makes a key.
  fingerprints: { digest, fingerprint: 'content' },
  segments: {
    task_result_id: id,
    stage: state,
    segment_index: amount,
    blob_digest: digest,
    blob_size: amount,
    samples: amount,
    errors: amount,
    queries_sent: amount,
    queries_retried: amount,
    is_reopened: state,
    usage,
    answers_stood: amount,
    answers_since: moment,
  },
  journal_answers: {
    task_result_id: id,
    stage: state,
    segment_index: amount,
    sample_index: amount,
    trial: amount,
    scorer_key: name,
    model_key: name,
    request_digest: digest,
    occurrence: amount,
    answer: 'content',
  },
  journal_outcomes: {
    task_result_id: id,
    stage: state,
    segment_index: amount,
    sample_index: amount,
    has_error: state,
    queries_sent: amount,
    queries_retried: amount,
    usage,
    outcome: 'content',
  },
  processes: {
    process_id: id,
    host: system,
    pid: system,
    start_mark: system,
    command: { readable: 'the name of a command, without its arguments' },
    registered_at: moment,
    seen_at: moment,
  },
  limit_leases: {
    limit_group: { readable: 'the version of a model, or a name that the user gives' },
    holder_id: id,
    process_id: id,
    max_concurrent_requests: amount,
    rate_limit: amount,
    slots: amount,
    wanted: amount,
    turn_began_at_ms: moment,
    renewed_at_ms: moment,
  },
  limit_paces: {
    limit_group: { readable: 'the version of a model, or a name that the user gives' },
    next_send_at_ms: moment,
    written_at_ms: moment,
  },
  // Overrides and arguments of the runs that it begins.
  schedules: { name, definition: 'content', plan: digest, baseline: id, created_at: moment, updated_at: moment },
  notifications: {
    notification_id: id,
    schedule_name: name,
    run_id: id,
    kind: state,
    // Many services put the right to post into the address.
    url: 'content',
    body: 'content',
    attempts: amount,
    next_attempt_at: moment,
    delivered_at: moment,
    error: 'content',
  },
  run_spending: {
    run_id: id,
    queries: amount,
    tokens: amount,
    cost_micros: amount,
    worked_ms: amount,
    seen_at_ms: moment,
  },
  stored_answers: {
    answer_key: {
      readable:
        'a digest of model version, request and place; of an encrypted store keyed, so that no request can be guessed from it',
    },
    task_result_id: id,
    stage: state,
    segment_index: amount,
    sample_index: amount,
    scorer_key: name,
  },
  answer_sources: { task_result_id: id, stage: state, listed_at: moment },
  waits: { task_result_id: id, holder_run_id: id },
  file_digests: {
    device: system,
    inode: system,
    size_bytes: amount,
    mtime_ns: moment,
    ctime_ns: moment,
    digest,
  },
  // Warnings quote rows.
  selections: { reader_digest: digest, manifest_digest: digest, selection: 'content' },
} as const satisfies ColumnContents;

type Contents = typeof columnContents;
/** Columns of a table that are sealed. */
export type SealedColumn<Table extends keyof Tables> = {
  [Column in keyof Contents[Table]]: Contents[Table][Column] extends 'content' ? Column : never;
}[keyof Contents[Table]] &
  keyof Tables[Table] &
  string;
/** Tables with columns that are sealed. */
export type SealedTable = {
  [Table in keyof Tables]: [SealedColumn<Table>] extends [never] ? never : Table;
}[keyof Tables];

/** Columns of a table that are sealed. */
export function listSealedColumns<Table extends SealedTable>(table: Table): readonly SealedColumn<Table>[] {
  return (sealedColumns[table] ?? []) as readonly SealedColumn<Table>[];
}

const sealedColumns: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(columnContents).map(([table, columns]) => [
    table,
    Object.entries(columns).flatMap(([column, content]) => (content === 'content' ? [column] : [])),
  ]),
);
