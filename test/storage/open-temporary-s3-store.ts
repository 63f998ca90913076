import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { openStore } from '../../storage/open-store.ts';
import { keyOfBlob } from '../../storage/s3/keys.ts';
import { parseBlobsLocation } from '../../storage/s3/parse-blobs-location.ts';
import type { Store } from '../../storage/store.ts';
import { createS3Client } from '../support/s3/buckets.ts';
import { createBucket, createDatabase, getS3 } from '../support/services/shared-services.ts';
import type { OpenedStore } from './conformance/opened-store.ts';

/** A PostgreSQL store in a database of its own, with its blobs in a bucket of its own. */
export async function openTemporaryS3Store(): Promise<OpenedStore> {
  const url = await createDatabase();
  const blobs = parseBlobsLocation(await createBucket());
  const { bucket: Bucket } = blobs;
  const client = createS3Client(getS3());
  const all: Store[] = [];
  const openAnother = async () => {
    const store = await openStore(url, { blobs });
    all.push(store);
    return store;
  };
  const closeAll = async () => {
    for (const store of all.splice(0)) await store.close();
  };
  const store = await openAnother();
  const keyOf = (digest: Parameters<OpenedStore['removeBlob']>[0]) => keyOfBlob(blobs, store.blobs.nameOf(digest));
  return {
    store,
    openAnother,
    async reopen() {
      await closeAll();
      return openAnother();
    },
    async damageBlob(digest, bytes) {
      await client.send(new PutObjectCommand({ Bucket, Key: keyOf(digest), Body: bytes }));
    },
    async removeBlob(digest) {
      await client.send(new DeleteObjectCommand({ Bucket, Key: keyOf(digest) }));
    },
    async dispose() {
      await closeAll();
      client.destroy();
    },
  };
}
