import { sql } from 'kysely';
import type { Digest } from '../../../contracts/digest.ts';
import { EvaluationError } from '../../../contracts/evaluation-error.ts';
import { isFinal } from '../../../contracts/status.ts';
import type { Plan, RowManifest } from '../../../evaluation/plan.ts';
import type { BlobInventory, StoredBlob } from '../../blob-inventory.ts';
import { listBlobsOfPlan, listBlobsOfRows } from '../../blob-references.ts';
import type { ContentStore } from '../../content-store.ts';
import type { PurgeReport, RemovalReport, StandingResult } from '../../housekeeping.ts';
import { getRunRow } from '../run-rows.ts';
import type { TaskResultRow } from '../tables.ts';
import { findTaskResultRow, toTaskResultRecord, updateTaskResult } from '../task-result-rows.ts';
import { useColumns } from '../use-columns.ts';
import { all, type Work } from '../work.ts';
import { countDoomed, deleteDoomed, doomedTables, fillDoomedTables } from './doomed-rows.ts';
import type { HousekeepingSession } from './housekeeping-session.ts';
import {
  addBlobs,
  addNamesOfReferences,
  countBlobs,
  listingTables,
  referenced,
  spared,
  sweepable,
  sweepBlobs,
} from './listed-blobs.ts';
import {
  findOldestOpenStart,
  removeOrphanedFingerprints,
  removeOrphanedJournalRows,
  removeOrphanedSelections,
} from './orphaned-rows.ts';
import { addReferencesOfBlobs, addReferencesOfRows, readJson, referenceTables } from './reference-table.ts';

interface Place {
  readonly session: HousekeepingSession;
  readonly content: ContentStore;
  readonly inventory: BlobInventory;
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
  const { session } = place;
  const marked = await session[dryRun ? 'snapshot' : 'transaction'](() => markRemoved(taskResultIds, dryRun));
  return { ...marked, purged: purge ? await purgeResults(place, taskResultIds, dryRun) : null };
}

function* markRemoved(taskResultIds: readonly string[], dryRun: boolean) {
  const columns = yield* useColumns();
  const rows: TaskResultRow[] = [];
  for (const id of taskResultIds) {
    const row = yield* findTaskResultRow(id);
    if (row === undefined) continue;
    yield* refuseOpen(row);
    rows.push(row);
  }
  if (!dryRun) {
    for (const row of rows) yield* updateTaskResult(row.task_result_id, { is_removed: 1, is_current: 0 });
  }
  const standing: StandingResult[] = [];
  for (const row of rows) standing.push(...(yield* listStanding(row, taskResultIds)));
  return { removed: rows.map((row) => toTaskResultRecord(columns, row)), standing };
}

function* refuseOpen(row: TaskResultRow): Work<void> {
  if (isFinal((yield* getRunRow(row.run_id)).status)) return;
  throw new EvaluationError('usage', `Run ${row.run_id} is open; its results cannot be removed.`, {
    hint: `Wait for its end, or cancel it with \`stet cancel ${row.run_id}\`.`,
  });
}

function* listStanding(row: TaskResultRow, removedIds: readonly string[]): Work<readonly StandingResult[]> {
  const columns = yield* useColumns();
  const rows = yield* all(sql<TaskResultRow>`
    SELECT task_results.* FROM task_results JOIN runs ON runs.run_id = task_results.run_id
    WHERE reused_from = ${row.task_result_id} AND is_removed = 0 ORDER BY sequence, position`);
  return rows
    .filter((by) => !removedIds.includes(by.task_result_id))
    .map((by) => ({ removed: toTaskResultRecord(columns, row), by: toTaskResultRecord(columns, by) }));
}

/**
 * Erases rows and blobs that nothing else uses. There is no grace time here, since the pieces may have been written a
 * moment ago; what may have been put again by a run at work, and not yet be registered, is left to the next collection.
 * A run that is being planned makes sure of its blobs after it is registered.
 */
