import type { Digest } from '../../contracts/digest.ts';
import type { ContentStore } from '../../storage/content-store.ts';
import type { DatasetCache, FileStat, StoredSelection } from '../../storage/dataset-cache.ts';
import { isBlobLost } from '../../storage/is-blob-lost.ts';
import type { DataFile } from './data-file.ts';
import { readRowManifest, type StoredRowManifest } from './row-manifest.ts';

/** A change within this time of hashing might leave the time stamps as they were: clocks of file systems are coarse. */
const quietTimeNs = 2_000_000_000n;
const checksAtOnce = 64;
const readsAtOnce = 8;

/**
 * The digest of a file's content, without reading it where its stat is known (design 4.3).
 *
 * @param options.lookUp - False under `--verify-data`: the file is read in any case.
 * @param options.record - False where nothing may be written.
 */
export async function findRawDigest(
  file: DataFile,
  cache: DatasetCache,
  options: { readonly lookUp: boolean; readonly record: boolean; readonly now: () => number },
): Promise<Digest> {
  const startedAtMs = options.now();
  const before = await file.stat();
  const known = options.lookUp ? await cache.findFileDigest(before) : undefined;
  if (known !== undefined) return known;
  const digest = await file.digest();
  const isQuiet = BigInt(before.ctimeNs) + quietTimeNs <= BigInt(startedAtMs) * 1_000_000n;
  if (options.record && isQuiet && isSame(before, await file.stat())) await cache.recordFileDigest(before, digest);
  return digest;
}

function isSame(left: FileStat, right: FileStat): boolean {
  return (
    left.device === right.device &&
    left.inode === right.inode &&
    left.sizeBytes === right.sizeBytes &&
    left.mtimeNs === right.mtimeNs &&
    left.ctimeNs === right.ctimeNs
  );
}

/** Selected rows in the store, or what they would be there. */
export interface StoredRows {
  readonly selection: StoredSelection;
  readonly manifest: StoredRowManifest;
}

/**
 * A selection that was stored before, if all its blobs still are there in the size they had; `lost` where they are not, and
 * the rows are to be read and stored anew.
 */
export async function findStandingSelection(
  readerDigest: Digest,
  content: ContentStore,
  cache: DatasetCache,
): Promise<StoredRows | 'lost' | undefined> {
  const selection = await cache.findSelection(readerDigest);
  if (selection === undefined) return undefined;
  try {
    const manifest = await readRowManifest(content, selection.manifest.digest);
    return (await hasAllSegments(manifest, content)) ? { selection, manifest } : 'lost';
  } catch (error) {
    if (isBlobLost(error)) return 'lost';
    throw error;
  }
}

/** Whether all blobs of selected rows can be read and are what they were: a look at their sizes does not tell. */
export async function areRowsIntact(content: ContentStore, manifestDigest: Digest): Promise<boolean> {
  try {
    const { segments } = await readRowManifest(content, manifestDigest);
    for (let start = 0; start < segments.length; start += readsAtOnce) {
      await Promise.all(segments.slice(start, start + readsAtOnce).map(({ digest }) => content.get(digest)));
    }
    return true;
  } catch (error) {
    if (isBlobLost(error)) return false;
    throw error;
  }
}

async function hasAllSegments(manifest: StoredRowManifest, content: ContentStore): Promise<boolean> {
  for (let start = 0; start < manifest.segments.length; start += checksAtOnce) {
    const segments = manifest.segments.slice(start, start + checksAtOnce);
    const sizes = await Promise.all(segments.map(({ digest }) => content.findSize(digest)));
    if (segments.some(({ sizeBytes }, index) => sizes[index] !== sizeBytes)) return false;
  }
  return true;
}
