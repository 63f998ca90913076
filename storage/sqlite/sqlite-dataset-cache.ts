import type { DatasetCache, StoredSelection } from '../dataset-cache.ts';
import type { SqliteConnection } from './connection.ts';

/** The dataset cache in SQLite. Of a file that changed only its latest state is kept. */
export function createSqliteDatasetCache(connection: SqliteConnection): DatasetCache {
  const { build } = connection;
  return {
    async findFileDigest({ device, inode, sizeBytes, mtimeNs, ctimeNs }) {
      const row = connection.find(
        build
          .selectFrom('file_digests')
          .select('digest')
          .where('device', '=', device)
          .where('inode', '=', inode)
          .where('size_bytes', '=', sizeBytes)
          .where('mtime_ns', '=', mtimeNs)
          .where('ctime_ns', '=', ctimeNs),
      );
      return row?.digest;
    },

    async recordFileDigest({ device, inode, sizeBytes, mtimeNs, ctimeNs }, digest) {
      const state = { size_bytes: sizeBytes, mtime_ns: mtimeNs, ctime_ns: ctimeNs, digest };
      connection.run(
        build
          .insertInto('file_digests')
          .values({ device, inode, ...state })
          .onConflict((conflict) => conflict.columns(['device', 'inode']).doUpdateSet(state)),
      );
    },

    async findSelection(readerDigest) {
      const row = connection.find(
        build.selectFrom('selections').select('selection').where('reader_digest', '=', readerDigest),
      );
      return row === undefined ? undefined : (JSON.parse(row.selection) as StoredSelection);
    },

    async recordSelection(readerDigest, selection) {
      const text = JSON.stringify(selection);
      connection.run(
        build
          .insertInto('selections')
          .values({ reader_digest: readerDigest, selection: text })
          .onConflict((conflict) => conflict.column('reader_digest').doUpdateSet({ selection: text })),
      );
    },
  };
}