async function purgeResults(place: Place, taskResultIds: readonly string[], dryRun: boolean): Promise<PurgeReport> {
  const { session, content, inventory } = place;
  await session.createTemporaryTables([...doomedTables, ...referenceTables, ...listingTables]);
  // The temporary tables are to be kept, so a dry run deletes nothing rather than taking it back.
  const purged = await session[dryRun ? 'snapshot' : 'transaction'](() => forget(taskResultIds, dryRun));
  const digests = new Set([...purged.pieces, ...purged.plans, ...(await listBlobsOfPlans(content, purged.plans))]);
  const journalRows = await removeOrphanedJournalRows(session, dryRun);
  const fingerprints = await removeOrphanedFingerprints(session, dryRun);

  const blobs: StoredBlob[] = [];
  for (const digest of digests) {
    const blob = await inventory.find(inventory.nameOf(digest));
    if (blob !== undefined) blobs.push(blob);
  }
  // Asked after the blobs were listed: what a run puts that is opened later is seen by its time stamp.
  const openSinceMs = ((await session.snapshot(findOldestOpenStart)) ?? Number.POSITIVE_INFINITY) - clockSlackMs;
  await session.snapshot(() => addBlobs(blobs, ({ writtenAtMs }) => writtenAtMs >= openSinceMs));
  await session.snapshot(addReferencesOfRows);
  await addReferencesOfBlobs(session, content);
  await addNamesOfReferences(session, inventory);
  const selections = await removeOrphanedSelections(session, inventory, dryRun);
  const busy = await session.snapshot(() => countBlobs(spared));
  const used = await session.snapshot(() => countBlobs(referenced));
  const erased = dryRun ? await session.snapshot(() => countBlobs(sweepable)) : await sweepBlobs(session, inventory);
  const doomed = await session.snapshot(countDoomed);
  return { rows: { ...doomed, journalRows, fingerprints, selections, processes: 0 }, blobs: erased, used, busy };
}

/** Clocks of processes of one machine agree; those of a machine and its file system nearly. */
const clockSlackMs = 60_000;

interface Purged {
  /** Segments, manifests and metrics. */
  readonly pieces: readonly Digest[];
  readonly plans: readonly Digest[];
}

/** What the rows that go refer to. */
function* forget(taskResultIds: readonly string[], dryRun: boolean): Work<Purged> {
  yield* fillDoomedTables({ keepLatest: 0, removedIds: taskResultIds });
  const ofDoomed = sql`task_result_id IN (SELECT task_result_id FROM doomed_results)`;
  const pieces = yield* all(sql<{ digest: Digest }>`
    SELECT blob_digest AS digest FROM segments WHERE ${ofDoomed}
    UNION SELECT manifest_digest FROM task_results WHERE manifest_digest IS NOT NULL AND ${ofDoomed}
    UNION SELECT metrics_digest FROM task_results WHERE metrics_digest IS NOT NULL AND ${ofDoomed}`);
  const plans = yield* all(sql<{ digest: Digest }>`
    SELECT DISTINCT plan AS digest FROM runs WHERE run_id IN (SELECT run_id FROM doomed_runs)`);
  if (!dryRun) yield* deleteDoomed();
  return { pieces: pieces.map(({ digest }) => digest), plans: plans.map(({ digest }) => digest) };
}

async function listBlobsOfPlans(content: ContentStore, plans: readonly Digest[]): Promise<readonly Digest[]> {
  const digests: Digest[] = [];
  for (const digest of plans) {
    const plan = (await readJson(content, digest)) as Plan | undefined;
    for (const use of plan === undefined ? [] : listBlobsOfPlan(plan)) {
      digests.push(use.digest);
      if (use.kind !== 'row-manifest') continue;
      const manifest = (await readJson(content, use.digest)) as RowManifest | undefined;
      for (const rows of manifest === undefined ? [] : listBlobsOfRows(manifest)) digests.push(rows.digest);
    }
  }
  return digests;
}
