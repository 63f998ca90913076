import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inject } from 'vitest';
import { findTemporalCli } from '../../../embedded/server/find-cli.ts';

// Set-up of each test file whose stores `STET_TEST_STORE` places.

if (process.env['STET_TEST_STORE'] === 'postgres+s3') {
  const blobs = inject('blobs');
  if (blobs === null) throw new Error('STET_TEST_STORE=postgres+s3 needs an S3 server.');
  process.env['STET_BLOBS'] = blobs;
}

// The files of Temporal servers lie in the user's cache then, which is not for tests; the CLI in it is.
const cli = await findTemporalCli({
  environment: process.env,
  onProgress: (line) => process.stderr.write(`${line}\n`),
});
process.env['STET_TEMPORAL_CLI'] = cli.path;
const cache = path.join(tmpdir(), `stet-test-cache-${process.ppid}`);
mkdirSync(cache, { recursive: true });
process.env['XDG_CACHE_HOME'] = cache;
