import { type BlobFormat, plainBlobFormat } from '../blob-format.ts';
import type { Contents } from '../contents.ts';
import { createRemoteContentStore } from '../remote/remote-content-store.ts';
import type { StoreAccess } from '../store-access.ts';
import type { S3Location } from './parse-blobs-location.ts';
import { createS3BlobInventory } from './s3-blob-inventory.ts';
import { createS3Blobs } from './s3-blobs.ts';
import { connectS3 } from './s3-connection.ts';

/** Blobs in a bucket; the first of them that is asked for, or put, finds out whether it can be reached. */
export function openS3Blobs(
  location: S3Location,
  format: BlobFormat = plainBlobFormat,
  access: StoreAccess = 'write',
): Contents {
  const connection = connectS3(location);
  const blobs = createS3Blobs(connection);
  return {
    content: createRemoteContentStore(blobs, format, access),
    blobs: createS3BlobInventory(connection, blobs, format),
    close: () => connection.close(),
  };
}
