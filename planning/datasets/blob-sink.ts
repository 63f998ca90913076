import { digestBytes } from '../../evaluation/fingerprint/digest.ts';
import type { BlobReference } from '../../evaluation/plan.ts';
import type { ContentStore } from '../../storage/content-store.ts';

/** Where segments and manifests go: into the store, or nowhere when only their digests are wanted. */
export type BlobSink = (bytes: Buffer) => Promise<BlobReference>;

/**
 * A sink that stores nothing. The digest is the one that storing gives; the size too where the blob is there already,
 * else it is 0, since only the store knows what it would take on disk.
 */
export function createDryBlobSink(content: ContentStore): BlobSink {
  return async (bytes) => {
    const digest = digestBytes(bytes);
    return { digest, sizeBytes: (await content.findSize(digest)) ?? 0 };
  };
}
