import type { Digest } from '../../../contracts/digest.ts';
import { type BlobEntry, type LeftoverEntry, listBlobFiles } from '../../files/blob-files.ts';
import { removeLeftover, settleSwept, sweepBlob } from '../../files/sweep-blob.ts';
import type { FileCount, RemovedFiles } from '../../housekeeping.ts';
import type { SqliteConnection } from '../connection.ts';

// Files as they were listed, in a temporary table of one connection. They are listed before the references are read:
// `sweep-blob.ts` says why.

/** No write of a blob takes longer than that. */
const longestWriteMs = 60_000;

export function createFileTable(connection: SqliteConnection): void {
  connection.exec(`
    CREATE TEMP TABLE blob_files (
      digest TEXT PRIMARY KEY,
      size_bytes INTEGER NOT NULL,
      inode TEXT NOT NULL,
      mtime_ns TEXT NOT NULL,
      -- Written too lately to be swept.
      is_young INTEGER NOT NULL
    ) WITHOUT ROWID`);
}

const unreferenced = '(SELECT * FROM blob_files WHERE digest NOT IN (SELECT digest FROM blob_references))';
/** Files that go. */
export const sweepable = `(SELECT * FROM ${unreferenced} WHERE is_young = 0)`;
/** Files that would go were they older. */
export const spared = `(SELECT * FROM ${unreferenced} WHERE is_young = 1)`;

export function addFiles(
  connection: SqliteConnection,
  entries: readonly BlobEntry[],
  isYoung: (entry: BlobEntry) => boolean,
): void {
  const insert = connection.prepare('INSERT OR REPLACE INTO blob_files VALUES (?, ?, ?, ?, ?)');
  connection.snapshot(() => {
    for (const entry of entries) {
      const { digest, sizeBytes, inode, mtimeNs } = entry;
      insert.run([digest, sizeBytes, inode, mtimeNs, isYoung(entry) ? 1 : 0]);
    }
  });
}

export function toMilliseconds(mtimeNs: string): number {
  return Number(BigInt(mtimeNs) / 1_000_000n);
}

/** Notes all blobs of a store; returns what else lies there, which is little. */
export async function listAllFiles(
  connection: SqliteConnection,
  directory: string,
  isYoung: (entry: BlobEntry) => boolean,
): Promise<readonly LeftoverEntry[]> {
  const leftovers: LeftoverEntry[] = [];
  for await (const listing of listBlobFiles(directory)) {
    addFiles(connection, listing.blobs, isYoung);
    leftovers.push(...listing.leftovers);
  }
  return leftovers;
}

export function countFiles(connection: SqliteConnection, table: string): FileCount {
  const [row] = connection
    .prepare<{ count: number; size: number }>(
      `SELECT count(*) AS count, coalesce(sum(size_bytes), 0) AS size FROM ${table}`,
    )
    .all([]);
  return { count: row?.count ?? 0, sizeBytes: row?.size ?? 0 };
}

const sweepsAtOnce = 16;

/** Sweeps what the tables say may go; returns what went, since some may have been put again meanwhile. */
export async function sweepFiles(connection: SqliteConnection, directory: string): Promise<FileCount> {
  const page = connection.prepare<{ digest: Digest; size_bytes: number; inode: string; mtime_ns: string }>(
    `SELECT digest, size_bytes, inode, mtime_ns FROM ${sweepable} WHERE digest > ? ORDER BY digest LIMIT ${sweepsAtOnce}`,
  );
  let count = 0;
  let sizeBytes = 0;
  for (let last = ''; ; ) {
    const rows = page.all([last]);
    const swept = await Promise.all(
      rows.map((row) =>
        sweepBlob(directory, {
          digest: row.digest,
          sizeBytes: row.size_bytes,
          inode: row.inode,
          mtimeNs: row.mtime_ns,
        }),
      ),
    );
    for (const [index, row] of rows.entries()) {
      if (swept[index] !== true) continue;
      count += 1;
      sizeBytes += row.size_bytes;
    }
    const end = rows.at(-1);
    if (end === undefined) return { count, sizeBytes };
    last = end.digest;
  }
}

/**
 * Removes old temporary files and damaged blobs, and settles what an earlier sweep left aside. A temporary file younger than
 * a minute may be one that is being written, whatever the grace time.
 */
export async function removeLeftovers(
  connection: SqliteConnection,
  directory: string,
  leftovers: readonly LeftoverEntry[],
  { limitMs, nowMs, dryRun }: { readonly limitMs: number; readonly nowMs: number; readonly dryRun: boolean },
): Promise<Omit<RemovedFiles, 'blobs'>> {
  const removed = { temporary: { count: 0, sizeBytes: 0 }, damaged: { count: 0, sizeBytes: 0 } };
  const find = connection.prepare('SELECT 1 FROM blob_references WHERE digest = ?');
  for (const { kind, path, digest, sizeBytes, sinceMs } of leftovers) {
    if (kind !== 'swept' && sinceMs >= limitMs) continue;
    if (kind === 'temporary' && sinceMs >= nowMs - longestWriteMs) continue;
    const isReferenced = digest !== undefined && find.all([digest]).length > 0;
    if (dryRun && (isReferenced || sinceMs >= limitMs)) continue;
    const isGone =
      dryRun ||
      (kind === 'swept' && digest !== undefined
        ? await settleSwept(
            directory,
            { path, digest },
            ({ mtimeNs }) => !isReferenced && toMilliseconds(mtimeNs) < limitMs,
          )
        : await removeLeftover(path));
    if (!isGone) continue;
    const counted = kind === 'damaged' ? removed.damaged : removed.temporary;
    counted.count += 1;
    counted.sizeBytes += sizeBytes;
  }
  return removed;
}
