import { createHash, hash } from 'node:crypto';
import type { Digest } from '../../contracts/digest.ts';
import { toCanonicalJson } from './canonical-json.ts';

/** SHA-256 of plain bytes; text counts as its UTF-8 bytes. */
export function digestBytes(bytes: Uint8Array | string): Digest {
  return `sha256:${hash('sha256', bytes, 'hex')}`;
}

/**
 * Digest of a value's canonical JSON within a domain: the domain's line is hashed first, so that equal values which mean
 * different things (a dataset version, a solver key) never share a digest.
 *
 * @param domain - One line without a line feed, with a revision number, for example `stet-dataset-version-1`.
 * @throws {TypeError} When the value is not JSON, or the domain has a line feed or is empty.
 */
export function digestJson(domain: string, value: unknown): Digest {
  if (domain === '' || domain.includes('\n')) throw new TypeError('A digest domain is one line of text.');
  return digestBytes(`${domain}\n${toCanonicalJson(value)}`);
}

/** Digests a stream of bytes piece by piece; where the pieces were cut does not matter. */
export interface Digester {
  /** Text counts as its UTF-8 bytes. */
  update(piece: Uint8Array | string): void;
  /** Ends the stream; further calls throw. */
  digest(): Digest;
}

export function createDigester(): Digester {
  const sha256 = createHash('sha256');
  return {
    update(piece) {
      sha256.update(piece);
    },
    digest() {
      return `sha256:${sha256.digest('hex')}`;
    },
  };
}
