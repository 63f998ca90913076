import { randomBytes } from 'node:crypto';
import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BlobPage } from '../../../storage/blob-inventory.ts';
import type { Contents } from '../../../storage/contents.ts';
import { keyOfBlob } from '../../../storage/s3/keys.ts';
import { openS3Blobs } from '../../../storage/s3/open-s3-blobs.ts';
import { parseBlobsLocation, type S3Location } from '../../../storage/s3/parse-blobs-location.ts';
import { createS3Client } from '../../support/s3/buckets.ts';
import { createBucket, describeOnS3, getS3 } from '../../support/services/shared-services.ts';
import { digestOf } from '../conformance/samples.ts';

const plain = Buffer.from('a blob in a bucket');
const digest = digestOf(plain.toString());

let location: S3Location;
let contents: Contents;
beforeEach(async () => {
  location = { ...parseBlobsLocation(await createBucket()), prefix: 'team/stet/' };
  contents = openS3Blobs(location);
});
afterEach(() => contents.close());

async function listAll(): Promise<BlobPage> {
  const pages: BlobPage[] = [];
  for await (const page of contents.blobs.list()) pages.push(page);
  return { blobs: pages.flatMap(({ blobs }) => blobs), leftovers: pages.flatMap(({ leftovers }) => leftovers) };
}

describeOnS3('blobs in S3', () => {
  test('lie under their names below the prefix, and nothing else does', async () => {
    const { sizeBytes } = await contents.content.put(plain);
    const client = createS3Client(getS3());
    const Key = `team/stet/blobs/${digest.slice(7, 9)}/${digest.slice(9)}`;
    const { ContentLength } = await client.send(new GetObjectCommand({ Bucket: location.bucket, Key }));
    expect(ContentLength).toBe(sizeBytes);
    await client.send(
      new PutObjectCommand({ Bucket: location.bucket, Key: 'team/stet/blobs/README', Body: 'not ours' }),
    );
    const { blobs, leftovers } = await listAll();
    expect(blobs).toMatchObject([{ name: digest.slice(7), sizeBytes }]);
    expect(leftovers).toEqual([]);
    client.destroy();
  });

  test('are sent in parts where they are large, and come back whole', async () => {
    const large = randomBytes(20 * 1024 * 1024);
    const reference = await contents.content.put(large);
    expect(Buffer.from(await contents.content.get(reference.digest)).equals(large)).toBe(true);
    const before = await contents.blobs.find(contents.blobs.nameOf(reference.digest));
    // Known by the check sum of its parts: it is not sent again, but counts as put anew.
    expect(await contents.content.put(large)).toEqual(reference);
    const after = await contents.blobs.find(contents.blobs.nameOf(reference.digest));
    expect(after?.mark.split('"')[1]).toBe(before?.mark.split('"')[1]);
  });

  test('are replaced by whoever puts them while they are damaged, without having been read', async () => {
    const { sizeBytes } = await contents.content.put(plain);
    const client = createS3Client(getS3());
    const Key = keyOfBlob(location, contents.blobs.nameOf(digest));
    await client.send(new PutObjectCommand({ Bucket: location.bucket, Key, Body: randomBytes(sizeBytes) }));
    expect(await contents.content.put(plain)).toEqual({ digest, sizeBytes });
    expect(Buffer.from(await contents.content.get(digest)).equals(plain)).toBe(true);
    client.destroy();
  });

  test('are kept aside where they are damaged, listed as such, and removed by housekeeping', async () => {
    await contents.content.put(plain);
    const client = createS3Client(getS3());
    const Key = keyOfBlob(location, contents.blobs.nameOf(digest));
    await client.send(new PutObjectCommand({ Bucket: location.bucket, Key, Body: 'scribble' }));
    await expect(contents.content.get(digest)).rejects.toMatchObject({ code: 'blob-damaged' });
    await expect(contents.content.get(digest)).rejects.toMatchObject({ code: 'blob-missing' });
    const { blobs, leftovers } = await listAll();
    expect(blobs).toEqual([]);
    expect(leftovers).toMatchObject([{ kind: 'damaged', sizeBytes: 'scribble'.length }]);
    for (const leftover of leftovers) expect(await contents.blobs.removeLeftover(leftover)).toBe(true);
    expect((await listAll()).leftovers).toEqual([]);
    client.destroy();
  });

  test('that are only read stay where they are, damaged or not', async () => {
    await contents.content.put(plain);
    const client = createS3Client(getS3());
    const Key = keyOfBlob(location, contents.blobs.nameOf(digest));
    await client.send(new PutObjectCommand({ Bucket: location.bucket, Key, Body: 'scribble' }));
    const reader = openS3Blobs(location, undefined, 'read');
    await expect(reader.content.get(digest)).rejects.toMatchObject({ code: 'blob-damaged' });
    await expect(reader.content.get(digest)).rejects.toMatchObject({ code: 'blob-damaged' });
    expect((await listAll()).leftovers).toEqual([]);
    reader.close();
    client.destroy();
  });

  test('that a killed upload began are found and given up', async () => {
    const client = createS3Client(getS3());
    const { bucket: Bucket } = location;
    const Key = keyOfBlob(location, contents.blobs.nameOf(digest));
    await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const { leftovers } = await listAll();
    expect(leftovers).toMatchObject([{ kind: 'temporary', name: undefined }]);
    for (const leftover of leftovers) await contents.blobs.removeLeftover(leftover);
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
    expect(Uploads).toEqual([]);
    client.destroy();
  });

  test('are swept only as they were listed', async () => {
    await contents.content.put(plain);
    const name = contents.blobs.nameOf(digest);
    const listed = await contents.blobs.find(name);
    if (listed === undefined) throw new Error('It is not listed.');
    // As if somebody had put it since: its time is another one.
    const asOfLongAgo = { ...listed, mark: listed.mark.replace(/^\d+/, '1000') };
    expect(await contents.blobs.sweep(asOfLongAgo)).toBe(false);
    expect(Buffer.from(await contents.content.get(digest)).equals(plain)).toBe(true);
    expect(await contents.blobs.sweep(listed)).toBe(true);
    expect(await contents.blobs.sweep(listed)).toBe(false);
    expect(await contents.content.touch(digest)).toBe(false);
  });
});
