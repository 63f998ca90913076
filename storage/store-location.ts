import { resolve } from 'node:path';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { type PostgresLocation, parsePostgresLocation } from './postgres/postgres-location.ts';

/** Where a store is. */
export type StoreLocation =
  | { readonly kind: 'directory'; readonly directory: string }
  | { readonly kind: 'postgres'; readonly postgres: PostgresLocation };

const scheme = /^([a-z][a-z0-9+.-]*):\/\//i;

/**
 * A directory, or `postgres://…` (`postgresql://…`).
 *
 * @throws {EvaluationError} `usage` for any other scheme; the text is not repeated, since it may hold a password.
 */
export function parseStoreLocation(text: string, workingDirectory: string): StoreLocation {
  const found = scheme.exec(text)?.[1]?.toLowerCase();
  switch (found) {
    case undefined:
      return { kind: 'directory', directory: resolve(workingDirectory, text) };
    case 'postgres':
    case 'postgresql':
      return { kind: 'postgres', postgres: parsePostgresLocation(text) };
    case 's3':
      throw new EvaluationError('usage', 'A store cannot be at an s3:// address: only its blobs can.', {
        hint: 'Name a directory or a postgres:// URL as the store, and set STET_BLOBS to the s3:// address.',
      });
    default:
      throw new EvaluationError('usage', `A store cannot be at a ${found}:// address.`, {
        hint: 'Name a directory, or a PostgreSQL database: postgres://user@host:5432/database.',
      });
  }
}

/** For people: without credentials. */
export function describeStoreLocation(location: StoreLocation): string {
  return location.kind === 'directory' ? location.directory : location.postgres.name;
}
