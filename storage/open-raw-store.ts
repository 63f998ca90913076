import { plainBlobFormat } from './blob-format.ts';
import type { OpenedRawStore } from './encryption/rekey-store.ts';
import { makeS3Place } from './open-store.ts';
import type { S3Location } from './s3/parse-blobs-location.ts';
import { openRawSqliteStore } from './sqlite/open-raw-sqlite-store.ts';
import { parseStoreLocation, type StoreLocation } from './store-location.ts';

/**
 * Opens an existing store below its encryption, to change that.
 *
 * @param location - As settings name it, or parsed.
 * @param options.blobs - Where blobs lie; undefined: in the store itself.
 * @throws {EvaluationError} `usage` where there is none, or where its blobs lie elsewhere; `store-schema`, `store-damaged`,
 *   `store-failed`.
 */
export async function openRawStore(
  location: string | StoreLocation,
  { blobs }: { readonly blobs?: S3Location | undefined } = {},
): Promise<OpenedRawStore> {
  const parsed = typeof location === 'string' ? parseStoreLocation(location, process.cwd()) : location;
  const place = blobs === undefined ? undefined : await makeS3Place(blobs);
  // What is stored is read and written as it lies: the format only says how large it is.
  const contents = place === undefined ? undefined : { name: place.name, ...place.open(plainBlobFormat, 'write') };
  if (parsed.kind === 'directory') return openRawSqliteStore(parsed.directory, contents);
  const { openRawPostgresStore } = await import('./postgres/open-raw-postgres-store.ts');
  return openRawPostgresStore(parsed.postgres, contents);
}
