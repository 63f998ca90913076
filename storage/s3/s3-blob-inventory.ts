import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { BlobFormat, BlobName } from '../blob-format.ts';
import type { BlobInventory, BlobPage, Leftover, StoredBlob } from '../blob-inventory.ts';
import type { RemoteBlobs } from '../remote/remote-blobs.ts';
import { findNameInKey, keyOfBlob, prefixOfBlobs, prefixOfDamaged } from './keys.ts';
import type { S3Connection } from './s3-connection.ts';
import { isNoSuchObject, isNotOffered } from './to-s3-error.ts';

/**
 * What lies in a bucket. S3 has no way to delete an object only if its time is still a certain one, so a sweep looks again
 * and then deletes; docs/store.md says what that means.
 */
export function createS3BlobInventory(connection: S3Connection, blobs: RemoteBlobs, format: BlobFormat): BlobInventory {
  const { location } = connection;
  const { bucket: Bucket } = location;

  const find = (name: BlobName) =>
    connection.request(`Blob ${name} cannot be looked at`, async (client) => {
      try {
        const found = await client.send(new HeadObjectCommand({ Bucket, Key: keyOfBlob(location, name) }));
        return toStoredBlob(client, format, name, {
          Size: found.ContentLength,
          LastModified: found.LastModified,
          ETag: found.ETag,
        });
      } catch (error) {
        if (isNoSuchObject(error)) return undefined;
        throw error;
      }
    });
  const remove = (name: BlobName) =>
    connection.request(`Blob ${name} cannot be removed`, async (client) => {
      await client.send(new DeleteObjectCommand({ Bucket, Key: keyOfBlob(location, name) }));
    });

  return {
    nameOf: (digest) => format.nameOf(digest),
    async *list() {
      yield* listBlobs(connection, format);
      yield* listDamaged(connection);
      yield* listUploads(connection);
    },
    find,
    async sweep(blob) {
      const present = await find(blob.name);
      if (present?.mark !== blob.mark) return false;
      await remove(blob.name);
      return true;
    },
    settle: async () => false, // nothing is ever aside
    removeLeftover: ({ kind, path }) =>
      connection.request('What a write left cannot be removed', async (client) => {
        if (kind === 'damaged') await client.send(new DeleteObjectCommand({ Bucket, Key: path }));
        else {
          const [UploadId = '', ...key] = path.split(' ');
          await client.send(new AbortMultipartUploadCommand({ Bucket, Key: key.join(' '), UploadId }));
        }
        return true;
      }),
    readStored: async (name) => (await blobs.read(name))?.stored,
    writeStored: (name, stored) => blobs.write(name, stored),
    remove,
  };
}

async function* listBlobs(connection: S3Connection, format: BlobFormat): AsyncGenerator<BlobPage> {
  const { location } = connection;
  for await (const objects of listObjects(connection, prefixOfBlobs(location))) {
    const found = objects.flatMap((object) => {
      const name = findNameInKey(location, object.Key ?? '');
      return name === undefined ? [] : [{ name, object }];
    });
    const blobs = found.map(({ name, object }) => toStoredBlob(connection.client, format, name, object));
    yield { blobs, leftovers: [] };
  }
}

async function* listDamaged(connection: S3Connection): AsyncGenerator<BlobPage> {
  for await (const objects of listObjects(connection, prefixOfDamaged(connection.location))) {
    const leftovers = objects.map(
      ({ Key = '', Size = 0, LastModified }): Leftover => ({
        kind: 'damaged',
        path: Key,
        name: undefined,
        sizeBytes: Size,
        sinceMs: LastModified?.getTime() ?? 0,
      }),
    );
    yield { blobs: [], leftovers };
  }
}

/** Uploads in parts that were killed: they take room, and show nowhere else. */
async function* listUploads(connection: S3Connection): AsyncGenerator<BlobPage> {
  const { bucket: Bucket } = connection.location;
  let from: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } | undefined = {};
  while (from !== undefined) {
    const asked = { Bucket, Prefix: prefixOfBlobs(connection.location), ...from };
    const page: ListMultipartUploadsCommandOutput | undefined = await connection.request(
      'Uploads cannot be listed',
      async (client): Promise<ListMultipartUploadsCommandOutput | undefined> =>
        client.send(new ListMultipartUploadsCommand(asked)).catch(orUndefinedWhereNotOffered),
    );
    if (page === undefined) return; // it cleans up by itself, or its owner does
    const leftovers = (page.Uploads ?? []).map(
      ({ Key = '', UploadId = '', Initiated }): Leftover => ({
        kind: 'temporary',
        path: `${UploadId} ${Key}`,
        name: undefined,
        sizeBytes: 0, // of its parts, which would have to be listed one upload at a time
        sinceMs: Initiated?.getTime() ?? 0,
      }),
    );
    yield { blobs: [], leftovers };
    const { NextKeyMarker: KeyMarker = '', NextUploadIdMarker: UploadIdMarker = '' } = page;
    from = page.IsTruncated === true && KeyMarker !== '' ? { KeyMarker, UploadIdMarker } : undefined;
  }
}

/** Not every service that speaks S3 has every call. */
function orUndefinedWhereNotOffered(error: unknown): undefined {
  if (!isNotOffered(error)) throw error;
}

interface ListedObject {
  readonly Key?: string | undefined;
  readonly Size?: number | undefined;
  readonly LastModified?: Date | undefined;
  readonly ETag?: string | undefined;
}

async function* listObjects(connection: S3Connection, Prefix: string): AsyncGenerator<readonly ListedObject[]> {
  for (let token: string | undefined = ''; token !== undefined; ) {
    const from: { readonly ContinuationToken?: string } = token === '' ? {} : { ContinuationToken: token };
    const page: ListObjectsV2CommandOutput = await connection.request('Blobs cannot be listed', (client) =>
      client.send(new ListObjectsV2Command({ Bucket: connection.location.bucket, Prefix, ...from })),
    );
    yield page.Contents ?? [];
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  }
}

function toStoredBlob(
  client: S3Client,
  format: BlobFormat,
  name: BlobName,
  { Size = 0, LastModified, ETag = '' }: ListedObject,
): StoredBlob {
  const writtenAtMs = LastModified?.getTime() ?? 0;
  return {
    name,
    sizeBytes: format.measure(Size),
    // The SDK knows by how much the clocks differ.
    writtenAtMs: writtenAtMs - client.config.systemClockOffset,
    // In whole seconds, since a HEAD gives no more; and the tag, since a put changes the time and may leave the tag.
    mark: `${Math.floor(writtenAtMs / 1_000)} ${ETag}`,
  };
}
