import { type Digest, isDigest } from '../../contracts/digest.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { digestBytes } from '../../evaluation/fingerprint/digest.ts';
import type { BlobReference } from '../../evaluation/plan.ts';
import type { BlobFormat, BlobName } from '../blob-format.ts';
import type { ContentStore } from '../content-store.ts';
import type { StoreAccess } from '../store-access.ts';
import type { RemoteBlobs } from './remote-blobs.ts';

/** Blobs in a place behind a connection. */
export function createRemoteContentStore(blobs: RemoteBlobs, format: BlobFormat, access: StoreAccess): ContentStore {
  const writes = new Map<Digest, Promise<BlobReference>>();
  const nameOf = (digest: Digest): BlobName => {
    if (!isDigest(digest)) throw new EvaluationError('internal', `"${String(digest)}" is not a digest.`);
    return format.nameOf(digest);
  };
  return {
    async put(bytes) {
      const digest = digestBytes(bytes);
      // Equal bytes put at once in this process are sent once.
      const inProgress = writes.get(digest);
      if (inProgress !== undefined) return inProgress;
      const writing = putBlob(blobs, format, { digest, bytes }).finally(() => writes.delete(digest));
      writes.set(digest, writing);
      return writing;
    },
    get: async (digest) => getBlob(blobs, format, { digest, name: nameOf(digest), access }),
    async findSize(digest) {
      const size = await blobs.findStoredSize(nameOf(digest));
      return size === undefined ? undefined : format.measure(size);
    },
    touch: async (digest) => blobs.touch(nameOf(digest)),
  };
}

async function putBlob(
  blobs: RemoteBlobs,
  format: BlobFormat,
  { digest, bytes }: { readonly digest: Digest; readonly bytes: Uint8Array },
): Promise<BlobReference> {
  const name = format.nameOf(digest);
  const stored = await format.encode(digest, bytes);
  // Touched before it is verified, never after: what a collection takes away in between is missed by the look.
  if (await blobs.touch(name)) {
    if (await blobs.holds(name, stored)) return { digest, sizeBytes: format.measure(stored.byteLength) };
    // Written by another release's compression, or with another key; or it is damaged.
    const present = await blobs.read(name);
    if (present !== undefined && (await format.decode(digest, present.stored)) !== undefined) {
      return { digest, sizeBytes: format.measure(present.stored.byteLength) };
    }
  }
  await blobs.write(name, stored);
  return { digest, sizeBytes: format.measure(stored.byteLength) };
}

async function getBlob(
  blobs: RemoteBlobs,
  format: BlobFormat,
  { digest, name, access }: { readonly digest: Digest; readonly name: BlobName; readonly access: StoreAccess },
): Promise<Uint8Array> {
  // A second look: the first may have met the bytes as somebody mended them.
  for (let looksLeft = 1; ; looksLeft--) {
    const present = await blobs.read(name);
    if (present === undefined) throw new EvaluationError('blob-missing', `Blob ${digest} is not in the store.`);
    const plain = await format.decode(digest, present.stored);
    if (plain !== undefined) return plain;
    if (looksLeft > 0) continue;
    // Out of the way, so that the next look-up, which does not read blobs, sees that it is lost.
    if (access === 'write') await blobs.setAside(name, present.version).catch(() => undefined);
    throw new EvaluationError('blob-damaged', `Blob ${digest} is damaged: its content is not what its name says.`);
  }
}
