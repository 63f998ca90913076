import { createHash } from 'node:crypto';

/** Larger ones are sent in parts of this size. */
export const partSizeBytes = 8 * 1024 * 1024;

/** SHA-256 of bytes as S3 writes it. */
export function computeChecksum(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64');
}

/**
 * What S3 may give as the SHA-256 of an object: that of its bytes or, for one that was sent in parts, that of the parts'
 * check sums, with their number. A copy within S3 may turn the second into the first.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */
export function listPossibleChecksums(bytes: Uint8Array): readonly string[] {
  const whole = computeChecksum(bytes);
  if (bytes.byteLength <= partSizeBytes) return [whole];
  const parts = createHash('sha256');
  let count = 0;
  for (let start = 0; start < bytes.byteLength; start += partSizeBytes) {
    parts.update(
      createHash('sha256')
        .update(bytes.subarray(start, start + partSizeBytes))
        .digest(),
    );
    count += 1;
  }
  return [whole, `${parts.digest('base64')}-${count}`];
}
