import { S3ServiceException } from '@aws-sdk/client-s3';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { describeS3Location, type S3Location } from './parse-blobs-location.ts';

interface Explanation {
  readonly text: string;
  readonly hint?: string;
}

const keysHint =
  'Stet takes them where the AWS command line does: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or the role of the machine.';

const refusedKeys = { text: 'it does not accept the keys', hint: keysHint };
const denied = {
  text: 'the keys may not do that',
  hint: 'They need s3:ListBucket on the bucket and s3:GetObject, s3:PutObject and s3:DeleteObject on what lies in it.',
};
const otherRegion = {
  text: 'the bucket lies in another region',
  hint: 'Name it: STET_BLOBS=s3://…?region=… or AWS_REGION.',
};

/** By the name that the service, or the SDK, gives the error. */
const explanations: Readonly<Record<string, Explanation>> = {
  CredentialsProviderError: { text: 'no AWS credentials were found', hint: keysHint },
  InvalidAccessKeyId: refusedKeys,
  SignatureDoesNotMatch: refusedKeys,
  InvalidToken: refusedKeys,
  ExpiredToken: { text: 'the keys have expired', hint: 'Sign in again.' },
  AccessDenied: denied,
  Forbidden: denied,
  NoSuchBucket: { text: 'there is no such bucket', hint: 'Create it, or correct STET_BLOBS.' },
  PermanentRedirect: otherRegion,
  AuthorizationHeaderMalformed: otherRegion,
  RequestTimeTooSkewed: { text: 'the clock of this machine is wrong', hint: 'Set it by NTP.' },
  BadDigest: { text: 'what arrived was not what was sent', hint: 'Something on the way changes bytes.' },
  XAmzContentChecksumMismatch: {
    text: 'what arrived was not what was sent',
    hint: 'Something on the way changes bytes.',
  },
};

/**
 * An error of S3 as one of the store. Only the name of the original goes into it: a service repeats in its texts what it
 * was sent, signatures among it.
 */
export function toS3Error(what: string, error: unknown, location: S3Location): EvaluationError {
  const name = error instanceof Error ? error.name : 'Error';
  const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const { text, hint } = explain(error, name, status, code, location);
  const mark = code ?? (status === undefined ? name : `${name}, ${status}`);
  return new EvaluationError('store-failed', `${what} in ${describeS3Location(location)}: ${text} (${mark}).`, {
    cause: new Error(mark),
    ...(hint === undefined ? {} : { hint }),
  });
}

function explain(
  error: unknown,
  name: string,
  status: number | undefined,
  code: string | undefined,
  location: S3Location,
): Explanation {
  const known = explanations[name];
  if (known !== undefined) return known;
  if (error instanceof Error && error.message === 'Region is missing')
    return { ...otherRegion, text: 'no region is set' };
  // The answer to a HEAD has no body that could say which it is.
  if (status === 401 || status === 403) return { text: 'it refuses the keys, or they may not do that', hint: keysHint };
  if (status === 301) return otherRegion;
  if (status !== undefined && (status === 429 || status >= 500)) {
    return { text: 'it is overloaded or out of order', hint: 'Run the same command again later.' };
  }
  if (code !== undefined || name === 'TimeoutError') {
    return {
      text: `it cannot be reached at ${location.endpoint ?? "the region's endpoint"}`,
      hint: 'Check the endpoint in STET_BLOBS, and the network.',
    };
  }
  return { text: 'it failed' };
}

/** Whether there is no object of that key. A HEAD cannot tell it from a bucket that is missing, so other calls do. */
export function isNoSuchObject(error: unknown): boolean {
  if (!(error instanceof S3ServiceException)) return false;
  return error.name === 'NoSuchKey' || error.name === 'NotFound';
}

/** Whether the service does not have that call. */
export function isNotOffered(error: unknown): boolean {
  if (!(error instanceof S3ServiceException)) return false;
  return error.name === 'NotImplemented' || error.name === 'MethodNotAllowed' || error.$metadata.httpStatusCode === 501;
}
