import { setImmediate as nextTurn } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Digest } from '../../../contracts/digest.ts';
import type { BlobInventory } from '../../blob-inventory.ts';
import { type Stage, stages } from '../../journal.ts';
import type { ProcessRecord } from '../../run-log.ts';
import { build } from '../build.ts';
import { listProcesses, removeProcess } from '../run-owners.ts';
import { all, execute, find, type Work } from '../work.ts';
import type { HousekeepingSession } from './housekeeping-session.ts';
import { sweepable } from './listed-blobs.ts';

const journalTables = ['journal_answers', 'journal_outcomes'] as const;
type JournalTable = (typeof journalTables)[number];

/**
 * Removes journal rows that no attempt can need: of task results that are gone, and of completed ones, whose segments
 * are all sealed (a zombie may have written late). A segment's rows in a transaction: answers of running evaluations wait
 * for the lock no longer than that.
 */
export async function removeOrphanedJournalRows(session: HousekeepingSession, dryRun: boolean): Promise<number> {
  let removed = 0;
  for (const table of journalTables) {
    for (const taskResultId of await session.snapshot(() => listOrphanedIds(table))) {
      if (dryRun) {
        removed += await session.snapshot(() => countRows(table, taskResultId));
        continue;
      }
      for (const stage of stages) {
        for (let changes = 1; changes > 0; removed += changes) {
          const segmentIndex = await session.snapshot(() => findSegmentIndex(table, taskResultId, stage));
          if (segmentIndex === undefined) break;
          changes = await session.transaction(() => removeOrphans(table, taskResultId, stage, segmentIndex));
          await nextTurn();
        }
      }
    }
  }
  return removed;
}

function* removeOrphans(table: JournalTable, taskResultId: string, stage: Stage, segmentIndex: number): Work<number> {
  return yield* execute(sql`
    DELETE FROM ${sql.table(table)}
    WHERE task_result_id = ${taskResultId} AND stage = ${stage} AND segment_index = ${segmentIndex}
      AND NOT EXISTS (SELECT 1 FROM task_results WHERE task_result_id = ${taskResultId} AND status <> 'completed')`);
}

function* findSegmentIndex(table: JournalTable, taskResultId: string, stage: Stage): Work<number | undefined> {
  const row = yield* find(
    build
      .selectFrom(table)
      .select('segment_index')
      .where('task_result_id', '=', taskResultId)
      .where('stage', '=', stage)
      .limit(1),
  );
  return row?.segment_index;
}

function* countRows(table: JournalTable, taskResultId: string): Work<number> {
  const row = yield* find(
    build
      .selectFrom(table)
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('task_result_id', '=', taskResultId),
  );
  return row?.count ?? 0;
}

/** By leaps from one task result to the next: a journal may hold millions of rows. */
function* listOrphanedIds(tableName: JournalTable): Work<readonly string[]> {
  const table = sql.table(tableName);
  const rows = yield* all(sql<{ id: string }>`
    WITH RECURSIVE each_result(id) AS (
      SELECT min(task_result_id) FROM ${table}
      UNION ALL
      SELECT (SELECT min(task_result_id) FROM ${table} WHERE task_result_id > id) FROM each_result WHERE id IS NOT NULL
    )
    SELECT id FROM each_result WHERE id IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM task_results WHERE task_result_id = id AND status <> 'completed'
        AND task_result_id NOT IN (SELECT task_result_id FROM doomed_results)
    )`);
  return rows.map(({ id }) => id);
}

/** Removes fingerprints that no task result has. */
export async function removeOrphanedFingerprints(session: HousekeepingSession, dryRun: boolean): Promise<number> {
  const orphaned = sql`digest NOT IN (
    SELECT solver_key FROM task_results WHERE task_result_id NOT IN (SELECT task_result_id FROM doomed_results)
    UNION SELECT result_key FROM task_results WHERE task_result_id NOT IN (SELECT task_result_id FROM doomed_results)
  )`;
  if (!dryRun) {
    return session.removeUnreferenced(() => execute(sql`DELETE FROM fingerprints WHERE ${orphaned}`));
  }
  const counted = sql<{ count: number }>`SELECT count(*) AS count FROM fingerprints WHERE ${orphaned}`;
  return (await session.snapshot(() => find(counted)))?.count ?? 0;
}

/** Removes selections of datasets whose stored rows are about to go: reading the file again makes them anew. */
export async function removeOrphanedSelections(
  session: HousekeepingSession,
  inventory: BlobInventory,
  dryRun: boolean,
): Promise<number> {
  return session[dryRun ? 'snapshot' : 'transaction'](() => removeSelections(inventory, dryRun));
}

function* removeSelections(inventory: BlobInventory, dryRun: boolean): Work<number> {
  const selections = yield* all(build.selectFrom('selections').select(['reader_digest', 'manifest_digest']));
  let removed = 0;
  for (const { reader_digest: reader, manifest_digest: manifest } of selections) {
    const name = inventory.nameOf(manifest as Digest);
    if ((yield* find(sql`SELECT 1 AS one FROM ${sweepable} WHERE name = ${name}`)) === undefined) continue;
    removed += 1;
    if (!dryRun) yield* execute(build.deleteFrom('selections').where('reader_digest', '=', reader));
  }
  return removed;
}

/**
 * Removes records of processes that have ended. While a run is open they stay: recovery needs them to tell whose worker
 * its activities were given to.
 */
export async function removeDeadProcesses(
  session: HousekeepingSession,
  {
    isProcessAlive,
    dryRun,
  }: { readonly isProcessAlive: (process: ProcessRecord) => boolean; readonly dryRun: boolean },
): Promise<number> {
  const dead = (await session.snapshot(listProcesses)).filter((process) => !isProcessAlive(process));
  if (dead.length === 0) return 0;
  return session[dryRun ? 'snapshot' : 'transaction'](() => removeProcesses(dead, dryRun));
}

function* removeProcesses(dead: readonly ProcessRecord[], dryRun: boolean): Work<number> {
  if ((yield* findOldestOpenStart()) !== undefined) return 0;
  for (const { processId } of dryRun ? [] : dead) {
    yield* removeProcess(processId);
    yield* execute(build.deleteFrom('limit_leases').where('process_id', '=', processId));
  }
  return dead.length;
}

/** When the attempt began that is open for longest; milliseconds since 1970. */
export function* findOldestOpenStart(): Work<number | undefined> {
  const row = yield* find(
    build
      .selectFrom('runs')
      .select(({ fn }) => fn.min('started_at').as('started_at'))
      .where('status', 'in', [sql.lit('pending' as const), sql.lit('running' as const)]),
  );
  // Of no rows there is no least one, whatever the types say.
  const startedAt = (row?.started_at ?? null) as string | null;
  return startedAt === null ? undefined : Date.parse(startedAt);
}
