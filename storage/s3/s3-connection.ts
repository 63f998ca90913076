import { S3Client } from '@aws-sdk/client-s3';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { createSlots } from '../remote/slots.ts';
import type { S3Location } from './parse-blobs-location.ts';
import { toS3Error } from './to-s3-error.ts';

/** A bucket as the rest of this folder uses it. */
export interface S3Connection {
  readonly location: S3Location;
  readonly client: S3Client;
  /**
   * Runs requests, not too many at once.
   *
   * @param what - What could not be done should it fail, such as `Blob … cannot be read`.
   * @throws {EvaluationError} `store-failed` in place of any error of the SDK.
   */
  request<T>(what: string, send: (client: S3Client) => Promise<T>): Promise<T>;
  close(): void;
}

/** A request is tried so often: after 100 ms, then twice as long each time, with jitter. */
const attempts = 7;
const requestsAtOnce = 16;
/** Above `requestsAtOnce`, since an upload in parts sends several at once. */
const sockets = 64;
const connectTimeoutMs = 5_000;
/** Without a byte in either direction. */
const silenceTimeoutMs = 30_000;
/** For a whole request with its answer: a part of 8 MiB over a line of 1 Mbit/s. */
const requestTimeoutMs = 120_000;

export function connectS3(location: S3Location): S3Connection {
  const { endpoint, region, forcePathStyle } = location;
  // This release of the SDK works with this Node.js; that a later one will not is nothing a user could act on.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const client = new S3Client({
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? defaultRegion(endpoint) : { region }),
    ...(forcePathStyle === undefined ? {} : { forcePathStyle }),
    maxAttempts: attempts,
    retryMode: 'standard',
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      socketTimeout: silenceTimeoutMs,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: sockets },
      httpsAgent: { keepAlive: true, maxSockets: sockets },
    },
    // Check sums are computed and compared where they are asked for: everything is named by its digest anyway.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  const inTurn = createSlots(requestsAtOnce);
  return {
    location,
    client,
    request: (what, send) =>
      inTurn(() => send(client)).catch((error: unknown) => {
        throw error instanceof EvaluationError ? error : toS3Error(what, error, location);
      }),
    close: () => client.destroy(),
  };
}

/** Services other than Amazon's have no regions, and take any name for one that must be signed. */
function defaultRegion(endpoint: string | undefined): { readonly region?: string } {
  const { AWS_REGION: region, AWS_DEFAULT_REGION: otherRegion } = process.env;
  return endpoint !== undefined && region === undefined && otherRegion === undefined ? { region: 'us-east-1' } : {};
}
