import { sql } from 'kysely';
import type { Digest } from '../../../contracts/digest.ts';
import type { BlobName } from '../../blob-format.ts';
import type { BlobInventory, Leftover, StoredBlob } from '../../blob-inventory.ts';
import type { FileCount, RemovedFiles } from '../../housekeeping.ts';
import { chunksOf } from '../chunks.ts';
import { all, execute, find, type Work } from '../work.ts';
import type { HousekeepingSession } from './housekeeping-session.ts';
import { iteratePages } from './reference-table.ts';

// Blobs as they were listed, in a temporary table of one session. They are listed before the references are read:
// `BlobInventory` says why. References are to digests, and what lies there has names: a second table has the names of
// the digests that an operation asks for.

/** No write of a blob takes longer than that. */
const longestWriteMs = 60_000;

export const listingTables: readonly string[] = [
  `CREATE TEMPORARY TABLE blob_files (
    name TEXT PRIMARY KEY,
    size_bytes BIGINT NOT NULL,
    written_at_ms DOUBLE PRECISION NOT NULL,
    mark TEXT NOT NULL,
    -- Written too lately to be swept.
    is_young INTEGER NOT NULL
  )`,
  'CREATE TEMPORARY TABLE blob_names (digest TEXT PRIMARY KEY, name TEXT NOT NULL, UNIQUE (name, digest))',
];

const unreferenced = sql`(SELECT * FROM blob_files WHERE name NOT IN (SELECT name FROM blob_names)) AS unreferenced`;
/** Blobs that go, once the names of everything that is referred to are there. */
export const sweepable = sql`(SELECT * FROM ${unreferenced} WHERE is_young = 0) AS sweepable`;
/** Blobs that would go were they older. */
export const spared = sql`(SELECT * FROM ${unreferenced} WHERE is_young = 1) AS spared`;
/** Blobs that stay for what refers to them. */
export const referenced = sql`(SELECT * FROM blob_files WHERE name IN (SELECT name FROM blob_names)) AS referenced`;
/** All of them. */
export const listed = sql`blob_files`;

const rowsPerInsert = 200;

export function* addBlobs(blobs: readonly StoredBlob[], isYoung: (blob: StoredBlob) => boolean): Work<void> {
  // A page may name one twice, a statement may not.
  const unique = [...new Map(blobs.map((blob) => [blob.name, blob])).values()];
  for (const chunk of chunksOf(unique, rowsPerInsert)) {
    const rows = sql.join(
      chunk.map((blob) => {
        const { name, sizeBytes, writtenAtMs, mark } = blob;
        return sql`(${name}, ${sizeBytes}, ${writtenAtMs}, ${mark}, ${sql.lit(isYoung(blob) ? 1 : 0)})`;
      }),
    );
    yield* execute(sql`
      INSERT INTO blob_files (name, size_bytes, written_at_ms, mark, is_young) VALUES ${rows}
      ON CONFLICT (name) DO UPDATE SET size_bytes = excluded.size_bytes, written_at_ms = excluded.written_at_ms,
        mark = excluded.mark, is_young = excluded.is_young`);
  }
}

/** Notes how digests are called where they lie. */
export function* addNames(digests: readonly Digest[], inventory: BlobInventory): Work<void> {
  for (const chunk of chunksOf(digests, rowsPerInsert)) {
    const rows = sql.join(chunk.map((digest) => sql`(${digest}, ${inventory.nameOf(digest)})`));
    yield* execute(sql`INSERT INTO blob_names (digest, name) VALUES ${rows} ON CONFLICT DO NOTHING`);
  }
}

/** Notes how everything is called that the reference table names. */
export async function addNamesOfReferences(session: HousekeepingSession, inventory: BlobInventory): Promise<void> {
  for await (const page of iteratePages(session)) await session.snapshot(() => addNames(page, inventory));
}

/** Notes all blobs of a store; returns what else lies there, which is little. */
export async function listAllBlobs(
  session: HousekeepingSession,
  inventory: BlobInventory,
  isYoung: (blob: StoredBlob) => boolean,
): Promise<readonly Leftover[]> {
  const leftovers: Leftover[] = [];
  for await (const page of inventory.list()) {
    await session.snapshot(() => addBlobs(page.blobs, isYoung));
    leftovers.push(...page.leftovers);
  }
  return leftovers;
}

export function* countBlobs(table: typeof listed): Work<FileCount> {
  const row = yield* find(sql<FileCount>`
    SELECT count(*) AS "count", coalesce(sum(size_bytes), 0) AS "sizeBytes" FROM ${table}`);
  return row ?? { count: 0, sizeBytes: 0 };
}

const sweepsAtOnce = 16;

/** Sweeps what the tables say may go; returns what went, since some may have been put again meanwhile. */
export async function sweepBlobs(session: HousekeepingSession, inventory: BlobInventory): Promise<FileCount> {
  let count = 0;
  let sizeBytes = 0;
  for (let last = ''; ; ) {
    const rows = await session.snapshot(() =>
      all(sql<{ name: BlobName; size_bytes: number; written_at_ms: number; mark: string }>`
        SELECT name, size_bytes, written_at_ms, mark FROM ${sweepable} WHERE name > ${last}
        ORDER BY name LIMIT ${sql.lit(sweepsAtOnce)}`),
    );
    const blobs = rows.map((row) => ({
      name: row.name,
      sizeBytes: row.size_bytes,
      writtenAtMs: row.written_at_ms,
      mark: row.mark,
    }));
    const swept = await Promise.all(blobs.map((blob) => inventory.sweep(blob)));
    for (const [index, blob] of blobs.entries()) {
      if (swept[index] !== true) continue;
      count += 1;
      sizeBytes += blob.sizeBytes;
    }
    const end = blobs.at(-1);
    if (end === undefined) return { count, sizeBytes };
    last = end.name;
  }
}

/**
 * Removes old temporary files and damaged blobs, and settles what an earlier sweep left aside. A temporary file younger than
 * a minute may be one that is being written, whatever the grace time.
 */
export async function removeLeftovers(
  session: HousekeepingSession,
  inventory: BlobInventory,
  leftovers: readonly Leftover[],
  { limitMs, nowMs, dryRun }: { readonly limitMs: number; readonly nowMs: number; readonly dryRun: boolean },
): Promise<Omit<RemovedFiles, 'blobs'>> {
  const removed = { temporary: { count: 0, sizeBytes: 0 }, damaged: { count: 0, sizeBytes: 0 } };
  for (const leftover of leftovers) {
    const { kind, name, sizeBytes, sinceMs } = leftover;
    if (kind !== 'swept' && sinceMs >= limitMs) continue;
    if (kind === 'temporary' && sinceMs >= nowMs - longestWriteMs) continue;
    const isReferenced = name !== undefined && (await session.snapshot(() => isNamed(name)));
    if (dryRun && (isReferenced || sinceMs >= limitMs)) continue;
    const isGone =
      dryRun ||
      (kind === 'swept'
        ? await inventory.settle(leftover, (writtenAtMs) => !isReferenced && writtenAtMs < limitMs)
        : await inventory.removeLeftover(leftover));
    if (!isGone) continue;
    const counted = kind === 'damaged' ? removed.damaged : removed.temporary;
    counted.count += 1;
    counted.sizeBytes += sizeBytes;
  }
  return removed;
}

function* isNamed(name: BlobName): Work<boolean> {
  return (yield* find(sql`SELECT 1 AS one FROM blob_names WHERE name = ${name}`)) !== undefined;
}
