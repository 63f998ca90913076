import { join } from 'node:path';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { type BlobName, isBlobName } from '../blob-format.ts';

/** Where a blob lies: `blobs/ab/cdef…` below the store directory. */
export interface BlobPlace {
  readonly folder: string;
  readonly name: string;
  readonly path: string;
}

export function placeOfBlob(directory: string, blob: BlobName): BlobPlace {
  // A name becomes a path: anything else, such as `../`, must not.
  if (!isBlobName(blob)) throw new EvaluationError('internal', `"${String(blob)}" does not name a blob.`);
  const folder = join(directory, 'blobs', blob.slice(0, 2));
  const name = blob.slice(2);
  return { folder, name, path: join(folder, name) };
}

/** The folders that blobs lie in, whether they exist or not. */
export function listBlobFolders(directory: string): readonly { readonly prefix: string; readonly folder: string }[] {
  return Array.from({ length: 256 }, (_, index) => {
    const prefix = index.toString(16).padStart(2, '0');
    return { prefix, folder: join(directory, 'blobs', prefix) };
  });
}
