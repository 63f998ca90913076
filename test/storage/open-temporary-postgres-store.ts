import { query } from '../../bench/servers/postgres/databases.ts';
import type { Digest } from '../../contracts/digest.ts';
import { openPostgresStore, type PostgresStoreOptions } from '../../storage/postgres/open-postgres-store.ts';
import type { Store } from '../../storage/store.ts';
import { createDatabase } from '../support/services/shared-services.ts';
import type { OpenedStore } from './conformance/opened-store.ts';

/** A PostgreSQL store in a database of its own, with its blobs in it. */
export async function openTemporaryPostgresStore(
  options: PostgresStoreOptions = {},
): Promise<OpenedStore & { readonly url: string }> {
  const url = await createDatabase();
  const all: Store[] = [];
  const openAnother = async () => {
    const store = await openPostgresStore(url, options);
    all.push(store);
    return store;
  };
  const closeAll = async () => {
    for (const store of all.splice(0)) await store.close();
  };
  return {
    url,
    store: await openAnother(),
    openAnother,
    async reopen() {
      await closeAll();
      return openAnother();
    },
    async damageBlob(digest, bytes) {
      const content = `'\\x${Buffer.from(bytes).toString('hex')}'`;
      await query(url, `UPDATE blobs SET content = ${content} WHERE name = '${nameOf(digest)}'`);
    },
    async removeBlob(digest) {
      await query(url, `DELETE FROM blobs WHERE name = '${nameOf(digest)}'`);
    },
    dispose: closeAll,
  };
}

function nameOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
