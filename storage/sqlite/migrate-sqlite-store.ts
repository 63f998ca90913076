import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { SqliteConnection } from './connection.ts';
import { findSchemaVersion, migrate } from './migrate.ts';
import { migrations } from './migrations.ts';
import { databaseName } from './open-sqlite-store.ts';

/** What opening the store does as well, with the versions. */
export function migrateSqliteStore(directory: string): { readonly from: number; readonly to: number } {
  const path = join(resolve(directory), databaseName);
  if (!existsSync(path)) throw new EvaluationError('usage', `There is no store in ${directory}.`);
  const connection = new SqliteConnection(path);
  try {
    const from = connection.snapshot(() => findSchemaVersion(connection));
    migrate(connection, migrations);
    return { from, to: migrations.length };
  } finally {
    connection.close();
  }
}
