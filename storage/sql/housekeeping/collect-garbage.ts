import type { BlobInventory, StoredBlob } from '../../blob-inventory.ts';
import type { ContentStore } from '../../content-store.ts';
import type { GarbageOptions, GarbageReport } from '../../housekeeping.ts';
import type { ProcessRecord } from '../../run-log.ts';
import type { Work } from '../work.ts';
import { countDoomed, type Doom, deleteDoomed, doomedTables, fillDoomedTables } from './doomed-rows.ts';
import type { HousekeepingSession } from './housekeeping-session.ts';
import {
  addNamesOfReferences,
  countBlobs,
  listAllBlobs,
  listingTables,
  removeLeftovers,
  spared,
  sweepable,
  sweepBlobs,
} from './listed-blobs.ts';
import {
  findOldestOpenStart,
  removeDeadProcesses,
  removeOrphanedFingerprints,
  removeOrphanedJournalRows,
  removeOrphanedSelections,
} from './orphaned-rows.ts';
import { addReferencesOfBlobs, addReferencesOfRows, referenceTables } from './reference-table.ts';

/** The text of a failure that no record holds yet is of this size at most; so are many other blobs. */
const maxErrorTextBytes = 16_384;

/**
 * One collection: rows that may go, then the blobs that nothing refers to. The order makes it safe to kill: a row that is
 * there has its blobs.
 *
 * @param session - For this collection alone; it gets temporary tables.
 */
export async function collectGarbage(
  {
    session,
    content,
    inventory,
  }: { readonly session: HousekeepingSession; readonly content: ContentStore; readonly inventory: BlobInventory },
  options: GarbageOptions,
): Promise<GarbageReport> {
  const { graceMs, olderThanMs, keepLatest, dryRun, nowMs } = options;
  const limitMs = nowMs - graceMs;
  await session.createTemporaryTables([...doomedTables, ...referenceTables, ...listingTables]);

  const doom = {
    keepLatest,
    // Never within the grace time: whoever waited for the run may not have read it yet.
    ...(olderThanMs === undefined
      ? {}
      : { endedBefore: new Date(Math.min(nowMs - olderThanMs, limitMs)).toISOString() }),
  };
  await session[dryRun ? 'snapshot' : 'transaction'](() => forget(doom, dryRun));
  const doomed = await session.snapshot(countDoomed);
  const journalRows = await removeOrphanedJournalRows(session, dryRun);
  const fingerprints = await removeOrphanedFingerprints(session, dryRun);
  const isProcessAlive = (process: ProcessRecord) => options.isProcessAlive(process);
  const processes = await removeDeadProcesses(session, { isProcessAlive, dryRun });

  // A failure is in a history only until its run records it, and with it the name of its text.
  const openSinceMs = (await session.snapshot(findOldestOpenStart)) ?? Number.POSITIVE_INFINITY;
  const isYoung = ({ writtenAtMs, sizeBytes }: StoredBlob): boolean =>
    writtenAtMs >= limitMs || (sizeBytes <= maxErrorTextBytes && writtenAtMs >= openSinceMs);
  const leftovers = await listAllBlobs(session, inventory, isYoung);
  await session.snapshot(addReferencesOfRows);
  await addReferencesOfBlobs(session, content);
  await addNamesOfReferences(session, inventory);
  const selections = await removeOrphanedSelections(session, inventory, dryRun);
  const young = await session.snapshot(() => countBlobs(spared));
  const blobs = dryRun ? await session.snapshot(() => countBlobs(sweepable)) : await sweepBlobs(session, inventory);
  const rest = await removeLeftovers(session, inventory, leftovers, { limitMs, nowMs, dryRun });
  return {
    rows: { ...doomed, journalRows, fingerprints, selections, processes },
    files: { blobs, ...rest },
    young,
  };
}

function* forget(doom: Doom, dryRun: boolean): Work<void> {
  yield* fillDoomedTables(doom);
  if (!dryRun) yield* deleteDoomed();
}
