import { randomBytes } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { S3Address } from './s3-server.ts';

const region = 'us-east-1';

/** Makes an empty bucket. @returns a value of `STET_BLOBS`. */
export async function createBucket(address: S3Address): Promise<string> {
  const bucket = `test-${randomBytes(6).toString('hex')}`;
  const client = createS3Client(address);
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  } finally {
    client.destroy();
  }
  return makeBlobsUrl(address.endpoint, bucket);
}

export function makeBlobsUrl(endpoint: string, bucketAndPrefix: string): string {
  return `s3://${bucketAndPrefix}?endpoint=${encodeURIComponent(endpoint)}&region=${region}&force_path_style=true`;
}

/** A client of one's own, to look at and to harm what lies there. */
export function createS3Client({ endpoint, accessKeyId, secretAccessKey }: S3Address): S3Client {
  return new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });
}
