/** Larger contents are cut into rows of this size: no row, and no message, is larger than a few of it. */
export const chunkSizeBytes = 4 * 1024 * 1024;

/** Now, as the tables have times, by the clock of the server. */
export const nowUs = '(extract(epoch FROM clock_timestamp()) * 1000000)::bigint';

/** Stands behind the name of a damaged blob that was put aside. */
export const damagedMark = '.damaged.';

/** Their names. */
export const blobTableNames = ['blobs', 'blob_chunks'] as const;

/**
 * The tables of blobs. A damaged one that was put aside is in them, too, under a name that none can have. Times are
 * microseconds since 1970 by the clock of the server. What is stored is compressed already.
 */
export const blobTables: readonly string[] = [
  `CREATE TABLE blobs (
    name TEXT COLLATE "C" PRIMARY KEY,
    size_bytes BIGINT NOT NULL,
    written_at_us BIGINT NOT NULL,
    -- Its beginning; for most all of it.
    content BYTEA NOT NULL
  )`,
  'ALTER TABLE blobs ALTER COLUMN content SET STORAGE EXTERNAL',
  `CREATE TABLE blob_chunks (
    name TEXT COLLATE "C" NOT NULL REFERENCES blobs ON UPDATE CASCADE ON DELETE CASCADE,
    -- From 1: the beginning is in the other table.
    chunk_index INTEGER NOT NULL,
    content BYTEA NOT NULL,
    PRIMARY KEY (name, chunk_index)
  )`,
  'ALTER TABLE blob_chunks ALTER COLUMN content SET STORAGE EXTERNAL',
];
