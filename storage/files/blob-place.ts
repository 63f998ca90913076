import { join } from 'node:path';
import { type Digest, isDigest } from '../../contracts/digest.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';

/** Where a blob lies: `blobs/ab/cdef…` below the store directory. */
export interface BlobPlace {
  readonly folder: string;
  readonly name: string;
  readonly path: string;
}

export function placeOfBlob(directory: string, digest: Digest): BlobPlace {
  // A digest becomes a path: anything else, such as `../`, must not.
  if (!isDigest(digest)) throw new EvaluationError('internal', `"${String(digest)}" is not a digest.`);
  const hex = digest.slice('sha256:'.length);
  const folder = join(directory, 'blobs', hex.slice(0, 2));
  const name = hex.slice(2);
  return { folder, name, path: join(folder, name) };
}

/** The folders that blobs lie in, whether they exist or not. */
export function listBlobFolders(directory: string): readonly { readonly prefix: string; readonly folder: string }[] {
  return Array.from({ length: 256 }, (_, index) => {
    const prefix = index.toString(16).padStart(2, '0');
    return { prefix, folder: join(directory, 'blobs', prefix) };
  });
}
