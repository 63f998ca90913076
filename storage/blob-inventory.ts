import type { Digest } from '../contracts/digest.ts';
import type { BlobName } from './blob-format.ts';

/** A blob as it was listed. */
export interface StoredBlob {
  readonly name: BlobName;
  /** As records keep it. */
  readonly sizeBytes: number;
  /** When it was last put or touched, in milliseconds since 1970 by the clock of this machine. */
  readonly writtenAtMs: number;
  /** Tells, together with the time, whether somebody has put or touched it since; means something to the place alone. */
  readonly mark: string;
}

/** What lies in the place of blobs and is none. */
export interface Leftover {
  /** Of a write that was killed, of a sweep that was, or put aside because its content was damaged. */
  readonly kind: 'temporary' | 'swept' | 'damaged';
  /** Where it lies, for the place alone. */
  readonly path: string;
  /** Of a swept one, the blob that it was. */
  readonly name: BlobName | undefined;
  readonly sizeBytes: number;
  /** When it became what it is, milliseconds since 1970. */
  readonly sinceMs: number;
}

export interface BlobPage {
  readonly blobs: readonly StoredBlob[];
  readonly leftovers: readonly Leftover[];
}

/**
 * What lies in a place, whoever refers to it: the view of housekeeping. A collection (1) lists, (2) then reads all references
 * from one state of the database, and (3) sweeps what is old and not referred to. The promise that makes it safe is that
 * of `sweep`.
 */
export interface BlobInventory {
  nameOf(digest: Digest): BlobName;
  /** Everything, a page at a time. What is put meanwhile may or may not be among it. */
  list(): AsyncIterable<BlobPage>;
  find(name: BlobName): Promise<StoredBlob | undefined>;
  /**
   * Removes a blob unless somebody has put or touched it since it was listed: then it stays, whole, and every reader finds
   * it. Safe to be killed.
   *
   * @returns whether it removed it.
   */
  sweep(blob: StoredBlob): Promise<boolean>;
  /**
   * Ends what a sweep that was killed has begun, or gives the blob its place again.
   *
   * @param mayGo - Whether it may, judged by when it was last put.
   * @returns whether it is gone.
   */
  settle(leftover: Leftover, mayGo: (writtenAtMs: number) => boolean): Promise<boolean>;
  /** False where it has gone already. */
  removeLeftover(leftover: Leftover): Promise<boolean>;
  /** The stored bytes, as they are, or undefined where there are none that can be read. */
  readStored(name: BlobName): Promise<Uint8Array | undefined>;
  /** Has stored bytes under a name, in place of any; durable on return. */
  writeStored(name: BlobName, stored: Uint8Array): Promise<void>;
  /** Removes a blob, whoever put it when. */
  remove(name: BlobName): Promise<void>;
}
