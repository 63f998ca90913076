import type { Digest } from '../contracts/digest.ts';
import type { BlobReference, RowManifest } from '../evaluation/plan.ts';

/** What the file system says of a file; bigint nanoseconds as text. */
export interface FileStat {
  readonly device: string;
  readonly inode: string;
  readonly sizeBytes: number;
  readonly mtimeNs: string;
  readonly ctimeNs: string;
}

/** A selection that was read before: its manifest blob and what the manifest says. */
export interface StoredSelection {
  readonly manifest: BlobReference;
  readonly version: Digest;
  readonly count: number;
  readonly idSource: RowManifest['idSource'];
  readonly warnings: readonly string[];
}

/** Saves reading what has not changed (design 4.3). Losing it costs time, nothing else. */
export interface DatasetCache {
  findFileDigest(stat: FileStat): Promise<Digest | undefined>;
  recordFileDigest(stat: FileStat, digest: Digest): Promise<void>;
  /** `readerDigest` covers raw bytes, reader options and revision, filters, and the selection with its segment size. */
  findSelection(readerDigest: Digest): Promise<StoredSelection | undefined>;
  recordSelection(readerDigest: Digest, selection: StoredSelection): Promise<void>;
}
