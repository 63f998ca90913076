import type { ContentsPlace } from './contents.ts';
import type { KeyRing } from './encryption/key-ring.ts';
import { describeS3Location, type S3Location } from './s3/parse-blobs-location.ts';
import { openSqliteStore } from './sqlite/open-sqlite-store.ts';
import type { Store } from './store.ts';
import type { StoreAccess } from './store-access.ts';
import { parseStoreLocation, type StoreLocation } from './store-location.ts';

export interface OpenStoreOptions {
  /** Rows a segment, for a new store; an old one keeps its own. */
  readonly segmentSize?: number;
  /** Keys of an encrypted store; with them a new store becomes one. */
  readonly keys?: KeyRing | undefined;
  /** Where blobs lie; undefined: in the store itself. */
  readonly blobs?: S3Location | undefined;
  /** `write` by default; with `read` there must be a store. */
  readonly access?: StoreAccess;
  /** Hears that a database elsewhere is waited for, and that it is back. */
  readonly onNotice?: (message: string) => void;
}

/**
 * Opens a store; makes it where it is absent.
 *
 * @param location - As settings name it, or parsed.
 * @throws {EvaluationError} `store-schema`, `store-damaged`, `store-failed`; `usage` where its blobs lie elsewhere.
 */
export async function openStore(location: string | StoreLocation, options: OpenStoreOptions = {}): Promise<Store> {
  const { blobs, ...others } = options;
  const parsed = typeof location === 'string' ? parseStoreLocation(location, process.cwd()) : location;
  const contents = blobs === undefined ? {} : { contents: await makeS3Place(blobs) };
  if (parsed.kind === 'directory') return openSqliteStore(parsed.directory, { ...others, ...contents });
  // Loaded where it is needed: a command that only prints its help should not wait for the driver.
  const { openPostgresStore } = await import('./postgres/open-postgres-store.ts');
  return openPostgresStore(parsed.postgres.url, { ...others, ...contents });
}

export async function makeS3Place(location: S3Location): Promise<ContentsPlace> {
  const { openS3Blobs } = await import('./s3/open-s3-blobs.ts');
  return { name: describeS3Location(location), open: (format, access) => openS3Blobs(location, format, access) };
}
