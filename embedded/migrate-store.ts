import { EvaluationError } from '../contracts/evaluation-error.ts';
import { type MigrationReport, migrateStore } from '../storage/migrate-store.ts';
import { describeStoreLocation } from '../storage/store-location.ts';
import { findStoreSettings } from './find-store-settings.ts';

export interface MigrateOptions {
  /** As for `openStet`. */
  readonly store?: string;
  readonly onNotice?: (message: string) => void;
  /** Default: the process environment. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory?: string;
}

export interface MigratedStore extends MigrationReport {
  /** For people: without credentials. */
  readonly store: string;
}

/** @throws {EvaluationError} `usage`, `store-schema`, `store-failed`. */
export async function migrate(options: MigrateOptions = {}): Promise<MigratedStore> {
  const { location, overlayDirectory } = findStoreSettings({
    store: options.store,
    environment: options.environment ?? process.env,
    workingDirectory: options.workingDirectory ?? process.cwd(),
  });
  if (overlayDirectory !== undefined) {
    throw new EvaluationError(
      'usage',
      'STET_STORE_ACCESS says that the store is only read; its schema cannot be changed.',
    );
  }
  const { onNotice = () => {} } = options;
  return { store: describeStoreLocation(location), ...(await migrateStore(location, { onNotice })) };
}
