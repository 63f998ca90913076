import { createSecretKey, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyBytes } from '../encryption/key-ring.ts';
import { override } from '../override.ts';
import type { Store } from '../store.ts';
import { openOverlayStore } from './open-overlay-store.ts';

/** A store for one piece of work; what was written to it is gone when it is disposed of. */
export interface ScratchStore extends AsyncDisposable {
  readonly store: Store;
}

/**
 * Opens a store over another that is only read, for work that must leave no trace there. It lies in a temporary folder, so
 * that memory does not grow with what is written, and is encrypted with a key that only this process has: rows and prompts
 * are content wherever they lie.
 *
 * @param shared - Stays open.
 */
export async function openScratchStore(shared: Store): Promise<ScratchStore> {
  const directory = await mkdtemp(join(tmpdir(), 'stet-scratch-'));
  const remove = () => rm(directory, { recursive: true, force: true });
  const keys = { keys: [{ id: 'scratch', secret: createSecretKey(randomBytes(keyBytes)) }] } as const;
  try {
    const store = await openOverlayStore(directory, override(shared, { close: async () => {} }), { keys });
    return {
      store,
      async [Symbol.asyncDispose]() {
        await store.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
