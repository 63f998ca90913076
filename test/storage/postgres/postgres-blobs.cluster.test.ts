import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { query } from '../../../bench/servers/postgres/databases.ts';
import { openStore } from '../../../storage/open-store.ts';
import { chunkSizeBytes } from '../../../storage/postgres/blob-tables.ts';
import { describeOnPostgres } from '../../support/services/shared-services.ts';
import { openTemporaryPostgresStore } from '../open-temporary-postgres-store.ts';

let opened: Awaited<ReturnType<typeof openTemporaryPostgresStore>>;

const count = async (table: string) =>
  Number((await query(opened.url, `SELECT count(*) AS n FROM ${table}`))[0]?.['n']);

describeOnPostgres('blobs in PostgreSQL', () => {
  beforeEach(async () => {
    opened = await openTemporaryPostgresStore();
  });
  afterEach(() => opened.dispose());

  test('lie in rows of a bounded size, and come back whole', async () => {
    const { content } = opened.store;
    const bytes = randomBytes(2.5 * chunkSizeBytes); // compression makes it no smaller
    const reference = await content.put(bytes);
    expect(await count('blob_chunks')).toBe(2);
    const [largest] = await query(
      opened.url,
      'SELECT max(length(content)) AS n FROM (SELECT content FROM blobs UNION ALL SELECT content FROM blob_chunks) AS rows',
    );
    expect(largest).toEqual({ n: chunkSizeBytes });
    expect(Buffer.from(await content.get(reference.digest)).equals(bytes)).toBe(true);
    expect(await content.put(bytes)).toEqual(reference);
  });

  test('of which a row is lost are damaged, put aside with all their rows, and stored anew', async () => {
    const { content, blobs } = opened.store;
    const bytes = randomBytes(2.5 * chunkSizeBytes);
    const { digest } = await content.put(bytes);
    await query(opened.url, 'DELETE FROM blob_chunks WHERE chunk_index = 1');
    await expect(content.get(digest)).rejects.toMatchObject({ code: 'blob-damaged' });
    await content.put(bytes);
    expect(Buffer.from(await content.get(digest)).equals(bytes)).toBe(true);
    for await (const { leftovers } of blobs.list()) {
      for (const leftover of leftovers) expect(await blobs.removeLeftover(leftover)).toBe(true);
    }
    expect([await count('blobs'), await count('blob_chunks')]).toEqual([1, 2]);
  });

  test('stay for whoever puts them while a collection is about to sweep them', async () => {
    const { content, blobs } = opened.store;
    const another = (await opened.openAnother()).blobs;
    const forgotten = await content.put(Buffer.from('nobody wants it'));
    const unwanted = await another.find(blobs.nameOf(forgotten.digest));
    if (unwanted === undefined) throw new Error('It is not listed.');
    await content.put(Buffer.from('nobody wants it'));
    expect(await another.sweep(unwanted)).toBe(false);
    for (let round = 0; round < 40; round++) {
      const bytes = Buffer.from(`wanted again and again ${round % 4}`);
      const { digest } = await content.put(bytes);
      const listed = await another.find(blobs.nameOf(digest));
      if (listed === undefined) throw new Error('It is not listed.');
      // Whichever comes first.
      await Promise.all([another.sweep(listed), content.put(bytes)]);
      expect(Buffer.from(await content.get(digest)).equals(bytes)).toBe(true);
    }
  });

  test('can be read, with the records, by a role that may only read; nothing can be written through that', async () => {
    const { digest } = await opened.store.content.put(Buffer.from('shared'));
    const role = `reader_${randomBytes(4).toString('hex')}`;
    await query(opened.url, `CREATE ROLE ${role} LOGIN PASSWORD 'reading'`);
    await query(opened.url, `GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`);
    const url = new URL(opened.url);
    [url.username, url.password] = [role, 'reading'];
    const reader = await openStore(url.href, { access: 'read' });
    expect(Buffer.from(await reader.content.get(digest)).toString()).toBe('shared');
    expect(await reader.runs.getStoreId()).toBe(await opened.store.runs.getStoreId());
    expect(await reader.runs.listRuns({ limit: 1 })).toEqual([]);
    await reader.close();
    // With the rights of the owner as well.
    const careless = await openStore(opened.url, { access: 'read' });
    await expect(careless.content.put(Buffer.from('by mistake'))).rejects.toMatchObject({ code: 'store-failed' });
    await careless.close();
    expect(await count('blobs')).toBe(1);
  });
});
