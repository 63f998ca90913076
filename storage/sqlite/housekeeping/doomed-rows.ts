import type { SqliteConnection } from '../connection.ts';

// What is to be forgotten, in temporary tables of one connection.

export function createDoomedTables(connection: SqliteConnection): void {
  connection.exec(`
    CREATE TEMP TABLE doomed_runs (run_id TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TEMP TABLE doomed_results (task_result_id TEXT PRIMARY KEY) WITHOUT ROWID`);
}

export interface Doom {
  /** Runs that ended before it, ISO 8601, may go. */
  readonly endedBefore?: string;
  readonly keepLatest: number;
  /** These results, as if they were taken out, and no others; by default all that were. */
  readonly removedIds?: readonly string[];
}

const hasEnded = `status IN ('completed', 'failed', 'cancelled')`;
const ofDoomedRun = 'run_id IN (SELECT run_id FROM doomed_runs)';
const isDoomed =
  '(task_result_id IN (SELECT task_result_id FROM doomed_results) OR run_id IN (SELECT run_id FROM doomed_runs))';

/**
 * Fills the tables: old runs, and results that were taken out, without those that what stays stands on. Called within a
 * transaction when they are to be deleted in it.
 */
export function fillDoomedTables(connection: SqliteConnection, { endedBefore, keepLatest, removedIds }: Doom): void {
  connection.exec('DELETE FROM doomed_runs; DELETE FROM doomed_results');
  if (endedBefore !== undefined) doomOldRuns(connection, endedBefore, keepLatest);
  const isRemoved = removedIds === undefined ? 'is_removed = 1' : 'task_result_id IN (SELECT value FROM json_each(?))';
  connection
    .prepare(
      `INSERT INTO doomed_results SELECT task_result_id FROM task_results
       WHERE ${isRemoved} AND run_id IN (SELECT run_id FROM runs WHERE ${hasEnded})`,
    )
    .run(removedIds === undefined ? [] : [JSON.stringify(removedIds)]);
  // Sparing one result may save those that it stands on, so until nothing changes any more.
  while (spareRuns(connection) + spareResults(connection) > 0);
  connection
    .prepare(`INSERT OR IGNORE INTO doomed_results SELECT task_result_id FROM task_results WHERE ${ofDoomedRun}`)
    .run([]);
  // A run whose last result goes has nothing more to show.
  connection
    .prepare(
      `INSERT OR IGNORE INTO doomed_runs SELECT run_id FROM task_results
       GROUP BY run_id HAVING min(task_result_id IN (SELECT task_result_id FROM doomed_results)) = 1`,
    )
    .run([]);
}

function doomOldRuns(connection: SqliteConnection, endedBefore: string, keepLatest: number): void {
  connection
    .prepare(`INSERT INTO doomed_runs SELECT run_id FROM runs WHERE ${hasEnded} AND ended_at < ?`)
    .run([endedBefore]);
  // `no-cache` results are counted apart: as the latest ones they would push out what can be reused.
  connection
    .prepare(
      `DELETE FROM doomed_runs WHERE run_id IN (
         SELECT run_id FROM (
           SELECT task_results.run_id, row_number() OVER (
             PARTITION BY evaluation_key, key, task_results.policy = 'no-cache' ORDER BY sequence DESC
           ) AS place
           FROM task_results JOIN runs ON runs.run_id = task_results.run_id
           WHERE task_results.status = 'completed' AND is_removed = 0 AND position >= 0
         ) WHERE place <= ?
       )`,
    )
    .run([keepLatest]);
}

/** Old runs with a result that a surviving one stands on stay, whole. */
function spareRuns(connection: SqliteConnection): number {
  return ['reused_from', 'mends']
    .map((link) =>
      connection
        .prepare(
          `DELETE FROM doomed_runs WHERE run_id IN (
             SELECT run_id FROM task_results WHERE task_result_id IN (
               SELECT ${link} FROM task_results WHERE ${link} IS NOT NULL AND NOT ${isDoomed}
             )
           )`,
        )
        .run([]),
    )
    .reduce((sum, changes) => sum + changes, 0);
}

/**
 * Removed results that a surviving one repeats as a whole stay. What stands on solver outputs only has them registered as
 * its own.
 */
function spareResults(connection: SqliteConnection): number {
  return connection
    .prepare(
      `DELETE FROM doomed_results WHERE task_result_id IN (
         SELECT reused_from FROM task_results WHERE reuse = 'full' AND reused_from IS NOT NULL AND NOT ${isDoomed}
       )`,
    )
    .run([]);
}

export interface DoomedCounts {
  readonly runs: number;
  readonly taskResults: number;
}

export function countDoomed(connection: SqliteConnection): DoomedCounts {
  const count = (table: string) =>
    connection.prepare<{ count: number }>(`SELECT count(*) AS count FROM ${table}`).all([])[0]?.count ?? 0;
  return { runs: count('doomed_runs'), taskResults: count('doomed_results') };
}

/**
 * Deletes the doomed rows, in the transaction in which they were found: what is decided meanwhile finds either all of a
 * result or nothing. Their journal rows are then nobody's.
 */
export function deleteDoomed(connection: SqliteConnection): void {
  connection
    .prepare('DELETE FROM task_results WHERE task_result_id IN (SELECT task_result_id FROM doomed_results)')
    .run([]);
  connection.prepare(`DELETE FROM runs WHERE ${ofDoomedRun}`).run([]);
}
