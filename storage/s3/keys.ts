import { type BlobName, isBlobName } from '../blob-format.ts';
import type { S3Location } from './parse-blobs-location.ts';

/** `<prefix>/blobs/ab/cdef…`, as in a store directory. */
export function keyOfBlob(location: Pick<S3Location, 'prefix'>, name: BlobName): string {
  return `${prefixOfBlobs(location)}${name.slice(0, 2)}/${name.slice(2)}`;
}

export function keyOfDamaged(location: Pick<S3Location, 'prefix'>, name: BlobName, mark: string): string {
  return `${prefixOfDamaged(location)}${name}.${mark}`;
}

export function prefixOfBlobs({ prefix }: Pick<S3Location, 'prefix'>): string {
  return `${prefix}blobs/`;
}

export function prefixOfDamaged({ prefix }: Pick<S3Location, 'prefix'>): string {
  return `${prefix}damaged/`;
}

/** The name of the blob under a key; undefined where the object is somebody else's. */
export function findNameInKey(location: Pick<S3Location, 'prefix'>, key: string): BlobName | undefined {
  const name = key.slice(prefixOfBlobs(location).length).replace('/', '');
  return isBlobName(name) && keyOfBlob(location, name) === key ? name : undefined;
}
