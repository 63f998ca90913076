/**
 * Steps from an empty database to the present schema; step n leads to version n + 1. A released step is never changed:
 * stores out there have taken it.
 *
 * The journal tables are ordered by the segment that a row belongs to and have no other index, so that sealing a
 * segment removes neighbouring pages and an append touches one tree.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE store_properties (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) WITHOUT ROWID;
  INSERT INTO store_properties VALUES ('store_id', lower(hex(randomblob(8))));

  CREATE TABLE runs (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
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
    worked_ms INTEGER NOT NULL
  );
  CREATE INDEX runs_open ON runs (sequence) WHERE status IN ('pending', 'running');
  CREATE INDEX runs_label ON runs (label, sequence) WHERE label IS NOT NULL;

  CREATE TABLE fingerprints (
    digest TEXT NOT NULL UNIQUE,
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
    queries_sent INTEGER NOT NULL DEFAULT 0,
    queries_retried INTEGER NOT NULL DEFAULT 0,
    queries_saved INTEGER NOT NULL DEFAULT 0,
    manifest_digest TEXT,
    manifest_size INTEGER,
    metrics_digest TEXT,
    metrics_size INTEGER,
    result_digest TEXT,
    error TEXT,
    why TEXT,
    warnings TEXT NOT NULL DEFAULT '[]',
    created_at TEXT NOT NULL,
    started_at TEXT,
    solved_at TEXT,
    ended_at TEXT,
    -- An alias, an unfinished result and one that no look-up may find are never the current result of a key.
    CHECK (is_current = 0 OR (status = 'completed' AND policy <> 'no-cache' AND reuse <> 'full'))
  );
  CREATE UNIQUE INDEX task_results_run ON task_results (run_id, position);
  CREATE UNIQUE INDEX task_results_current ON task_results (result_key) WHERE is_current = 1;
  CREATE INDEX task_results_solved ON task_results (solver_key, solved_at, task_result_id)
    WHERE status = 'completed' AND policy <> 'no-cache' AND reuse <> 'full';
  CREATE INDEX task_results_task ON task_results (task_key, ended_at, task_result_id);

  CREATE TABLE segments (
    task_result_id TEXT NOT NULL REFERENCES task_results (task_result_id) ON DELETE CASCADE,
    stage TEXT NOT NULL CHECK (stage IN ('solve', 'score')),
    segment_index INTEGER NOT NULL,
    blob_digest TEXT NOT NULL,
    blob_size INTEGER NOT NULL,
    samples INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    queries_sent INTEGER NOT NULL,
    queries_retried INTEGER NOT NULL,
    is_reopened INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (task_result_id, stage, segment_index)
  ) WITHOUT ROWID;

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
  ) WITHOUT ROWID;

  CREATE TABLE journal_outcomes (
    task_result_id TEXT NOT NULL,
    stage TEXT NOT NULL,
    segment_index INTEGER NOT NULL,
    sample_index INTEGER NOT NULL,
    has_error INTEGER NOT NULL,
    queries_sent INTEGER NOT NULL,
    queries_retried INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (task_result_id, stage, segment_index, sample_index)
  ) WITHOUT ROWID;

  CREATE TABLE processes (
    process_id TEXT NOT NULL PRIMARY KEY,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    start_mark TEXT NOT NULL,
    command TEXT NOT NULL,
    registered_at TEXT NOT NULL
  ) WITHOUT ROWID;

  CREATE TABLE waits (
    task_result_id TEXT NOT NULL PRIMARY KEY REFERENCES task_results (task_result_id) ON DELETE CASCADE,
    holder_run_id TEXT NOT NULL
  ) WITHOUT ROWID;

  CREATE TABLE file_digests (
    device TEXT NOT NULL,
    inode TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    mtime_ns TEXT NOT NULL,
    ctime_ns TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (device, inode)
  ) WITHOUT ROWID;

  CREATE TABLE selections (
    reader_digest TEXT NOT NULL PRIMARY KEY,
    selection TEXT NOT NULL
  ) WITHOUT ROWID;
  `,
  // Limits shared by processes, removal of results, repair of completed ones, and owners whose end cannot be looked up.
  `
  -- When the process was last heard of; the only sign of life of one on another machine.
  ALTER TABLE processes ADD COLUMN seen_at TEXT NOT NULL DEFAULT '';
  -- The completed run, and task result, whose errors this one tries again.
  ALTER TABLE runs ADD COLUMN mends TEXT;
  ALTER TABLE task_results ADD COLUMN mends TEXT;
  -- Taken out of reuse by its owner; kept while other results stand on it.
  ALTER TABLE task_results ADD COLUMN is_removed INTEGER NOT NULL DEFAULT 0 CHECK (is_removed = 0 OR is_current = 0);

  -- What each holder of a limit group may have in flight: the slots of all of them together are within the limit.
  CREATE TABLE limit_leases (
    limit_group TEXT NOT NULL,
    holder_id TEXT NOT NULL,
    process_id TEXT NOT NULL,
    max_concurrent_requests INTEGER,
    rate_limit REAL,
    slots INTEGER NOT NULL,
    wanted INTEGER NOT NULL,
    turn_began_at_ms INTEGER NOT NULL,
    renewed_at_ms INTEGER NOT NULL,
    PRIMARY KEY (limit_group, holder_id)
  ) WITHOUT ROWID;
  -- The first moment of sending that no holder of the group has taken.
  CREATE TABLE limit_paces (
    limit_group TEXT NOT NULL PRIMARY KEY,
    next_send_at_ms REAL NOT NULL,
    written_at_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
  `,
  // Runs that nobody sits in front of: on shared workers, on schedules, with alerts and notifications.
  `
  -- What began the run: 'command', or 'schedule' with its name and the moment it was due.
  ALTER TABLE runs ADD COLUMN trigger TEXT NOT NULL DEFAULT 'command' CHECK (trigger IN ('command', 'schedule'));
  ALTER TABLE runs ADD COLUMN schedule_name TEXT;
  ALTER TABLE runs ADD COLUMN scheduled_at TEXT;
  -- The task queue of its solving and scoring, where others than its owner poll it; null: the run's own queue.
  ALTER TABLE runs ADD COLUMN work_queue TEXT;
  -- What its alerts found, once it has ended.
  ALTER TABLE runs ADD COLUMN alerts TEXT;
  -- Since when nothing new is sent for it; null where it is not paused.
  ALTER TABLE runs ADD COLUMN paused_at TEXT;
  CREATE INDEX runs_schedule ON runs (schedule_name, sequence) WHERE schedule_name IS NOT NULL;

  CREATE TABLE schedules (
    name TEXT NOT NULL PRIMARY KEY,
    definition TEXT NOT NULL,
    -- Blob of the plan that it runs.
    plan TEXT NOT NULL,
    -- 'previous', 'first' or the id of the run that its alerts compare with.
    baseline TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
  ) WITHOUT ROWID;

  -- Messages to webhooks, kept until they are delivered or given up: at least once.
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
  ) WITHOUT ROWID;

  -- The blob of its rows, by which garbage collection knows that the selection can go; its text may be sealed.
  ALTER TABLE selections ADD COLUMN manifest_digest TEXT NOT NULL DEFAULT '';
  UPDATE selections SET manifest_digest = json_extract(selection, '$.manifest.digest');
  `,
  // What a run has spent and may spend, usage by model, and answers that stand beyond the seed.
  `
  -- Totals that \`resume\` set in place of those of the plan.
  ALTER TABLE runs ADD COLUMN limits TEXT;
  -- What was asked for it, by model and purpose: queries, tokens, cost, durations.
  ALTER TABLE task_results ADD COLUMN usage TEXT;
  -- Single answers of other results that stood (reuse.answers).
  ALTER TABLE task_results ADD COLUMN answers_stood INTEGER NOT NULL DEFAULT 0;
  -- The run that was waited for, whose work stands here.
  ALTER TABLE task_results ADD COLUMN waited_for TEXT;
  -- What left for work that is part of nothing any more: lost, tried again, or dropped for what stands elsewhere.
  ALTER TABLE task_results ADD COLUMN usage_lost TEXT;
  ALTER TABLE journal_outcomes ADD COLUMN usage TEXT;
  ALTER TABLE segments ADD COLUMN usage TEXT;
  ALTER TABLE segments ADD COLUMN answers_stood INTEGER NOT NULL DEFAULT 0;
  -- When the oldest of them had arrived.
  ALTER TABLE segments ADD COLUMN answers_since TEXT;

  -- Of runs with limits: what left, over all attempts, written before it leaves; tokens and cost before the answer is kept.
  CREATE TABLE run_spending (
    run_id TEXT NOT NULL PRIMARY KEY REFERENCES runs (run_id) ON DELETE CASCADE,
    queries INTEGER NOT NULL DEFAULT 0,
    tokens INTEGER NOT NULL DEFAULT 0,
    -- A decimal number of millionths of a dollar.
    cost_micros TEXT NOT NULL DEFAULT '0',
    worked_ms INTEGER NOT NULL DEFAULT 0,
    seen_at_ms INTEGER
  ) WITHOUT ROWID;

  -- Where the answer to a query lies, by model version, request, trial and call; made for a result when first looked for.
  CREATE TABLE stored_answers (
    answer_key TEXT NOT NULL,
    task_result_id TEXT NOT NULL REFERENCES task_results (task_result_id) ON DELETE CASCADE,
    stage TEXT NOT NULL CHECK (stage IN ('solve', 'score')),
    segment_index INTEGER NOT NULL,
    sample_index INTEGER NOT NULL,
    -- Of the scorer that asked; empty in stage 'solve'.
    scorer_key TEXT NOT NULL,
    PRIMARY KEY (answer_key, task_result_id, stage, segment_index, sample_index, scorer_key)
  ) WITHOUT ROWID;
  CREATE INDEX stored_answers_result ON stored_answers (task_result_id);
  CREATE TABLE answer_sources (
    task_result_id TEXT NOT NULL REFERENCES task_results (task_result_id) ON DELETE CASCADE,
    stage TEXT NOT NULL CHECK (stage IN ('solve', 'score')),
    listed_at TEXT NOT NULL,
    PRIMARY KEY (task_result_id, stage)
  ) WITHOUT ROWID;
  `,
];
