import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStore } from '../../../storage/open-store.ts';
import { build } from '../../../storage/sql/build.ts';
import { all } from '../../../storage/sql/work.ts';
import { SqliteConnection } from '../../../storage/sqlite/connection.ts';
import { migrate } from '../../../storage/sqlite/migrate.ts';
import { openSqliteStore } from '../../../storage/sqlite/open-sqlite-store.ts';
import { isBusy } from '../../../storage/sqlite/store-error.ts';
import { getTask, makeJournalAnswer, makeRun, makeTask, segmentOf } from '../conformance/samples.ts';

let root: string;
let directory: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'stet-sqlite-'));
  directory = join(root, 'some', 'where', '.stet');
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

describe('opening', () => {
  test('makes the directory and every file in it for their owner only, and keeps git away', async () => {
    const store = await openStore(directory);
    await store.journal.appendAnswer(segmentOf('task'), makeJournalAnswer('private'));
    expect(await modeOf(directory)).toBe('700');
    const files = await readdir(directory);
    expect(files).toEqual(expect.arrayContaining(['.gitignore', 'store.db', 'store.db-wal', 'store.db-shm']));
    for (const file of files) expect([file, await modeOf(join(directory, file))]).toEqual([file, '600']);
    expect(await readFile(join(directory, '.gitignore'), 'utf8')).toBe('*\n');
    await store.close();
  });

  test('leaves a .gitignore that is there already', async () => {
    await (await openStore(directory)).close();
    await writeFile(join(directory, '.gitignore'), 'mine\n');
    await (await openStore(directory)).close();
    expect(await readFile(join(directory, '.gitignore'), 'utf8')).toBe('mine\n');
  });

  test('makes one store of many openings at once', async () => {
    const stores = await Promise.all(Array.from({ length: 6 }, () => openStore(directory)));
    const ids = await Promise.all(stores.map((store) => store.runs.getStoreId()));
    expect(new Set(ids).size).toBe(1);
    for (const store of stores) await store.close();
  });

  test('may be closed twice, by the store or by its run log', async () => {
    const store = await openStore(directory);
    await store.runs.close();
    await store.close();
    await expect(store.runs.listRuns({ limit: 1 })).rejects.toMatchObject({ code: 'store-failed' });
  });

  test('refuses the store of a newer release and leaves it alone', async () => {
    await (await openStore(directory)).close();
    const connection = new SqliteConnection(join(directory, 'store.db'));
    connection.exec('UPDATE schema_version SET version = 999');
    connection.close();
    await expect(openStore(directory)).rejects.toMatchObject({
      code: 'store-schema',
      message: expect.stringContaining('999') as string,
    });
  });

  test('says that a file which is no database is damaged', async () => {
    await (await openStore(directory)).close();
    for (const file of await readdir(directory)) await rm(join(directory, file));
    await writeFile(join(directory, 'store.db'), 'not a database at all, only text. '.repeat(300));
    await expect(openStore(directory)).rejects.toMatchObject({ code: 'store-damaged' });
  });

  test('says that a directory cannot be used', async () => {
    await writeFile(join(root, 'file'), '');
    await expect(openStore(join(root, 'file', '.stet'))).rejects.toMatchObject({ code: 'store-failed' });
  });

  test('takes times from the clock it is given', async () => {
    const store = await openSqliteStore(directory, { now: () => new Date('2030-05-06T07:08:09.010Z') });
    await store.runs.createRun(makeRun('run'), [makeTask('task')]);
    await store.results.recordEnd('task', { status: 'failed', error: null });
    expect((await getTask(store, 'task')).endedAt).toBe('2030-05-06T07:08:09.010Z');
    await store.close();
  });
});

describe('a connection', () => {
  test('syncs every commit, waits for others and checks references', async () => {
    await (await openStore(directory)).close();
    const connection = new SqliteConnection(join(directory, 'store.db'));
    const read = (pragma: string) =>
      Object.values(connection.prepare<object>(`PRAGMA ${pragma}`).all([])[0] ?? {})[0] as unknown;
    expect(read('synchronous')).toBe(2);
    expect(read('journal_mode')).toBe('wal');
    expect(read('busy_timeout')).toBe(5_000);
    expect(read('foreign_keys')).toBe(1);
    connection.close();
  });

  test('rolls a failed transaction back and goes on', async () => {
    await (await openStore(directory)).close();
    const connection = new SqliteConnection(join(directory, 'store.db'));
    const insert = connection.prepare('INSERT INTO store_properties VALUES (?, ?)');
    expect(() =>
      connection.transaction(() => {
        insert.run(['fresh', '1']);
        insert.run(['store_id', 'taken']);
      }),
    ).toThrow(expect.objectContaining({ code: 'store-failed' }) as Error);
    expect(connection.prepare(`SELECT * FROM store_properties WHERE name = 'fresh'`).all([])).toEqual([]);
    connection.transaction(() => insert.run(['fresh', '2']));
    expect(connection.prepare(`SELECT value FROM store_properties WHERE name = 'fresh'`).all([])).toEqual([
      { value: '2' },
    ]);
    connection.close();
  });

  test('reports a lock that another connection keeps too long, as something to try again', async () => {
    await (await openStore(directory)).close();
    const path = join(directory, 'store.db');
    const [holder, waiter] = [new SqliteConnection(path), new SqliteConnection(path)];
    waiter.exec('PRAGMA busy_timeout = 50');
    holder.transaction(() => {
      let thrown: unknown;
      try {
        waiter.transaction(() => undefined);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toMatchObject({ code: 'store-failed' });
      expect(isBusy(thrown)).toBe(true);
    });
    waiter.transaction(() => undefined);
    holder.close();
    waiter.close();
  });

  test('refuses to bind what libsql cannot take', async () => {
    await (await openStore(directory)).close();
    const connection = new SqliteConnection(join(directory, 'store.db'));
    const query = build
      .selectFrom('runs')
      .selectAll()
      .where('label', '=', true as unknown as string);
    expect(() => connection.perform(all(query))).toThrow(expect.objectContaining({ code: 'store-failed' }) as Error);
    connection.close();
  });
});

describe('migration', () => {
  test('takes only the steps that are missing, all or none', async () => {
    const connection = new SqliteConnection(join(root, 'fresh.db'));
    const steps = ['CREATE TABLE a (x)', 'INSERT INTO a VALUES (1); CREATE TABLE b (y)'];
    migrate(connection, steps.slice(0, 1));
    migrate(connection, steps);
    migrate(connection, steps);
    expect(connection.prepare('SELECT count(*) AS rows FROM a').all([])).toEqual([{ rows: 1 }]);
    expect(() => migrate(connection, [...steps, 'INSERT INTO a VALUES (2); broken'])).toThrow();
    expect(connection.prepare('SELECT count(*) AS rows FROM a').all([])).toEqual([{ rows: 1 }]);
    expect(connection.prepare('SELECT version FROM schema_version').all([])).toEqual([{ version: 2 }]);
    connection.close();
  });
});
