import type { BlobName } from '../blob-format.ts';

/** Stored bytes as they were read, with what tells them from others that somebody may put in their place. */
export interface RemoteBlob {
  readonly stored: Uint8Array;
  readonly version: string;
}

/**
 * A place of blobs behind a connection: stored bytes by name. What they mean is the content store's business; that they
 * arrive whole, and that a passing fault is ridden out, is this one's.
 *
 * @throws {EvaluationError} `store-failed` from every method where the place does not answer, or refuses.
 */
export interface RemoteBlobs {
  read(name: BlobName): Promise<RemoteBlob | undefined>;
  /** Has exactly these bytes under the name, in place of any; durable on return. */
  write(name: BlobName, stored: Uint8Array): Promise<void>;
  /** Sets the time that housekeeping goes by; false where there is none. */
  touch(name: BlobName): Promise<boolean>;
  findStoredSize(name: BlobName): Promise<number | undefined>;
  /**
   * Whether these very bytes lie there, as far as the place can tell by a check sum. False says nothing: the same content
   * may have been stored as other bytes.
   */
  holds(name: BlobName, stored: Uint8Array): Promise<boolean>;
  /** Puts damaged bytes out of the way, to be looked at, unless others have taken their place. */
  setAside(name: BlobName, version: string): Promise<void>;
}
