import { createHash, randomBytes } from 'node:crypto';
import type { BlobFormat, BlobName } from '../blob-format.ts';
import type { BlobInventory } from '../blob-inventory.ts';
import type { ContentStore } from '../content-store.ts';
import type { RemoteBlob, RemoteBlobs } from '../remote/remote-blobs.ts';
import { createRemoteContentStore } from '../remote/remote-content-store.ts';
import { createSlots } from '../remote/slots.ts';
import type { StoreAccess } from '../store-access.ts';
import { chunkSizeBytes, damagedMark, nowUs } from './blob-tables.ts';
import { createPostgresBlobInventory } from './postgres-blob-inventory.ts';
import type { PostgresSession, PostgresSessions } from './postgres-sessions.ts';

/** Contents that are held in memory, and so many sessions, at once. */
const transfersAtOnce = 4;

/** Later than what stands, also where the clock went back: the time tells whether a blob was put since. */
const laterUs = `greatest(${nowUs}, blobs.written_at_us + 1)`;

/** Blobs in the database of a store. */
export function createPostgresBlobs(
  sessions: PostgresSessions,
  format: BlobFormat,
  access: StoreAccess,
): { readonly content: ContentStore; readonly blobs: BlobInventory } {
  const blobs = createBlobs(sessions);
  return {
    content: createRemoteContentStore(blobs, format, access),
    blobs: createPostgresBlobInventory(sessions, blobs, format),
  };
}

function createBlobs(sessions: PostgresSessions): RemoteBlobs {
  const inTurn = createSlots(transfersAtOnce);
  return {
    read: (name) => inTurn(() => sessions.run((session) => readBlob(session, name))),
    write: (name, stored) => inTurn(() => sessions.run((session) => writeBlob(session, name, stored))),
    touch: (name) =>
      sessions.run(async (session) => {
        const touched = await session.query(`UPDATE blobs SET written_at_us = ${laterUs} WHERE name = $1`, [name]);
        return touched.rowCount > 0;
      }),
    findStoredSize: (name) =>
      sessions.run(async (session) => {
        const { rows } = await session.query<{ size: string }>(
          'SELECT size_bytes::text AS size FROM blobs WHERE name = $1',
          [name],
        );
        return rows[0] === undefined ? undefined : Number(rows[0].size);
      }),
    holds: (name, stored) =>
      sessions.run(async (session) => {
        const { rows } = await session.query<{ checksum: string }>(
          `SELECT 0 AS chunk_index, encode(sha256(content), 'hex') AS checksum FROM blobs
             WHERE name = $1 AND size_bytes = $2
           UNION ALL
           SELECT chunk_index, encode(sha256(content), 'hex') FROM blob_chunks WHERE name = $1
           ORDER BY chunk_index`,
          [name, stored.byteLength],
        );
        const wanted = cutIntoChunks(stored).map((chunk) => createHash('sha256').update(chunk).digest('hex'));
        return rows.length === wanted.length && wanted.every((checksum, index) => rows[index]?.checksum === checksum);
      }),
    setAside: (name, version) =>
      sessions.run(async (session) => {
        await session.query(
          `UPDATE blobs SET name = $1 || $3, written_at_us = ${nowUs} WHERE name = $1 AND written_at_us = $2::bigint`,
          [name, version, `${damagedMark}${randomBytes(6).toString('hex')}`],
        );
      }),
  };
}

interface HeadRow {
  readonly size: string;
  readonly version: string;
  readonly content: Buffer;
}

async function readBlob(session: PostgresSession, name: BlobName): Promise<RemoteBlob | undefined> {
  const head = await findHead(session, name);
  if (head === undefined) return undefined;
  if (head.content.byteLength >= Number(head.size)) return { stored: head.content, version: head.version };
  return readChunks(session, name);
}

/** All rows of one state of the database, one after the other. */
async function readChunks(session: PostgresSession, name: BlobName): Promise<RemoteBlob | undefined> {
  await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    const head = await findHead(session, name);
    if (head === undefined) return undefined;
    const chunks: Buffer[] = [head.content];
    for (let index = 1; ; index++) {
      const { rows } = await session.query<{ content: Buffer }>(
        'SELECT content FROM blob_chunks WHERE name = $1 AND chunk_index = $2',
        [name, index],
      );
      if (rows[0] === undefined) return { stored: Buffer.concat(chunks), version: head.version };
      chunks.push(rows[0].content);
    }
  } finally {
    await session.query('COMMIT');
  }
}

async function findHead(session: PostgresSession, name: BlobName): Promise<HeadRow | undefined> {
  const { rows } = await session.query<HeadRow>(
    'SELECT size_bytes::text AS size, written_at_us::text AS version, content FROM blobs WHERE name = $1',
    [name],
  );
  return rows[0];
}

async function writeBlob(session: PostgresSession, name: BlobName, stored: Uint8Array): Promise<void> {
  const [first = stored, ...rest] = cutIntoChunks(stored);
  const writeFirst = () =>
    session.query(
      `WITH earlier AS (DELETE FROM blob_chunks WHERE name = $1)
       INSERT INTO blobs (name, size_bytes, written_at_us, content) VALUES ($1, $2, ${nowUs}, $3)
       ON CONFLICT (name) DO UPDATE
         SET size_bytes = excluded.size_bytes, written_at_us = ${laterUs}, content = excluded.content`,
      [name, stored.byteLength, first],
    );
  if (rest.length === 0) {
    await writeFirst();
    return;
  }
  await session.query('BEGIN');
  try {
    await writeFirst();
    for (const [index, chunk] of rest.entries()) {
      await session.query(
        `INSERT INTO blob_chunks (name, chunk_index, content) VALUES ($1, $2, $3)
         ON CONFLICT (name, chunk_index) DO UPDATE SET content = excluded.content`,
        [name, index + 1, chunk],
      );
    }
    await session.query('COMMIT');
  } catch (error) {
    await session.query('ROLLBACK').catch(() => undefined); // of a connection that is lost there is nothing to take back
    throw error;
  }
}

function cutIntoChunks(stored: Uint8Array): readonly Buffer[] {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  const count = Math.max(1, Math.ceil(bytes.byteLength / chunkSizeBytes));
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * chunkSizeBytes, (index + 1) * chunkSizeBytes),
  );
}
