import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Digest } from '../../contracts/digest.ts';
import type { KeyRing } from '../../storage/encryption/key-ring.ts';
import { openStore } from '../../storage/open-store.ts';
import type { Store } from '../../storage/store.ts';
import type { OpenedStore } from './conformance/opened-store.ts';

/** A SQLite store in a folder of its own, which goes with it; with keys an encrypted one. */
export async function openTemporaryStore(keys?: KeyRing): Promise<OpenedStore & { readonly directory: string }> {
  const root = await mkdtemp(join(tmpdir(), 'stet-store-'));
  const directory = join(root, '.stet');
  const all: Store[] = [];
  const openAnother = async () => {
    const store = await openStore(directory, { keys });
    all.push(store);
    return store;
  };
  const closeAll = async () => {
    for (const store of all.splice(0)) await store.close();
  };
  const store = await openAnother();
  const pathOfBlob = (digest: Digest) => pathOf(directory, `sha256:${store.blobs.nameOf(digest)}`);
  return {
    directory,
    store,
    openAnother,
    async reopen() {
      await closeAll();
      return openAnother();
    },
    damageBlob: (digest, bytes) => writeFile(pathOfBlob(digest), bytes),
    removeBlob: (digest) => rm(pathOfBlob(digest)),
    async dispose() {
      await closeAll();
      await rm(root, { recursive: true, force: true });
    },
  };
}

export function pathOf(directory: string, digest: Digest): string {
  const hex = digest.slice('sha256:'.length);
  return join(directory, 'blobs', hex.slice(0, 2), hex.slice(2));
}
