// Loaded before anything else into a command under test (`node --import`), or imported by a test that runs the library in
// its own process: kills the process, or lets an operation fail, at a named point of what it writes. The product has no
// hooks for this; what is patched is Node's `fs/promises` and the SQLite driver, and a point is recognised by what is
// written there.
//
// STET_TEST_FAULTS holds a JSON list of faults, see `fault-preload.d.mts`. For store transactions `before` is just before
// their COMMIT and `after` just after it; `begin` is the begin of each. A kill happens at the n-th match, `kill-all` takes
// the Temporal server along. An error is thrown at each match from the n-th on.

import { readFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

let faults = [];

/** Takes the place of STET_TEST_FAULTS where this is imported by the process under test itself. */
export function setFaults(list) {
  faults = list.map((fault) => ({ nth: 1, ...fault, seen: 0 }));
}

/** How often the points of the faults were reached since they were set. */
export function countReached() {
  return faults.reduce((sum, { seen }) => sum + seen, 0);
}

/** Transactions by the statements within them; one commit of the journal may be several points at once. */
const transactions = [
  ['register-process', /^insert into "processes"/],
  ['create-run', /^insert into "runs"/],
  ['take-run', /^update "runs" set "owner_id" = \? where "run_id" = \?$/],
  ['run-started', /^update "runs" set "status" = \? where/],
  ['run-ended', /^update "runs" set "status" = \?, "ended_at"/],
  ['task-running', /^update "task_results" set "status" = \?, "reuse" = \?, "reused_from" = \?, (?!"samples_total")/],
  ['answer', /^\s*INSERT INTO journal_answers/],
  ['outcome', /^\s*INSERT INTO journal_outcomes/],
  ['seal', /^insert into "segments"/],
  ['summary', /^update "task_results" set "samples_total"/],
  ['publish', /^update "task_results" set "status" = \?, "reuse" = \?, "is_current"/],
];
/** Of these there is one of each stage: `answer-solve`, `seal-score`. */
const staged = new Set(['answer', 'outcome', 'seal']);

const messages = {
  SQLITE_FULL: 'database or disk is full',
  SQLITE_BUSY: 'database is locked',
  SQLITE_IOERR: 'disk I/O error',
  SQLITE_READONLY: 'attempt to write a readonly database',
  ENOSPC: 'ENOSPC: no space left on device',
  EIO: 'EIO: i/o error',
};

function reach(point, when) {
  for (const fault of faults) {
    if (fault.at !== point || fault.when !== when || ++fault.seen < fault.nth) continue;
    if (fault.act === 'kill' || fault.act === 'kill-all') end(fault);
    throw Object.assign(new Error(messages[fault.act]), { code: fault.act });
  }
}

function end({ act, server }) {
  if (act === 'kill-all') process.kill(JSON.parse(readFileSync(server, 'utf8')).pid, 'SIGKILL');
  process.kill(process.pid, 'SIGKILL');
}

/** Lets a method reach a point before and after it does its work. */
function surround(target, method, point) {
  const original = target[method].bind(target);
  target[method] = async (...values) => {
    reach(point, 'before');
    const result = await original(...values);
    reach(point, 'after');
    return result;
  };
}

/** Points `blob-write`, `blob-rename`, `blob-sync-folder`; `server-file-write`, `server-file-rename`: beside the server. */
function patchFiles() {
  const { open, rename } = fs;
  const kindOf = (file) => {
    if (/[\\/]blobs[\\/]/.test(file)) return 'blob';
    return /[\\/]temporal[\\/][^\\/]+\.new$/.test(file) ? 'server-file' : undefined;
  };
  fs.open = async (file, flags, ...rest) => {
    const kind = kindOf(String(file));
    const handle = await open(file, flags, ...rest);
    if (kind === 'blob' && flags === 'r') surround(handle, 'sync', 'blob-sync-folder');
    else if (kind !== undefined) surround(handle, 'writeFile', `${kind}-write`);
    return handle;
  };
  fs.rename = async (from, to) => {
    const kind = kindOf(String(from));
    if (kind !== undefined) reach(`${kind}-rename`, 'before');
    await rename(from, to);
    if (kind !== undefined) reach(`${kind}-rename`, 'after');
  };
  syncBuiltinESMExports();
}

function patchDatabase() {
  const Database = createRequire(import.meta.url)('libsql');
  const { prepare } = Database.prototype;
  /** Points of the transaction that is open, by database. */
  const open = new WeakMap();
  Database.prototype.prepare = function prepareWithFaults(sql) {
    const statement = prepare.call(this, sql);
    for (const method of ['run', 'all']) {
      const original = statement[method].bind(statement);
      statement[method] = (...values) => {
        if (sql === 'COMMIT') return commit(this, () => original(...values));
        if (sql === 'BEGIN IMMEDIATE') {
          reach('begin', 'before');
          open.set(this, new Set());
        }
        for (const point of listPoints(sql, values)) open.get(this)?.add(point);
        return original(...values);
      };
    }
    return statement;
  };

  function commit(database, work) {
    const points = [...(open.get(database) ?? [])];
    open.delete(database);
    for (const point of points) reach(point, 'before');
    const result = work();
    for (const point of points) reach(point, 'after');
    return result;
  }
}

function listPoints(sql, values) {
  return transactions
    .filter(([, pattern]) => pattern.test(sql))
    .map(([name]) =>
      staged.has(name) ? `${name}-${values.flat().find((value) => /^(solve|score)$/.test(value))}` : name,
    );
}

setFaults(JSON.parse(process.env.STET_TEST_FAULTS ?? '[]'));
// Not in the threads of Temporal's workers, which inherit the option and write nothing.
if (isMainThread) {
  patchFiles();
  patchDatabase();
}
