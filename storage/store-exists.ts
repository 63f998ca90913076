import { existsSync } from 'node:fs';
import type { StoreLocation } from './store-location.ts';

/** A command that only looks should not hang for long where nobody answers. */
const patienceMs = 10_000;

/**
 * Whether there is a store; makes none.
 *
 * @throws {EvaluationError} `store-failed` where a database cannot be asked.
 */
export async function storeExists(location: StoreLocation): Promise<boolean> {
  if (location.kind === 'directory') return existsSync(location.directory);
  const { describePostgresStore } = await import('./postgres/describe-postgres-store.ts');
  const { schemaVersion } = await describePostgresStore(location.postgres.url, { patienceMs });
  return schemaVersion > 0;
}
