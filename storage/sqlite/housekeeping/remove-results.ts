import type { Digest } from '../../../contracts/digest.ts';
import { EvaluationError } from '../../../contracts/evaluation-error.ts';
import { isFinal } from '../../../contracts/status.ts';
import type { Plan, RowManifest } from '../../../evaluation/plan.ts';
import { listBlobsOfPlan, listBlobsOfRows } from '../../blob-references.ts';
import type { ContentStore } from '../../content-store.ts';
import { type BlobEntry, findBlobEntry } from '../../files/blob-files.ts';
import type { PurgeReport, RemovalReport, StandingResult } from '../../housekeeping.ts';
import type { SqliteConnection } from '../connection.ts';
import { getRunRow } from '../run-rows.ts';
import type { TaskResultRow } from '../tables.ts';
import { findTaskResultRow, toTaskResultRecord, updateTaskResult } from '../task-result-rows.ts';
import { countDoomed, createDoomedTables, deleteDoomed, fillDoomedTables } from './doomed-rows.ts';
import {
  findOldestOpenStart,
  removeOrphanedFingerprints,
  removeOrphanedJournalRows,
  removeOrphanedSelections,
} from './orphaned-rows.ts';
import { addReferencesOfBlobs, addReferencesOfRows, createReferenceTable, readJson } from './reference-table.ts';
import { addFiles, countFiles, createFileTable, spared, sweepable, sweepFiles, toMilliseconds } from './sweep-files.ts';

interface Place {
  readonly connection: SqliteConnection;
  readonly content: ContentStore;
  readonly directory: string;
}

/**
 * Takes results out of reuse, in one transaction: a decision that comes later finds them gone, one that came before keeps
 * what it stands on.
 */
export async function removeResults(
  place: Place,
  taskResultIds: readonly string[],
  { purge, dryRun }: { readonly purge: boolean; readonly dryRun: boolean },
): Promise<RemovalReport> {
  const { connection } = place;
  createDoomedTables(connection);
  const mark = () => {
    const rows = taskResultIds.flatMap((id) => findTaskResultRow(connection, id) ?? []);
    for (const row of rows) refuseOpen(connection, row);
    if (!dryRun)
      for (const row of rows) updateTaskResult(connection, row.task_result_id, { is_removed: 1, is_current: 0 });
    const standing = rows.flatMap((row) => findStanding(connection, row, taskResultIds));
    return { removed: rows.map(toTaskResultRecord), standing };
  };
  const marked = dryRun ? connection.snapshot(mark) : connection.transaction(mark);
  return { ...marked, purged: purge ? await purgeResults(place, taskResultIds, dryRun) : null };
}

function refuseOpen(connection: SqliteConnection, row: TaskResultRow): void {
  if (isFinal(getRunRow(connection, row.run_id).status)) return;
  throw new EvaluationError('usage', `Run ${row.run_id} is open; its results cannot be removed.`, {
    hint: `Wait for its end, or cancel it with \`stet cancel ${row.run_id}\`.`,
  });
}

function findStanding(
  connection: SqliteConnection,
  row: TaskResultRow,
  removedIds: readonly string[],
): readonly StandingResult[] {
  const rows = connection
    .prepare<TaskResultRow>(
      `SELECT task_results.* FROM task_results JOIN runs ON runs.run_id = task_results.run_id
       WHERE reused_from = ? AND is_removed = 0 ORDER BY sequence, position`,
    )
    .all([row.task_result_id]);
  return rows
    .filter((by) => !removedIds.includes(by.task_result_id))
    .map((by) => ({ removed: toTaskResultRecord(row), by: toTaskResultRecord(by) }));
}

/**
 * Erases rows and blobs that nothing else uses. There is no grace time here, since the pieces may have been written a
 * moment ago; what may have been put again by a run at work, and not yet be registered, is left to the next collection.
 * A run that is being planned makes sure of its blobs after it is registered.
 */
