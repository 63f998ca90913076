import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { RemoteBlobs } from '../remote/remote-blobs.ts';
import { computeChecksum, listPossibleChecksums, partSizeBytes } from './checksum.ts';
import { keyOfBlob, keyOfDamaged } from './keys.ts';
import type { S3Connection } from './s3-connection.ts';
import { isNoSuchObject } from './to-s3-error.ts';

const readAttempts = 5;
const firstReadWaitMs = 100;
const partsAtOnce = 4;

/** Blobs as objects `<prefix>/blobs/ab/cdef…` of a bucket. */
export function createS3Blobs(connection: S3Connection): RemoteBlobs {
  const { location } = connection;
  const { bucket: Bucket } = location;
  const reach = createReach(connection);

  return {
    async read(name) {
      await reach();
      const Key = keyOfBlob(location, name);
      return connection.request(`Blob ${name} cannot be read`, async (client) => {
        // The SDK sends a request again, but does not begin a body again that was cut.
        for (let attempt = 1; ; attempt++) {
          try {
            const { Body, ETag = '' } = await client.send(new GetObjectCommand({ Bucket, Key }));
            return { stored: (await Body?.transformToByteArray()) ?? new Uint8Array(), version: ETag };
          } catch (error) {
            if (isNoSuchObject(error)) return undefined;
            if (attempt === readAttempts || !isCut(error)) throw error;
          }
          await sleep(firstReadWaitMs * 2 ** (attempt - 1) * (0.5 + Math.random()));
        }
      });
    },
    async write(name, stored) {
      await reach();
      const object = { Bucket, Key: keyOfBlob(location, name), Body: stored };
      await connection.request(`Blob ${name} cannot be written`, async (client) => {
        if (stored.byteLength <= partSizeBytes) {
          await client.send(new PutObjectCommand({ ...object, ChecksumSHA256: computeChecksum(stored) }));
          return;
        }
        const params = { ...object, ChecksumAlgorithm: 'SHA256' } as const;
        await new Upload({ client, params, partSize: partSizeBytes, queueSize: partsAtOnce }).done();
      });
    },
    touch: (name) =>
      connection.request(`Blob ${name} cannot be touched`, async (client) => {
        const Key = keyOfBlob(location, name);
        try {
          // A copy onto itself, which S3 allows only where something is replaced.
          await client.send(
            new CopyObjectCommand({
              Bucket,
              Key,
              CopySource: `${Bucket}/${encodeURI(Key)}`,
              MetadataDirective: 'REPLACE',
              ChecksumAlgorithm: 'SHA256',
            }),
          );
          return true;
        } catch (error) {
          if (isNoSuchObject(error)) return false;
          throw error;
        }
      }),
    async findStoredSize(name) {
      await reach();
      return connection.request(`Blob ${name} cannot be looked at`, async (client) => {
        try {
          const found = await client.send(new HeadObjectCommand({ Bucket, Key: keyOfBlob(location, name) }));
          return found.ContentLength;
        } catch (error) {
          if (isNoSuchObject(error)) return undefined;
          throw error;
        }
      });
    },
    holds: (name, stored) =>
      connection.request(`Blob ${name} cannot be looked at`, async (client) => {
        try {
          const { ContentLength, ChecksumSHA256 } = await client.send(
            new HeadObjectCommand({ Bucket, Key: keyOfBlob(location, name), ChecksumMode: 'ENABLED' }),
          );
          if (ContentLength !== stored.byteLength || ChecksumSHA256 === undefined) return false;
          return listPossibleChecksums(stored).includes(ChecksumSHA256);
        } catch (error) {
          if (isNoSuchObject(error)) return false;
          throw error;
        }
      }),
    setAside: (name, version) =>
      connection.request(`Blob ${name} cannot be put aside`, async (client) => {
        const Key = keyOfBlob(location, name);
        await client.send(
          new CopyObjectCommand({
            Bucket,
            Key: keyOfDamaged(location, name, randomBytes(6).toString('hex')),
            CopySource: `${Bucket}/${encodeURI(Key)}`,
            CopySourceIfMatch: version,
          }),
        );
        await client.send(new DeleteObjectCommand({ Bucket, Key, IfMatch: version }));
      }),
  };
}

/**
 * Makes sure, once, that the bucket is there and may be listed. A HEAD says 404 of an object and of a bucket alike: with
 * a misspelt bucket every blob would seem lost, and be paid for again.
 */
function createReach(connection: S3Connection): () => Promise<void> {
  const { bucket: Bucket, prefix: Prefix } = connection.location;
  let reached: Promise<void> | undefined;
  return () => {
    reached ??= connection
      .request('Blobs cannot be found', async (client) => {
        await client.send(new ListObjectsV2Command({ Bucket, Prefix, MaxKeys: 1 }));
      })
      .catch((error: unknown) => {
        reached = undefined;
        throw error;
      });
    return reached;
  };
}

/** Whether a connection ended before the body did. */
function isCut(error: unknown): boolean {
  if (!(error instanceof Error) || '$metadata' in error) return false;
  return 'code' in error || error.name === 'AbortError' || error.name === 'TimeoutError' || error.message === 'aborted';
}
