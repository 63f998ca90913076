import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { query } from '../../../bench/servers/postgres/databases.ts';
import { migratePostgresStore, openPostgresStore } from '../../../storage/postgres/open-postgres-store.ts';
import { SqliteConnection } from '../../../storage/sqlite/connection.ts';
import { openSqliteStore } from '../../../storage/sqlite/open-sqlite-store.ts';
import { createDatabase, describeOnPostgres } from '../../support/services/shared-services.ts';

/** Tables of the PostgreSQL store alone. */
const own = ['blobs', 'blob_chunks'];

async function listSqliteColumns(): Promise<readonly string[]> {
  const root = await mkdtemp(join(tmpdir(), 'stet-schema-'));
  await (await openSqliteStore(root)).close();
  const connection = new SqliteConnection(join(root, 'store.db'));
  const rows = connection
    .prepare<{ name: string }>(
      `SELECT tables.name || '.' || columns.name || CASE WHEN columns."notnull" = 1 OR columns.pk > 0 THEN '' ELSE '?' END
         AS name
       FROM sqlite_schema AS tables JOIN pragma_table_info(tables.name) AS columns
       WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite_%'`,
    )
    .all([]);
  connection.close();
  await rm(root, { recursive: true, force: true });
  return rows.map(({ name }) => String(name)).toSorted();
}

describeOnPostgres('the schema of a PostgreSQL store', () => {
  test('has the tables and columns of a SQLite store', async () => {
    const url = await createDatabase();
    await (await openPostgresStore(url)).close();
    const rows = await query(
      url,
      `SELECT table_name || '.' || column_name || CASE is_nullable WHEN 'NO' THEN '' ELSE '?' END AS name
       FROM information_schema.columns
       WHERE table_schema = 'public' AND table_name <> ALL ('{${own.join(',')}}')`,
    );
    expect(rows.map(({ name }) => String(name)).toSorted()).toEqual(await listSqliteColumns());
  });

  test('is made once by processes that open an empty database at the same time', async () => {
    const url = await createDatabase();
    const stores = await Promise.all([1, 2, 3].map(() => openPostgresStore(url)));
    const ids = await Promise.all(stores.map((store) => store.runs.getStoreId()));
    expect(new Set(ids).size).toBe(1);
    for (const store of stores) await store.close();
    expect(await migratePostgresStore(url)).toEqual({ from: 1, to: 1 });
  });

  test('lies in the first schema of the search path, which is made where it is missing', async () => {
    const url = await createDatabase();
    const [one, other] = await Promise.all([
      openPostgresStore(`${url}?search_path=team_one`),
      openPostgresStore(`${url}?options=-c%20search_path%3Dteam_two`),
    ]);
    expect(await one.runs.getStoreId()).not.toBe(await other.runs.getStoreId());
    await one.close();
    await other.close();
    const tables = await query(
      url,
      `SELECT DISTINCT table_schema AS name FROM information_schema.tables
      WHERE table_name = 'runs' ORDER BY 1`,
    );
    expect(tables).toEqual([{ name: 'team_one' }, { name: 'team_two' }]);
  });

  test('of a newer release is refused, and nothing is changed', async () => {
    const url = await createDatabase();
    await (await openPostgresStore(url)).close();
    await query(url, 'UPDATE schema_version SET version = 99');
    const refused = { code: 'store-schema', message: expect.stringContaining('schema version 99') };
    await expect(openPostgresStore(url)).rejects.toMatchObject(refused);
    await expect(migratePostgresStore(url)).rejects.toMatchObject(refused);
    expect(await query(url, 'SELECT version FROM schema_version')).toEqual([{ version: 99 }]);
  });

  test('is not made by who only reads', async () => {
    const url = await createDatabase();
    await expect(openPostgresStore(url, { access: 'read' })).rejects.toMatchObject({ code: 'usage' });
    await (await openPostgresStore(url)).close();
    const reader = await openPostgresStore(url, { access: 'read' });
    expect(await reader.runs.listRuns({ limit: 1 })).toEqual([]);
    await expect(reader.content.put(Buffer.from('x'))).rejects.toMatchObject({ code: 'store-failed' });
    await reader.close();
  });
});
