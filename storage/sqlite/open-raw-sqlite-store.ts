import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { Contents } from '../contents.ts';
import type { OpenedRawStore } from '../encryption/rekey-store.ts';
import { createFileBlobInventory } from '../files/file-blob-inventory.ts';
import { checkBlobsPlace } from '../sql/blobs-place.ts';
import type { SqliteConnection } from './connection.ts';
import { connectSqlite, databaseName } from './open-sqlite-store.ts';
import { SqliteDatabase } from './sqlite-database.ts';

/**
 * Opens a store below its encryption, to change that; makes none.
 *
 * @throws {EvaluationError} `usage` where there is none; `store-schema`, `store-damaged`, `store-failed`.
 */
export async function openRawSqliteStore(
  directory: string,
  contents: (Contents & { readonly name: string }) | undefined,
): Promise<OpenedRawStore> {
  const root = resolve(directory);
  const path = join(root, databaseName);
  if (!existsSync(path)) {
    throw new EvaluationError('usage', `There is no store in ${root}.`, {
      hint: 'With keys configured, the first run makes an encrypted one.',
    });
  }
  const connection = await connectSqlite(path);
  try {
    connection.perform(checkBlobsPlace(contents?.name));
  } catch (error) {
    connection.close();
    contents?.close();
    throw error;
  }
  // What is overwritten is overwritten with zeros, not left in the free part of a page.
  connection.exec('PRAGMA secure_delete = ON');
  return {
    database: new SqliteDatabase(connection),
    inventory: contents?.blobs ?? createFileBlobInventory(root),
    compact: async () => compact(connection),
    async close() {
      connection.close();
      contents?.close();
    },
  };
}

/** Writes the database anew, without what other connections left in free pages, and empties its log. */
function compact(connection: SqliteConnection): void {
  connection.exec('VACUUM');
  const [outcome] = connection.prepare<{ busy: number }>('PRAGMA wal_checkpoint(TRUNCATE)').all([]);
  if (outcome?.busy === 0) return;
  throw new EvaluationError('store-failed', 'The log of the database could not be emptied: somebody is reading it.', {
    hint: 'Call `stet store rekey` again: it goes on where it was.',
  });
}
