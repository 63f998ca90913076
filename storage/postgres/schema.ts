import { blobTables } from './blob-tables.ts';

/**
 * Steps from an empty schema to the present one; step n leads to version n. A released step is never changed: stores out
 * there have taken it. A step may not break the release before it, which works on while workers are exchanged: columns
 * that are added have defaults, nothing is dropped or renamed before the next release.
 *
 * The first is SQLite's schema as it stood then (a test compares the two), in PostgreSQL's words. Texts are ordered by
 * their bytes, as SQLite does.
 */
export const schemaSteps: readonly (readonly string[])[] = [
  [
    ...splitStatements(`
  CREATE TABLE store_properties (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  );

  CREATE TABLE runs (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    evaluation_key TEXT NOT NULL,
    label TEXT,
    plan_digest TEXT NOT NULL,
    plan TEXT NOT NULL,
    policy TEXT NOT NULL CHECK (policy IN ('reuse', 'update', 'no-cache')),
    status TEXT NOT NULL CHECK (status IN ('pending', 'running', 'completed', 'failed', 'cancelled')),
    attempt INTEGER NOT NULL,
    owner_id TEXT,
    file TEXT,
    origin TEXT NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    worked_ms BIGINT NOT NULL,
    mends TEXT,
    trigger TEXT NOT NULL DEFAULT 'command' CHECK (trigger IN ('command', 'schedule')),
    schedule_name TEXT,
    scheduled_at TEXT,
    work_queue TEXT,
    alerts TEXT,
    paused_at TEXT,
    limits TEXT
  );
  CREATE INDEX runs_open ON runs (sequence) WHERE status IN ('pending', 'running');
  CREATE INDEX runs_label ON runs (label, sequence) WHERE label IS NOT NULL;
  CREATE INDEX runs_schedule ON runs (schedule_name, sequence) WHERE schedule_name IS NOT NULL;

  CREATE TABLE fingerprints (
    digest TEXT NOT NULL PRIMARY KEY,
    fingerprint TEXT NOT NULL
  );

  CREATE TABLE task_results (
    task_result_id TEXT NOT NULL PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    position INTEGER NOT NULL,
    task_key TEXT NOT NULL,
    solver_key TEXT NOT NULL REFERENCES fingerprints (digest),
    result_key TEXT NOT NULL REFERENCES fingerprints (digest),
    policy TEXT NOT NULL CHECK (policy IN ('reuse', 'update', 'no-cache')),
    status TEXT NOT NULL CHECK (status IN ('pending', 'running', 'completed', 'failed', 'cancelled')),
    attempt INTEGER NOT NULL,
    reuse TEXT CHECK (reuse IN ('full', 'partial', 'none')),
    reused_from TEXT,
    is_current INTEGER NOT NULL DEFAULT 0,
    segment_count INTEGER NOT NULL,
    samples_total INTEGER NOT NULL,
    samples_solver_errors INTEGER NOT NULL DEFAULT 0,
    samples_errors INTEGER NOT NULL DEFAULT 0,
    samples_excluded INTEGER NOT NULL DEFAULT 0,
    queries_sent BIGINT NOT NULL DEFAULT 0,
    queries_retried BIGINT NOT NULL DEFAULT 0,
    queries_saved BIGINT NOT NULL DEFAULT 0,
    manifest_digest TEXT,
    manifest_size BIGINT,
    metrics_digest TEXT,
    metrics_size BIGINT,
    result_digest TEXT,
    error TEXT,
    why TEXT,
    warnings TEXT NOT NULL DEFAULT '[]',
    created_at TEXT NOT NULL,
    started_at TEXT,
    solved_at TEXT,
    ended_at TEXT,
    mends TEXT,
    is_removed INTEGER NOT NULL DEFAULT 0 CHECK (is_removed = 0 OR is_current = 0),
    usage TEXT,
    answers_stood INTEGER NOT NULL DEFAULT 0,
    waited_for TEXT,
    usage_lost TEXT,
    CHECK (is_current = 0 OR (status = 'completed' AND policy <> 'no-cache' AND reuse <> 'full'))
  );
  CREATE UNIQUE INDEX task_results_run ON task_results (run_id, position);
  CREATE UNIQUE INDEX task_results_current ON task_results (result_key) WHERE is_current = 1;
  CREATE INDEX task_results_solved ON task_results (solver_key, solved_at, task_result_id)
    WHERE status = 'completed' AND policy <> 'no-cache' AND reuse <> 'full';
  -- For whoever removes fingerprints.
  CREATE INDEX task_results_solver_key ON task_results (solver_key);
  CREATE INDEX task_results_result_key ON task_results (result_key);
  CREATE INDEX task_results_task ON task_results (task_key, ended_at, task_result_id);

  CREATE TABLE segments (
    task_result_id TEXT NOT NULL REFERENCES task_results (task_result_id) ON DELETE CASCADE,
    stage TEXT NOT NULL CHECK (stage IN ('solve', 'score')),
    segment_index INTEGER NOT NULL,
    blob_digest TEXT NOT NULL,
    blob_size BIGINT NOT NULL,
    samples INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    queries_sent INTEGER NOT NULL,
    queries_retried INTEGER NOT NULL,
    is_reopened INTEGER NOT NULL DEFAULT 0,
    usage TEXT,
    answers_stood INTEGER NOT NULL DEFAULT 0,
    answers_since TEXT,
    PRIMARY KEY (task_result_id, stage, segment_index)
  );

  CREATE TABLE journal_answers (
    task_result_id TEXT NOT NULL,
    stage TEXT NOT NULL,
    segment_index INTEGER NOT NULL,
    sample_index INTEGER NOT NULL,
    trial INTEGER NOT NULL,
    scorer_key TEXT NOT NULL,
    model_key TEXT NOT NULL,
    request_digest TEXT NOT NULL,
    occurrence INTEGER NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (task_result_id, stage, segment_index, sample_index, trial, scorer_key, model_key, request_digest, occurrence)
  );

  CREATE TABLE journal_outcomes (
    task_result_id TEXT NOT NULL,
    stage TEXT NOT NULL,
    segment_index INTEGER NOT NULL,
    sample_index INTEGER NOT NULL,
    has_error INTEGER NOT NULL,
    queries_sent INTEGER NOT NULL,
    queries_retried INTEGER NOT NULL,
    usage TEXT,
    outcome TEXT NOT NULL,
    PRIMARY KEY (task_result_id, stage, segment_index, sample_index)
  );

  CREATE TABLE processes (
    process_id TEXT NOT NULL PRIMARY KEY,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    start_mark TEXT NOT NULL,
    command TEXT NOT NULL,
    registered_at TEXT NOT NULL,
    seen_at TEXT NOT NULL DEFAULT ''
  );

  CREATE TABLE waits (
    task_result_id TEXT NOT NULL PRIMARY KEY REFERENCES task_results (task_result_id) ON DELETE CASCADE,
    holder_run_id TEXT NOT NULL
  );

  CREATE TABLE file_digests (
    device TEXT NOT NULL,
    inode TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    mtime_ns TEXT NOT NULL,
    ctime_ns TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (device, inode)
  );

  CREATE TABLE selections (
    reader_digest TEXT NOT NULL PRIMARY KEY,
    selection TEXT NOT NULL,
    manifest_digest TEXT NOT NULL DEFAULT ''
  );

  CREATE TABLE limit_leases (
    limit_group TEXT NOT NULL,
    holder_id TEXT NOT NULL,
    process_id TEXT NOT NULL,
    max_concurrent_requests INTEGER,
    rate_limit DOUBLE PRECISION,
    slots INTEGER NOT NULL,
    wanted INTEGER NOT NULL,
    turn_began_at_ms BIGINT NOT NULL,
    renewed_at_ms BIGINT NOT NULL,
    PRIMARY KEY (limit_group, holder_id)
  );
  CREATE TABLE limit_paces (
    limit_group TEXT NOT NULL PRIMARY KEY,
    next_send_at_ms DOUBLE PRECISION NOT NULL,
    written_at_ms BIGINT NOT NULL
  );

  CREATE TABLE schedules (
    name TEXT NOT NULL PRIMARY KEY,
    definition TEXT NOT NULL,
    plan TEXT NOT NULL,
    baseline TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
  );

  CREATE TABLE notifications (
    notification_id TEXT NOT NULL PRIMARY KEY,
    schedule_name TEXT NOT NULL,
    run_id TEXT,
    kind TEXT NOT NULL,
    url TEXT NOT NULL,
    body TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt_at TEXT,
    delivered_at TEXT,
    error TEXT
  );

  CREATE TABLE run_spending (
    run_id TEXT NOT NULL PRIMARY KEY REFERENCES runs (run_id) ON DELETE CASCADE,
    queries BIGINT NOT NULL DEFAULT 0,
    tokens BIGINT NOT NULL DEFAULT 0,
    cost_micros TEXT NOT NULL DEFAULT '0',
    worked_ms BIGINT NOT NULL DEFAULT 0,
    seen_at_ms BIGINT
  );

  CREATE TABLE stored_answers (
    answer_key TEXT NOT NULL,
    task_result_id TEXT NOT NULL REFERENCES task_results (task_result_id) ON DELETE CASCADE,
    stage TEXT NOT NULL CHECK (stage IN ('solve', 'score')),
    segment_index INTEGER NOT NULL,
    sample_index INTEGER NOT NULL,
    scorer_key TEXT NOT NULL,
    PRIMARY KEY (answer_key, task_result_id, stage, segment_index, sample_index, scorer_key)
  );
  CREATE INDEX stored_answers_result ON stored_answers (task_result_id);
  CREATE TABLE answer_sources (
    task_result_id TEXT NOT NULL REFERENCES task_results (task_result_id) ON DELETE CASCADE,
    stage TEXT NOT NULL CHECK (stage IN ('solve', 'score')),
    listed_at TEXT NOT NULL,
    PRIMARY KEY (task_result_id, stage)
  );
  `),
    ...blobTables,
  ],
];

/** One by one: the extended protocol takes no more. No text in them holds a semicolon. */
function splitStatements(step: string): readonly string[] {
  return step
    .replaceAll(/\bTEXT\b/g, 'TEXT COLLATE "C"')
    .split(';')
    .filter((statement) => statement.trim() !== '');
}
