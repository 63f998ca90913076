import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Digest } from '../contracts/digest.ts';
import { digestBytes } from '../evaluation/fingerprint/digest.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** What a blob is called where it lies: 64 lower-case hexadecimal digits. In a plain store they are those of its digest. */
export type BlobName = string;

const namePattern = /^[0-9a-f]{64}$/;

export function isBlobName(value: string): value is BlobName {
  return namePattern.test(value);
}

/**
 * How blobs lie in a place, whether that is a folder, a bucket or a table: under which name, and as which bytes. A place
 * keeps bytes by name and leaves the rest to the format; outside it, a blob is known by the digest of its plain bytes.
 */
export interface BlobFormat {
  nameOf(digest: Digest): BlobName;
  encode(digest: Digest, plain: Uint8Array): Promise<Uint8Array>;
  /**
   * The plain bytes, or undefined where the stored ones are damaged: they are not what the digest names.
   *
   * @throws what says nothing about the blob: too little memory, or an encryption key that is missing.
   */
  decode(digest: Digest, stored: Uint8Array): Promise<Uint8Array | undefined>;
  /**
   * Size that records keep of stored bytes; the same in every format, so that a store that is encrypted later keeps its
   * results.
   */
  measure(storedSizeBytes: number): number;
}

/** Gzip, under the digest. */
export const plainBlobFormat: BlobFormat = {
  nameOf: (digest) => digest.slice('sha256:'.length),
  encode: (_digest, plain) => compressBlob(plain),
  decode: decompressBlob,
  measure: (storedSizeBytes) => storedSizeBytes,
};

/** Level 1: the text of evaluations shrinks almost as far as at the default level, in a third of the time. */
export function compressBlob(plain: Uint8Array): Promise<Uint8Array> {
  return compress(plain, { level: 1 });
}

/** The plain bytes, or undefined where they are not those that the digest names. */
export async function decompressBlob(digest: Digest, compressed: Uint8Array): Promise<Uint8Array | undefined> {
  let plain: Uint8Array;
  try {
    plain = await decompress(compressed);
  } catch (error) {
    // The machine's trouble, not the blob's.
    if (error instanceof Error && 'code' in error && error.code === 'Z_MEM_ERROR') throw error;
    return undefined;
  }
  return digestBytes(plain) === digest ? plain : undefined;
}
