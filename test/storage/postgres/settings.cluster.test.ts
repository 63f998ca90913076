import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { query } from '../../../bench/servers/postgres/databases.ts';
import { describePostgresStore } from '../../../storage/postgres/describe-postgres-store.ts';
import { openPostgresStore } from '../../../storage/postgres/open-postgres-store.ts';
import { PostgresDatabase } from '../../../storage/postgres/postgres-database.ts';
import { parsePostgresLocation } from '../../../storage/postgres/postgres-location.ts';
import { find } from '../../../storage/sql/work.ts';
import { createDatabase, describeOnPostgres } from '../../support/services/shared-services.ts';

const options = { access: 'write', patienceMs: 10_000, onNotice: () => {} } as const;

describeOnPostgres('a PostgreSQL store', () => {
  test('waits for the disk at every commit, whatever the default of its database is', async () => {
    const url = await createDatabase();
    await (await openPostgresStore(url)).close();
    await query(url, `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET synchronous_commit = off`);
    const setting = `SELECT current_setting('synchronous_commit') AS value`;
    expect(await query(url, setting)).toEqual([{ value: 'off' }]);
    const database = new PostgresDatabase(parsePostgresLocation(url), options);
    expect(await database.transaction(() => find(sql.raw(setting)))).toEqual({ value: 'on' });
    expect(await database.append(() => find(sql.raw(setting)))).toEqual({ value: 'on' });
    expect(await database.query(setting)).toEqual([{ value: 'on' }]);
    await database.close();
  });

  test('is told to doctor with what its server does that may cost answers', async () => {
    const url = await createDatabase();
    // The server of the tests does not sync, for the sake of their pace.
    const warnings = [expect.stringContaining('fsync=off'), expect.stringContaining('full_page_writes=off')];
    const before = await describePostgresStore(url, { patienceMs: 1_000 });
    expect(before).toMatchObject({ schemaVersion: 0, warnings });
    await (await openPostgresStore(url)).close();
    const after = await describePostgresStore(url, { patienceMs: 1_000 });
    expect(after.schemaVersion).toBeGreaterThan(0);
    expect(Number.parseInt(after.serverVersion, 10)).toBeGreaterThanOrEqual(14);
  });

  test('holds a lock of its own beside other stores of the same database', async () => {
    const url = await createDatabase();
    const [one, other] = ['one', 'other'].map((schema) => `${url}?search_path=${schema}`) as [string, string];
    for (const location of [one, other]) await (await openPostgresStore(location)).close();
    const [first, second, third] = [one, one, other].map(
      (location) => new PostgresDatabase(parsePostgresLocation(location), options),
    ) as [PostgresDatabase, PostgresDatabase, PostgresDatabase];
    const countWaiting = sql<{ waiting: number }>`
      SELECT count(*) AS waiting FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    let blocked: Promise<string> | undefined;
    const order: string[] = [];
    await first.transaction(function* () {
      blocked ??= second.transaction(function* () {
        yield* find(sql`SELECT 1 AS one`);
        return 'second';
      });
      void blocked.then((name) => order.push(name));
      void third.transaction(() => find(sql`SELECT 3 AS three`)).then(() => order.push('third'));
      // Until the other of the same schema stands in line, and that of another one has been through.
      while (((yield* find(countWaiting))?.waiting ?? 0) === 0 || order.length === 0);
      order.push('first');
    });
    await blocked;
    expect(order).toEqual(['third', 'first', 'second']);
    for (const database of [first, second, third]) await database.close();
  });
});
