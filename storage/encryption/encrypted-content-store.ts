import type { BlobInventory } from '../blob-inventory.ts';
import type { ContentStore } from '../content-store.ts';
import type { Database } from '../sql/database.ts';
import { findEncryptionRecord } from './encrypted-database.ts';
import { rekeyBlob } from './rekey-blobs.ts';
import type { StoreEncryption } from './store-encryption.ts';

/**
 * Blobs whose keys may be changed while they are put; of a plain store, the content as it is. A rekeying first says which key
 * writes, then lists all blobs: one that is there by then, it finds. Whoever puts one asks after the put which key
 * writes; if that is another one than before, the listing may have missed the blob, and it is sealed anew here.
 *
 * @param content - With the blob format of the encryption.
 * @param database - Without encryption.
 */
export function encryptContent(
  content: ContentStore,
  inventory: BlobInventory,
  database: Database,
  encryption: StoreEncryption,
): ContentStore {
  const { cipher } = encryption;
  if (cipher === undefined) return content;
  return {
    async put(bytes) {
      for (;;) {
        const { writes } = cipher.record;
        const reference = await content.put(bytes);
        encryption.follow(await database.snapshot(findEncryptionRecord));
        if (cipher.record.writes === writes) return reference;
        // While the store still knows the old key, a put would let a blob stand that is sealed with it. Once it does not, such
        // a blob does not open, and the next put replaces it.
        await rekeyBlob(inventory, cipher, cipher.nameOf(reference.digest));
      }
    },
    get: (digest) => content.get(digest),
    findSize: (digest) => content.findSize(digest),
    touch: (digest) => content.touch(digest),
  };
}
