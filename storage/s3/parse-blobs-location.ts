import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { suggestName } from '../../evaluation/nearest-name.ts';

/** Where in an S3-compatible store blobs lie: the value of `STET_BLOBS`. */
export interface S3Location {
  readonly bucket: string;
  /** Empty, or ending in a slash. */
  readonly prefix: string;
  /** What is left out is up to the AWS SDK's own settings. */
  readonly endpoint?: string;
  readonly region?: string;
  readonly forcePathStyle?: boolean;
}

const example = 's3://bucket/prefix?region=eu-central-1';
const parameters = ['endpoint', 'region', 'force_path_style'] as const;

/**
 * Parses `s3://bucket[/prefix][?endpoint=…&region=…&force_path_style=…]`.
 *
 * @throws {EvaluationError} `usage` that repeats nothing which could be a secret.
 */
export function parseBlobsLocation(text: string): S3Location {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 's3:' || url.hostname === '') {
    throw new EvaluationError('usage', 'STET_BLOBS does not name a place for blobs.', {
      hint: `It is of the form ${example}. Left out, blobs lie in the store itself.`,
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new EvaluationError('usage', 'STET_BLOBS holds credentials.', {
      hint: 'Take them out, and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.',
    });
  }
  for (const name of url.searchParams.keys()) refuseUnknown(name);
  const prefix = decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, '');
  const endpoint = url.searchParams.get('endpoint');
  const region = url.searchParams.get('region');
  const forcePathStyle = url.searchParams.get('force_path_style');
  return {
    // A port is no part of the name of a bucket, and a URL keeps one apart.
    bucket: url.host,
    prefix: prefix === '' ? '' : `${prefix}/`,
    ...(endpoint === null ? {} : { endpoint: checkEndpoint(endpoint) }),
    ...(region === null ? {} : { region }),
    ...(forcePathStyle === null ? {} : { forcePathStyle: parseFlag(forcePathStyle) }),
  };
}

/** Names it for people and for the record of the store: without what may differ from machine to machine. */
export function describeS3Location({ bucket, prefix }: Pick<S3Location, 'bucket' | 'prefix'>): string {
  return `s3://${bucket}${prefix === '' ? '' : `/${prefix.slice(0, -1)}`}`;
}

function refuseUnknown(name: string): void {
  if (parameters.some((each) => each === name)) return;
  const hint = suggestName(name, parameters);
  throw new EvaluationError('usage', `STET_BLOBS has no parameter "${name}".`, hint === undefined ? {} : { hint });
}

function checkEndpoint(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if ((url?.protocol === 'http:' || url?.protocol === 'https:') && url.username === '' && url.password === '') {
    return endpoint;
  }
  throw new EvaluationError('usage', 'The endpoint in STET_BLOBS is not an http or https address.', {
    hint: 'Write it percent-encoded, such as endpoint=https%3A%2F%2Fminio.example.com%3A9000, and without credentials.',
  });
}

function parseFlag(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new EvaluationError('usage', `force_path_style in STET_BLOBS is true or false, not "${text}".`);
}
