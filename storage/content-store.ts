import type { Digest } from '../contracts/digest.ts';
import type { BlobReference } from '../evaluation/plan.ts';

/** Blobs by the digest of their plain bytes. */
export interface ContentStore {
  /**
   * Stores bytes; on return they survive a power cut. Equal bytes are stored once; an existing file that does not verify
   * is replaced.
   */
  put(bytes: Uint8Array): Promise<BlobReference>;
  /**
   * Reads and verifies.
   *
   * @throws {EvaluationError} `blob-missing`, `blob-damaged`.
   */
  get(digest: Digest): Promise<Uint8Array>;
  /** Stored size in bytes, or undefined where there is none; does not read the content. */
  findSize(digest: Digest): Promise<number | undefined>;
  /**
   * Keeps a blob from garbage collection for the grace time, as `put` does; false where there is none. For whoever is about
   * to refer to what was stored before.
   */
  touch(digest: Digest): Promise<boolean>;
}
