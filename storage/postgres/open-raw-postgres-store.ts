import { plainBlobFormat } from '../blob-format.ts';
import type { Contents } from '../contents.ts';
import { rowKeys } from '../encryption/column-codec.ts';
import type { OpenedRawStore } from '../encryption/rekey-store.ts';
import { checkBlobsPlace } from '../sql/blobs-place.ts';
import { blobTableNames } from './blob-tables.ts';
import { prepareSchema } from './migrate-postgres.ts';
import { connectPostgres } from './open-postgres-store.ts';
import { createPostgresBlobs } from './postgres-blobs.ts';
import type { PostgresLocation } from './postgres-location.ts';

/**
 * Opens a store below its encryption, to change that; makes none.
 *
 * @throws {EvaluationError} `usage` where there is none; `store-schema`, `store-failed`.
 */
export async function openRawPostgresStore(
  location: PostgresLocation,
  contents: (Contents & { readonly name: string }) | undefined,
): Promise<OpenedRawStore> {
  const { database, place } = connectPostgres(location.url, {});
  const close = async () => {
    contents?.close();
    await database.close();
  };
  try {
    await prepareSchema(database, place, false);
    await database.snapshot(() => checkBlobsPlace(contents?.name));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    database,
    inventory: contents?.blobs ?? createPostgresBlobs(database, plainBlobFormat, 'write').blobs,
    // What was overwritten stays in the files of the tables until they are written anew.
    async compact() {
      const tables = [...Object.keys(rowKeys), ...blobTableNames];
      for (const table of tables) await database.maintain(`VACUUM FULL ${table}`);
    },
    close,
  };
}
