import type { ContentStore } from '../../content-store.ts';
import type { BlobEntry } from '../../files/blob-files.ts';
import type { GarbageOptions, GarbageReport } from '../../housekeeping.ts';
import type { ProcessRecord } from '../../run-log.ts';
import type { SqliteConnection } from '../connection.ts';
import { countDoomed, createDoomedTables, deleteDoomed, fillDoomedTables } from './doomed-rows.ts';
import {
  findOldestOpenStart,
  removeDeadProcesses,
  removeOrphanedFingerprints,
  removeOrphanedJournalRows,
  removeOrphanedSelections,
} from './orphaned-rows.ts';
import { addReferencesOfBlobs, addReferencesOfRows, createReferenceTable } from './reference-table.ts';
import {
  countFiles,
  createFileTable,
  listAllFiles,
  removeLeftovers,
  spared,
  sweepable,
  sweepFiles,
  toMilliseconds,
} from './sweep-files.ts';

/** The text of a failure that no record holds yet is of this size at most; so are many other blobs. */
const maxErrorTextBytes = 16_384;

/**
 * One collection: rows that may go, then the files that nothing refers to. The order makes it safe to kill: a row that is
 * there has its blobs.
 *
 * @param connection - For this collection alone; it gets temporary tables.
 */
export async function collectGarbage(
  { connection, content, directory }: { connection: SqliteConnection; content: ContentStore; directory: string },
  options: GarbageOptions,
): Promise<GarbageReport> {
  const { graceMs, olderThanMs, keepLatest, dryRun, nowMs } = options;
  const limitMs = nowMs - graceMs;
  createDoomedTables(connection);
  createReferenceTable(connection);
  createFileTable(connection);

  const doom = {
    keepLatest,
    // Never within the grace time: whoever waited for the run may not have read it yet.
    ...(olderThanMs === undefined
      ? {}
      : { endedBefore: new Date(Math.min(nowMs - olderThanMs, limitMs)).toISOString() }),
  };
  if (dryRun) connection.snapshot(() => fillDoomedTables(connection, doom));
  else {
    connection.transaction(() => {
      fillDoomedTables(connection, doom);
      deleteDoomed(connection);
    });
  }
  const doomed = countDoomed(connection);
  const journalRows = await removeOrphanedJournalRows(connection, dryRun);
  const fingerprints = removeOrphanedFingerprints(connection, dryRun);
  const isProcessAlive = (process: ProcessRecord) => options.isProcessAlive(process);
  const processes = removeDeadProcesses(connection, { isProcessAlive, dryRun });

  // A failure is in a history only until its run records it, and with it the name of its text.
  const openSinceMs = findOldestOpenStart(connection) ?? Number.POSITIVE_INFINITY;
  const isYoung = ({ mtimeNs, sizeBytes }: BlobEntry): boolean => {
    const mtimeMs = toMilliseconds(mtimeNs);
    return mtimeMs >= limitMs || (sizeBytes <= maxErrorTextBytes && mtimeMs >= openSinceMs);
  };
  const leftovers = await listAllFiles(connection, directory, isYoung);
  connection.snapshot(() => addReferencesOfRows(connection));
  await addReferencesOfBlobs(connection, content);
  const selections = removeOrphanedSelections(connection, dryRun);
  const young = countFiles(connection, spared);
  const blobs = dryRun ? countFiles(connection, sweepable) : await sweepFiles(connection, directory);
  const rest = await removeLeftovers(connection, directory, leftovers, { limitMs, nowMs, dryRun });
  return {
    rows: { ...doomed, journalRows, fingerprints, selections, processes },
    files: { blobs, ...rest },
    young,
  };
}
