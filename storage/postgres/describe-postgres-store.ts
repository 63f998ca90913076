import { PostgresDatabase } from './postgres-database.ts';
import { parsePostgresLocation } from './postgres-location.ts';

/** What can be told of a database without opening a store in it, or making one. */
export interface PostgresDescription {
  /** As the server names it, such as `15.14`. */
  readonly serverVersion: string;
  /** 0 where there is no store. */
  readonly schemaVersion: number;
  /** Of the store, if there is one. */
  readonly storeId: string | undefined;
  /** From question to answer, over a session that is open. */
  readonly latencyMs: number;
  /** Where blobs lie, as the store has noted it; undefined where it has not. */
  readonly blobsPlace: string | undefined;
  /** What the server does that may cost finished answers; for people. */
  readonly warnings: readonly string[];
}

/** @throws {EvaluationError} `usage`, `store-failed`. */
export async function describePostgresStore(
  url: string,
  options: { readonly patienceMs: number },
): Promise<PostgresDescription> {
  const location = parsePostgresLocation(url);
  const database = new PostgresDatabase(location, { access: 'read', onNotice: () => {}, ...options });
  try {
    const [server] = await database.query<{ version: string; fsync: string; pages: string; has_store: boolean }>(
      `SELECT current_setting('server_version') AS version,
         current_setting('fsync') AS fsync, current_setting('full_page_writes') AS pages,
         to_regclass(quote_ident(current_schema()) || '.schema_version') IS NOT NULL AS has_store`,
    );
    const begin = performance.now();
    await database.query('SELECT 1');
    const latencyMs = performance.now() - begin;
    const warnings = listWarnings({ fsync: server?.fsync, full_page_writes: server?.pages });
    const described = { serverVersion: server?.version.split(' ')[0] ?? 'unknown', latencyMs, warnings };
    if (server?.has_store !== true)
      return { ...described, schemaVersion: 0, storeId: undefined, blobsPlace: undefined };
    const [schema] = await database.query<{ version: number }>('SELECT version FROM schema_version');
    const rows = await database.query<{ name: string; value: string }>(
      `SELECT name, value FROM store_properties WHERE name IN ('store_id', 'blobs_place')`,
    );
    const properties = new Map(rows.map(({ name, value }) => [name, value]));
    return {
      ...described,
      schemaVersion: schema?.version ?? 0,
      storeId: properties.get('store_id'),
      blobsPlace: properties.get('blobs_place'),
    };
  } finally {
    await database.close();
  }
}

/** That a commit waits for the disk is seen to in every transaction; these two are settings of the server alone. */
function listWarnings(settings: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.entries(settings)
    .filter(([, value]) => value === 'off')
    .map(([name]) => `The server has ${name}=off: a power cut may lose answers that were paid for, or the database.`);
}
