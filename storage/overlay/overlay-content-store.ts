import type { ContentStore } from '../content-store.ts';
import { isBlobLost } from '../is-blob-lost.ts';

/** Blobs of a store over those of one that is only read: read from both, put into the first. */
export function createOverlayContentStore(own: ContentStore, shared: ContentStore): ContentStore {
  return {
    put: (bytes) => own.put(bytes),
    async get(digest) {
      try {
        return await own.get(digest);
      } catch (error) {
        if (!isBlobLost(error)) throw error;
        // Where it is damaged here and not there as well, the damage is the news.
        return shared.get(digest).catch((reason: unknown) => {
          throw isBlobLost(reason) && error.code === 'blob-damaged' ? error : reason;
        });
      }
    },
    findSize: async (digest) => (await own.findSize(digest)) ?? shared.findSize(digest),
    // What is kept there for how long is not this store's business; it is as safe as what it found there.
    touch: async (digest) => (await own.touch(digest)) || (await shared.findSize(digest)) !== undefined,
  };
}
