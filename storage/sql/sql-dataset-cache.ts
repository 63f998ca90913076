import type { DatasetCache, StoredSelection } from '../dataset-cache.ts';
import { openRow } from '../encryption/sealed-rows.ts';
import { build } from './build.ts';
import type { Database } from './database.ts';
import { useColumns } from './use-columns.ts';
import { execute, find } from './work.ts';

/**
 * The dataset cache in a database. Of a file that changed only its latest state is kept.
 *
 * @param host - Goes before the name of a device, where several machines share the store: they number theirs alike.
 */
export function createSqlDatasetCache(database: Database, host?: string): DatasetCache {
  const nameDevice = (device: string) => (host === undefined ? device : `${host}/${device}`);
  return {
    async findFileDigest({ device, inode, sizeBytes, mtimeNs, ctimeNs }) {
      const row = await database.snapshot(() =>
        find(
          build
            .selectFrom('file_digests')
            .select('digest')
            .where('device', '=', nameDevice(device))
            .where('inode', '=', inode)
            .where('size_bytes', '=', sizeBytes)
            .where('mtime_ns', '=', mtimeNs)
            .where('ctime_ns', '=', ctimeNs),
        ),
      );
      return row?.digest;
    },

    async recordFileDigest({ device, inode, sizeBytes, mtimeNs, ctimeNs }, digest) {
      const state = { size_bytes: sizeBytes, mtime_ns: mtimeNs, ctime_ns: ctimeNs, digest };
      await database.transaction(() =>
        execute(
          build
            .insertInto('file_digests')
            .values({ device: nameDevice(device), inode, ...state })
            .onConflict((conflict) => conflict.columns(['device', 'inode']).doUpdateSet(state)),
        ),
      );
    },

    async findSelection(readerDigest) {
      return database.snapshot(function* () {
        const row = yield* find(build.selectFrom('selections').selectAll().where('reader_digest', '=', readerDigest));
        if (row === undefined) return undefined;
        return JSON.parse(openRow(yield* useColumns(), 'selections', row).selection) as StoredSelection;
      });
    },

    async recordSelection(readerDigest, selection) {
      const key = { reader_digest: readerDigest };
      await database.transaction(function* () {
        const text = (yield* useColumns()).seal('selections', 'selection', key, JSON.stringify(selection));
        const values = { manifest_digest: selection.manifest.digest, selection: text };
        yield* execute(
          build
            .insertInto('selections')
            .values({ ...key, ...values })
            .onConflict((conflict) => conflict.column('reader_digest').doUpdateSet(values)),
        );
      });
    },
  };
}
