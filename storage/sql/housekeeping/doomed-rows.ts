import { sql } from 'kysely';
import { eachOf } from '../each-of.ts';
import { execute, find, type Work } from '../work.ts';

// What is to be forgotten, in temporary tables of one session.

export const doomedTables: readonly string[] = [
  'CREATE TEMPORARY TABLE doomed_runs (run_id TEXT PRIMARY KEY)',
  'CREATE TEMPORARY TABLE doomed_results (task_result_id TEXT PRIMARY KEY)',
];

export interface Doom {
  /** Runs that ended before it, ISO 8601, may go. */
  readonly endedBefore?: string;
  readonly keepLatest: number;
  /** These results, as if they were taken out, and no others; by default all that were. */
  readonly removedIds?: readonly string[];
}

const hasEnded = sql`status IN ('completed', 'failed', 'cancelled')`;
const ofDoomedRun = sql`run_id IN (SELECT run_id FROM doomed_runs)`;
const isDoomed = sql`(task_result_id IN (SELECT task_result_id FROM doomed_results)
  OR run_id IN (SELECT run_id FROM doomed_runs))`;

/**
 * Fills the tables: old runs, and results that were taken out, without those that what stays stands on. Called within a
 * transaction when they are to be deleted in it.
 */
export function* fillDoomedTables({ endedBefore, keepLatest, removedIds }: Doom): Work<void> {
  yield* execute(sql`DELETE FROM doomed_runs`);
  yield* execute(sql`DELETE FROM doomed_results`);
  if (endedBefore !== undefined) yield* doomOldRuns(endedBefore, keepLatest);
  const isRemoved = removedIds === undefined ? sql`is_removed = 1` : sql`task_result_id IN ${eachOf(removedIds)}`;
  yield* execute(sql`
    INSERT INTO doomed_results SELECT task_result_id FROM task_results
    WHERE ${isRemoved} AND run_id IN (SELECT run_id FROM runs WHERE ${hasEnded})`);
  // Sparing one result may save those that it stands on, so until nothing changes any more.
  while ((yield* spareRuns()) + (yield* spareResults()) > 0);
  yield* execute(sql`
    INSERT INTO doomed_results SELECT task_result_id FROM task_results WHERE ${ofDoomedRun} ON CONFLICT DO NOTHING`);
  // A run whose last result goes has nothing more to show.
  yield* execute(sql`
    INSERT INTO doomed_runs SELECT run_id FROM task_results GROUP BY run_id
    HAVING min(CASE WHEN task_result_id IN (SELECT task_result_id FROM doomed_results) THEN 1 ELSE 0 END) = 1
    ON CONFLICT DO NOTHING`);
}

function* doomOldRuns(endedBefore: string, keepLatest: number): Work<void> {
  yield* execute(sql`INSERT INTO doomed_runs SELECT run_id FROM runs WHERE ${hasEnded} AND ended_at < ${endedBefore}`);
  // `no-cache` results are counted apart: as the latest ones they would push out what can be reused.
  yield* execute(sql`
    DELETE FROM doomed_runs WHERE run_id IN (
      SELECT run_id FROM (
        SELECT task_results.run_id, row_number() OVER (
          PARTITION BY evaluation_key, key, task_results.policy = 'no-cache' ORDER BY sequence DESC
        ) AS place
        FROM task_results JOIN runs ON runs.run_id = task_results.run_id
        WHERE task_results.status = 'completed' AND is_removed = 0 AND position >= 0
      ) AS ranked WHERE place <= ${keepLatest}
    )`);
  // What alerts of schedules compare with.
  yield* execute(sql`
    DELETE FROM doomed_runs WHERE run_id IN (
      SELECT baseline FROM schedules WHERE baseline IS NOT NULL
      UNION ALL
      SELECT run_id FROM runs WHERE status = 'completed' AND sequence IN (
        SELECT min(sequence) FROM runs JOIN schedules ON schedules.name = runs.schedule_name
        WHERE baseline = 'first' AND status = 'completed' GROUP BY schedule_name
      )
    )`);
}

/** Old runs with a result that a surviving one stands on stay, whole. */
function* spareRuns(): Work<number> {
  let spared = 0;
  for (const link of [sql.id('reused_from'), sql.id('mends')]) {
    spared += yield* execute(sql`
      DELETE FROM doomed_runs WHERE run_id IN (
        SELECT run_id FROM task_results WHERE task_result_id IN (
          SELECT ${link} FROM task_results WHERE ${link} IS NOT NULL AND NOT ${isDoomed}
        )
      )`);
  }
  return spared;
}

/**
 * Removed results that a surviving one repeats as a whole stay. What stands on solver outputs only has them registered as
 * its own.
 */
function* spareResults(): Work<number> {
  return yield* execute(sql`
    DELETE FROM doomed_results WHERE task_result_id IN (
      SELECT reused_from FROM task_results WHERE reuse = 'full' AND reused_from IS NOT NULL AND NOT ${isDoomed}
    )`);
}

export interface DoomedCounts {
  readonly runs: number;
  readonly taskResults: number;
}

export function* countDoomed(): Work<DoomedCounts> {
  const row = yield* find(sql<DoomedCounts>`
    SELECT (SELECT count(*) FROM doomed_runs) AS "runs", (SELECT count(*) FROM doomed_results) AS "taskResults"`);
  return row ?? { runs: 0, taskResults: 0 };
}

/**
 * Deletes the doomed rows, in the transaction in which they were found: what is decided meanwhile finds either all of a
 * result or nothing. Their journal rows are then nobody's.
 */
export function* deleteDoomed(): Work<void> {
  yield* execute(sql`DELETE FROM task_results WHERE task_result_id IN (SELECT task_result_id FROM doomed_results)`);
  yield* execute(sql`DELETE FROM notifications WHERE delivered_at IS NOT NULL AND ${ofDoomedRun}`);
  yield* execute(sql`DELETE FROM runs WHERE ${ofDoomedRun}`);
}
