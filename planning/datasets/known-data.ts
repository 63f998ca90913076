import type { Digest } from '../../contracts/digest.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { ContentStore } from '../../storage/content-store.ts';
import type { DatasetCache, FileStat, StoredSelection } from '../../storage/dataset-cache.ts';
import type { DataFile } from './data-file.ts';
import { readRowManifest, type StoredRowManifest } from './row-manifest.ts';

/** A change within this time of hashing might leave the time stamps as they were: clocks of file systems are coarse. */
const quietTimeNs = 2_000_000_000n;
const checksAtOnce = 64;

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

/** A selection that was stored before, if all its blobs still are there in the size they had. */
export async function findStandingSelection(
  readerDigest: Digest,
  content: ContentStore,
  cache: DatasetCache,
): Promise<StoredRows | undefined> {
  const selection = await cache.findSelection(readerDigest);
  if (selection === undefined) return undefined;
  try {
    const manifest = await readRowManifest(content, selection.manifest.digest);
    return (await hasAllSegments(manifest, content)) ? { selection, manifest } : undefined;
  } catch (error) {
    // Lost or damaged: the rows are read and stored anew.
    if (error instanceof EvaluationError && (error.code === 'blob-missing' || error.code === 'blob-damaged'))
      return undefined;
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
