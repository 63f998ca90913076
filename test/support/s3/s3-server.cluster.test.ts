import { GetObjectCommand, ListBucketsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { createBucket, describeOnS3, getS3 } from '../services/shared-services.ts';
import { createS3Client } from './buckets.ts';

describeOnS3('an S3 server for tests', () => {
  test('gives each test a bucket of its own, under keys that nobody else has', async () => {
    const [bucket, other] = (await Promise.all([createBucket(), createBucket()])).map((url) => new URL(url).hostname);
    const client = createS3Client(getS3());
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'a/b', Body: 'text' }));
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: 'a/b' }));
    expect(await Body?.transformToString()).toBe('text');
    await expect(client.send(new GetObjectCommand({ Bucket: other, Key: 'a/b' }))).rejects.toMatchObject({
      name: 'NoSuchKey',
    });
    const stranger = createS3Client({ ...getS3(), secretAccessKey: 'guessed' });
    await expect(stranger.send(new ListBucketsCommand({}))).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
  });
});
