import { type BlobFormat, type BlobName, isBlobName } from '../blob-format.ts';
import type { BlobInventory, BlobPage, Leftover, StoredBlob } from '../blob-inventory.ts';
import type { RemoteBlobs } from '../remote/remote-blobs.ts';
import { nowUs } from './blob-tables.ts';
import type { PostgresSessions } from './postgres-sessions.ts';

const pageSize = 1_000;

interface ListedRow {
  readonly name: string;
  readonly size: string;
  readonly written: string;
  /** Of the server, at that moment. */
  readonly now: string;
}

const columns = `name, size_bytes::text AS size, written_at_us::text AS written, ${nowUs}::text AS now`;

/** What lies in the tables of blobs. A statement removes a blob only if its time is the one that was listed. */
export function createPostgresBlobInventory(
  sessions: PostgresSessions,
  blobs: RemoteBlobs,
  format: BlobFormat,
): BlobInventory {
  const remove = (name: string): Promise<boolean> =>
    sessions.run(async (session) => (await session.query('DELETE FROM blobs WHERE name = $1', [name])).rowCount > 0);
  const toStoredBlob = ({ name, size, written, now }: ListedRow): StoredBlob => ({
    name,
    sizeBytes: format.measure(Number(size)),
    writtenAtMs: toLocalMs(written, now),
    mark: written,
  });
  const listPage = (after: string) =>
    sessions.run(async (session) => {
      const page = `SELECT ${columns} FROM blobs WHERE name > $1 ORDER BY name LIMIT ${pageSize}`;
      return (await session.query<ListedRow>(page, [after])).rows;
    });
  return {
    nameOf: (digest) => format.nameOf(digest),
    async *list() {
      for (let after: string | undefined = ''; after !== undefined; ) {
        const rows: readonly ListedRow[] = await listPage(after);
        yield {
          blobs: rows.filter(({ name }) => isBlobName(name)).map(toStoredBlob),
          leftovers: rows.filter(({ name }) => !isBlobName(name)).map(toLeftover),
        } satisfies BlobPage;
        after = rows.at(-1)?.name;
      }
    },
    find: (name) =>
      sessions.run(async (session) => {
        const { rows } = await session.query<ListedRow>(`SELECT ${columns} FROM blobs WHERE name = $1`, [name]);
        return rows[0] === undefined ? undefined : toStoredBlob(rows[0]);
      }),
    sweep: ({ name, mark }) =>
      sessions.run(async (session) => {
        const swept = 'DELETE FROM blobs WHERE name = $1 AND written_at_us = $2::bigint';
        return (await session.query(swept, [name, mark])).rowCount > 0;
      }),
    settle: async () => false, // nothing is ever aside
    removeLeftover: ({ path }) => remove(path),
    readStored: async (name: BlobName) => (await blobs.read(name))?.stored,
    writeStored: (name, stored) => blobs.write(name, stored),
    async remove(name) {
      await remove(name);
    },
  };
}

function toLeftover({ name, size, written, now }: ListedRow): Leftover {
  return { kind: 'damaged', path: name, name: undefined, sizeBytes: Number(size), sinceMs: toLocalMs(written, now) };
}

/** A time of the server by the clock of this machine, which housekeeping compares it with. */
function toLocalMs(writtenUs: string, nowUs: string): number {
  return Math.floor(Date.now() - (Number(nowUs) - Number(writtenUs)) / 1_000);
}
