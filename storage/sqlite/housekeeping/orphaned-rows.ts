import { setImmediate as nextTurn } from 'node:timers/promises';
import { stages } from '../../journal.ts';
import type { ProcessRecord } from '../../run-log.ts';
import type { SqliteConnection } from '../connection.ts';
import { listProcesses, removeProcess } from '../run-owners.ts';
import { sweepable } from './sweep-files.ts';

const journalTables = ['journal_answers', 'journal_outcomes'] as const;

/**
 * Removes journal rows that no attempt can need: of task results that are gone, and of completed ones, whose segments
 * are all sealed (a zombie may have written late). A segment's rows in a transaction: answers of running evaluations wait
 * for the lock no longer than that.
 */
export async function removeOrphanedJournalRows(connection: SqliteConnection, dryRun: boolean): Promise<number> {
  let removed = 0;
  for (const table of journalTables) {
    for (const taskResultId of listOrphanedIds(connection, table)) {
      if (dryRun) {
        const ofResult = `SELECT count(*) AS count FROM ${table} WHERE task_result_id = ?`;
        removed += connection.prepare<{ count: number }>(ofResult).all([taskResultId])[0]?.count ?? 0;
        continue;
      }
      for (const stage of stages) {
        const next = connection.prepare<{ segment_index: number }>(
          `SELECT segment_index FROM ${table} WHERE task_result_id = ? AND stage = ? LIMIT 1`,
        );
        const remove = connection.prepare(
          `DELETE FROM ${table} WHERE task_result_id = ?1 AND stage = ?2 AND segment_index = ?3
             AND NOT EXISTS (SELECT 1 FROM task_results WHERE task_result_id = ?1 AND status <> 'completed')`,
        );
        for (let [row] = next.all([taskResultId, stage]); row !== undefined; [row] = next.all([taskResultId, stage])) {
          const { segment_index: segmentIndex } = row;
          const changes = connection.transaction(() => remove.run([taskResultId, stage, segmentIndex]));
          if (changes === 0) break;
          removed += changes;
          await nextTurn();
        }
      }
    }
  }
  return removed;
}

/** By leaps from one task result to the next: a journal may hold millions of rows. */
function listOrphanedIds(connection: SqliteConnection, table: (typeof journalTables)[number]): readonly string[] {
  const rows = connection.prepare<{ id: string }>(
    `WITH RECURSIVE each_result(id) AS (
       SELECT min(task_result_id) FROM ${table}
       UNION ALL
       SELECT (SELECT min(task_result_id) FROM ${table} WHERE task_result_id > id) FROM each_result WHERE id IS NOT NULL
     )
     SELECT id FROM each_result WHERE id IS NOT NULL AND NOT EXISTS (
       SELECT 1 FROM task_results WHERE task_result_id = id AND status <> 'completed'
         AND task_result_id NOT IN (SELECT task_result_id FROM doomed_results)
     )`,
  );
  return rows.all([]).map(({ id }) => id);
}

/** Removes fingerprints that no task result has. */
export function removeOrphanedFingerprints(connection: SqliteConnection, dryRun: boolean): number {
  const orphaned = `digest NOT IN (
    SELECT solver_key FROM task_results WHERE task_result_id NOT IN (SELECT task_result_id FROM doomed_results)
    UNION SELECT result_key FROM task_results WHERE task_result_id NOT IN (SELECT task_result_id FROM doomed_results)
  )`;
  if (dryRun) {
    const count = connection.prepare<{ count: number }>(`SELECT count(*) AS count FROM fingerprints WHERE ${orphaned}`);
    return count.all([])[0]?.count ?? 0;
  }
  // The statement itself makes sure that none is referred to; the database would look through all task results for each.
  connection.exec('PRAGMA foreign_keys = OFF');
  try {
    return connection.transaction(() => connection.prepare(`DELETE FROM fingerprints WHERE ${orphaned}`).run([]));
  } finally {
    connection.exec('PRAGMA foreign_keys = ON');
  }
}

/** Removes selections of datasets whose stored rows are about to go: reading the file again makes them anew. */
export function removeOrphanedSelections(connection: SqliteConnection, dryRun: boolean): number {
  const orphaned = `json_extract(selection, '$.manifest.digest') IN (SELECT digest FROM ${sweepable})`;
  if (dryRun) {
    const count = connection.prepare<{ count: number }>(`SELECT count(*) AS count FROM selections WHERE ${orphaned}`);
    return count.all([])[0]?.count ?? 0;
  }
  return connection.transaction(() => connection.prepare(`DELETE FROM selections WHERE ${orphaned}`).run([]));
}

/**
 * Removes records of processes that have ended. While a run is open they stay: recovery needs them to tell whose worker
 * its activities were given to.
 */
export function removeDeadProcesses(
  connection: SqliteConnection,
  {
    isProcessAlive,
    dryRun,
  }: { readonly isProcessAlive: (process: ProcessRecord) => boolean; readonly dryRun: boolean },
): number {
  const dead = listProcesses(connection).filter((process) => !isProcessAlive(process));
  if (dead.length === 0) return 0;
  const remove = () => {
    if (findOldestOpenStart(connection) !== undefined) return 0;
    for (const { processId } of dryRun ? [] : dead) {
      removeProcess(connection, processId);
      connection.prepare('DELETE FROM limit_leases WHERE process_id = ?').run([processId]);
    }
    return dead.length;
  };
  return dryRun ? connection.snapshot(remove) : connection.transaction(remove);
}

/** When the attempt began that is open for longest; milliseconds since 1970. */
export function findOldestOpenStart(connection: SqliteConnection): number | undefined {
  const [row] = connection
    .prepare<{ started_at: string | null }>(
      `SELECT min(started_at) AS started_at FROM runs WHERE status IN ('pending', 'running')`,
    )
    .all([]);
  const startedAt = row?.started_at ?? null;
  return startedAt === null ? undefined : Date.parse(startedAt);
}
