import type { StoreLocation } from './store-location.ts';

export interface MigrationReport {
  /** Schema version before; 0: there was no store, and now there is. */
  readonly from: number;
  readonly to: number;
}

/**
 * Brings the schema of a store to that of this release; never back. Runs at work go on, and several processes may do it
 * at once.
 *
 * @throws {EvaluationError} `store-schema` where a newer release has been there; `usage` where a directory holds no store.
 */
export async function migrateStore(
  location: StoreLocation,
  options: { readonly onNotice?: (message: string) => void } = {},
): Promise<MigrationReport> {
  if (location.kind === 'directory') {
    const { migrateSqliteStore } = await import('./sqlite/migrate-sqlite-store.ts');
    return migrateSqliteStore(location.directory);
  }
  const { migratePostgresStore } = await import('./postgres/open-postgres-store.ts');
  return migratePostgresStore(location.postgres.url, options);
}
