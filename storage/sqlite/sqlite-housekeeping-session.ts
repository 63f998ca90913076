import { stat } from 'node:fs/promises';
import { createEncryptedDatabase } from '../encryption/encrypted-database.ts';
import type { StoreEncryption } from '../encryption/store-encryption.ts';
import type { HousekeepingSession } from '../sql/housekeeping/housekeeping-session.ts';
import { SqliteConnection } from './connection.ts';
import { SqliteDatabase } from './sqlite-database.ts';

/** A connection of its own, and with it temporary tables of its own. */
export function openSqliteHousekeepingSession(databasePath: string, encryption: StoreEncryption): HousekeepingSession {
  const connection = new SqliteConnection(databasePath);
  const database = createEncryptedDatabase(new SqliteDatabase(connection), encryption);
  return {
    transaction: (work) => database.transaction(work),
    snapshot: (work) => database.snapshot(work),
    async createTemporaryTables(statements) {
      for (const statement of statements) connection.exec(statement);
    },
    async removeUnreferenced(work) {
      // The database would look through all rows that may refer to one, for each that goes.
      connection.exec('PRAGMA foreign_keys = OFF');
      try {
        return await database.transaction(work);
      } finally {
        connection.exec('PRAGMA foreign_keys = ON');
      }
    },
    checkDatabase: async () => ({ check: 'pages', problems: listDatabaseProblems(connection) }),
    measureSizeBytes: () => measureFiles(databasePath),
    async close() {
      connection.close();
    },
  };
}

function listDatabaseProblems(connection: SqliteConnection): readonly string[] {
  const integrity = connection
    .prepare<{ integrity_check: string }>('PRAGMA integrity_check')
    .all([])
    .map((row) => row.integrity_check)
    .filter((line) => line !== 'ok');
  const dangling = connection
    .prepare<{ table: string; parent: string }>('PRAGMA foreign_key_check')
    .all([])
    .map(({ table, parent }) => `a row of ${table} refers to a row of ${parent} that is not there`);
  return [...integrity, ...new Set(dangling)];
}

async function measureFiles(databasePath: string): Promise<number> {
  const sizes = await Promise.all(
    ['', '-wal'].map((suffix) =>
      stat(`${databasePath}${suffix}`).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
