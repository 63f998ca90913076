import { expect, test } from 'vitest';
import {
  createDatabase as createDatabaseAt,
  query,
  terminateSessions,
} from '../../../bench/servers/postgres/databases.ts';
import { startPostgres } from '../../../bench/servers/postgres/postgres-server.ts';
import { createDatabase, describeOnPostgres } from '../../support/services/shared-services.ts';

describeOnPostgres('a PostgreSQL server for tests', () => {
  test('gives each test a database of its own', async () => {
    const [one, other] = await Promise.all([createDatabase(), createDatabase()]);
    await query(one, 'CREATE TABLE only_here (id int)');
    await expect(query(other, 'SELECT * FROM only_here')).rejects.toThrow('does not exist');
    expect(await query(one, 'SELECT * FROM only_here')).toEqual([]);
    expect(await terminateSessions(one)).toBe(0);
  });

  test('has what was committed after a crash, on the same address', async () => {
    await using server = await startPostgres();
    const url = await createDatabaseAt(server.address);
    await query(url, 'CREATE TABLE kept AS SELECT 1 AS id');
    await server.crash();
    await expect(query(url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await server.start();
    expect(await query(url, 'SELECT id FROM kept')).toEqual([{ id: 1 }]);
    await server.stop();
    await expect(query(url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