async function purgeResults(place: Place, taskResultIds: readonly string[], dryRun: boolean): Promise<PurgeReport> {
  const { connection, content, directory } = place;
  createReferenceTable(connection);
  createFileTable(connection);
  connection.exec('CREATE TEMP TABLE purged (digest TEXT PRIMARY KEY) WITHOUT ROWID');
  const forget = () => {
    fillDoomedTables(connection, { keepLatest: 0, removedIds: taskResultIds });
    connection.exec(`
      INSERT OR IGNORE INTO purged
        SELECT blob_digest FROM segments WHERE task_result_id IN (SELECT task_result_id FROM doomed_results);
      INSERT OR IGNORE INTO purged SELECT manifest_digest FROM task_results
        WHERE manifest_digest IS NOT NULL AND task_result_id IN (SELECT task_result_id FROM doomed_results);
      INSERT OR IGNORE INTO purged SELECT metrics_digest FROM task_results
        WHERE metrics_digest IS NOT NULL AND task_result_id IN (SELECT task_result_id FROM doomed_results);
      INSERT OR IGNORE INTO purged SELECT plan FROM runs WHERE run_id IN (SELECT run_id FROM doomed_runs)`);
    const plans = connection
      .prepare<{ plan: Digest }>('SELECT plan FROM runs WHERE run_id IN (SELECT run_id FROM doomed_runs)')
      .all([]);
    if (!dryRun) deleteDoomed(connection);
    return plans.map(({ plan }) => plan);
  };
  // The temporary tables are to be kept, so a dry run deletes nothing rather than taking it back.
  const plans = dryRun ? connection.snapshot(forget) : connection.transaction(forget);
  await addBlobsOfPlans(place, plans);
  const journalRows = await removeOrphanedJournalRows(connection, dryRun);
  const fingerprints = removeOrphanedFingerprints(connection, dryRun);

  const entries: BlobEntry[] = [];
  for (const { digest } of connection.prepare<{ digest: Digest }>('SELECT digest FROM purged').all([])) {
    const entry = await findBlobEntry(directory, digest);
    if (entry !== undefined) entries.push(entry);
  }
  // Asked after the files were listed: what a run puts that is opened later is seen by its time stamp.
  const openSinceMs = (findOldestOpenStart(connection) ?? Number.POSITIVE_INFINITY) - clockSlackMs;
  addFiles(connection, entries, ({ mtimeNs }) => toMilliseconds(mtimeNs) >= openSinceMs);
  connection.snapshot(() => addReferencesOfRows(connection));
  await addReferencesOfBlobs(connection, content);
  const selections = removeOrphanedSelections(connection, dryRun);
  const busy = countFiles(connection, spared);
  const used = countFiles(
    connection,
    '(SELECT * FROM blob_files WHERE digest IN (SELECT digest FROM blob_references))',
  );
  const blobs = dryRun ? countFiles(connection, sweepable) : await sweepFiles(connection, directory);
  const rows = { ...countDoomed(connection), journalRows, fingerprints, selections, processes: 0 };
  return { rows, blobs, used, busy };
}

/** Clocks of processes of one machine agree; those of a machine and its file system nearly. */
const clockSlackMs = 60_000;

async function addBlobsOfPlans({ connection, content }: Place, plans: readonly Digest[]): Promise<void> {
  const insert = connection.prepare('INSERT OR IGNORE INTO purged VALUES (?)');
  for (const digest of plans) {
    const plan = (await readJson(content, digest)) as Plan | undefined;
    for (const use of plan === undefined ? [] : listBlobsOfPlan(plan)) {
      insert.run([use.digest]);
      if (use.kind !== 'row-manifest') continue;
      const manifest = (await readJson(content, use.digest)) as RowManifest | undefined;
      for (const rows of manifest === undefined ? [] : listBlobsOfRows(manifest)) insert.run([rows.digest]);
    }
  }
}
