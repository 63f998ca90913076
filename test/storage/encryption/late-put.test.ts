import { join } from 'node:path';
import { expect, it } from 'vitest';
import { rekey } from '../../../embedded/rekey-store.ts';
import type { BlobFormat } from '../../../storage/blob-format.ts';
import { encryptContent } from '../../../storage/encryption/encrypted-content-store.ts';
import { openStoreEncryption } from '../../../storage/encryption/encrypted-database.ts';
import { readKeyId } from '../../../storage/encryption/envelope.ts';
import { rekeyStore } from '../../../storage/encryption/rekey-store.ts';
import { createFileContentStore } from '../../../storage/files/file-content-store.ts';
import { openRawStore } from '../../../storage/open-raw-store.ts';
import { openStore } from '../../../storage/open-store.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { makeKeyText, makeRing } from './make-keys.ts';

const [k1, k2] = [makeKeyText('k1'), makeKeyText('k2')];

// A blob is sealed with the old key, then keys change, and only then it reaches the disk.
it.each(['while keys change', 'after keys have changed'] as const)(
  'seals a blob anew that lands late, %s',
  async (when) => {
    await using folder = await makeTemporaryFolder();
    const directory = join(folder.path, '.stet');
    await (await openStore(directory, { keys: makeRing(k1) })).close();
    const raw = await openRawStore(directory);
    const encryption = await openStoreEncryption(raw.database, makeRing(k1, k2));
    let sealed = (): void => {};
    let land = (): void => {};
    const isSealed = new Promise<void>((resolve) => (sealed = resolve));
    const mayLand = new Promise<void>((resolve) => (land = resolve));
    const format: BlobFormat = {
      ...encryption.blobs,
      async encode(digest, plain) {
        const stored = await encryption.blobs.encode(digest, plain);
        sealed();
        await mayLand;
        return stored;
      },
    };
    const content = encryptContent(createFileContentStore(directory, format), raw.inventory, raw.database, encryption);

    const put = content.put(Buffer.from('late'));
    await isSealed;
    if (when === 'after keys have changed') {
      await rekey({ store: directory, environment: { STET_ENCRYPTION_KEYS: `${k2},${k1}` } });
      land();
    } else {
      const compact = async (): Promise<void> => {
        // All blobs have been listed; the old key is still known.
        land();
        await put;
      };
      await rekeyStore({ ...raw, compact }, makeRing(k2, k1), { listWorkers: async () => [], onProgress: () => {} });
    }
    const { digest } = await put;
    expect(readKeyId((await raw.inventory.readStored(encryption.blobs.nameOf(digest))) ?? Buffer.alloc(0))).toBe('k2');
    await raw.close();

    const store = await openStore(directory, { keys: makeRing(k2) });
    expect(Buffer.from(await store.content.get(digest)).toString()).toBe('late');
    await store.close();
  },
);
