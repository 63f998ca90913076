import { existsSync } from 'node:fs';
import path from 'node:path';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { parseBlobsLocation, type S3Location } from '../storage/s3/parse-blobs-location.ts';
import { storeAccesses } from '../storage/store-access.ts';
import { parseStoreLocation, type StoreLocation } from '../storage/store-location.ts';

/** Which store is meant, and what may be done with it. */
export interface StoreSettings {
  readonly location: StoreLocation;
  /** Where its blobs lie; undefined: in the store itself. */
  readonly blobs: S3Location | undefined;
  /** For a store that is only read: the directory that everything is written to instead. */
  readonly overlayDirectory: string | undefined;
}

const defaultDirectory = '.stet';

/**
 * The store is `--store`, else `STET_STORE`, else the nearest `.stet/` upwards, else `./.stet/`; its blobs are where
 * `STET_BLOBS` says. With `STET_STORE_ACCESS=read` it is only read, and `STET_STORE_OVERLAY`, else `./.stet/`, written.
 *
 * @throws {EvaluationError} `usage`.
 */
export function findStoreSettings(options: {
  readonly store: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
}): StoreSettings {
  const { store, environment, workingDirectory } = options;
  const named = store ?? environment['STET_STORE'] ?? '';
  const location: StoreLocation =
    named === ''
      ? { kind: 'directory', directory: findNearestDirectory(workingDirectory) }
      : parseStoreLocation(named, workingDirectory);
  const blobs = environment['STET_BLOBS'] ?? '';
  return {
    location,
    blobs: blobs === '' ? undefined : parseBlobsLocation(blobs),
    overlayDirectory: isReadOnly(environment) ? findOverlay(location, options) : undefined,
  };
}

function findNearestDirectory(workingDirectory: string): string {
  for (let folder = path.resolve(workingDirectory); ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, defaultDirectory);
    if (existsSync(candidate)) return candidate;
    if (folder === path.dirname(folder)) return path.join(path.resolve(workingDirectory), defaultDirectory);
  }
}

function isReadOnly(environment: Readonly<Record<string, string | undefined>>): boolean {
  const access = environment['STET_STORE_ACCESS'] ?? '';
  if (access === '') return false;
  // A misspelt "read" must not end in writing to what others share.
  if (storeAccesses.some((each) => each === access)) return access === 'read';
  throw new EvaluationError('usage', `STET_STORE_ACCESS is ${storeAccesses.join(' or ')}, not "${access}".`);
}

function findOverlay(
  location: StoreLocation,
  { environment, workingDirectory }: Parameters<typeof findStoreSettings>[0],
): string {
  const named = environment['STET_STORE_OVERLAY'] ?? '';
  const overlay = path.resolve(workingDirectory, named === '' ? defaultDirectory : named);
  if (location.kind === 'directory' && location.directory === overlay) {
    throw new EvaluationError('usage', `The store ${overlay} is to be read only, and to be written to.`, {
      hint: 'Name the shared store in STET_STORE, or another directory to write to in STET_STORE_OVERLAY.',
    });
  }
  return overlay;
}
