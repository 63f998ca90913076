import type { SqliteConnection } from './connection.ts';

/** Rows a segment of a store whose maker did not say (design 2). */
export const defaultSegmentSize = 200;

/** Fixes the segment size of a store that has none yet. */
export function keepSegmentSize(connection: SqliteConnection, size: number): void {
  if (findSegmentSize(connection) !== undefined) return;
  connection
    .prepare(`INSERT INTO store_properties VALUES ('segment_size', ?) ON CONFLICT DO NOTHING`)
    .run([String(size)]);
}

export function findSegmentSize(connection: SqliteConnection): number | undefined {
  const [row] = connection
    .prepare<{ value: string }>(`SELECT value FROM store_properties WHERE name = 'segment_size'`)
    .all([]);
  return row === undefined ? undefined : Number(row.value);
}
