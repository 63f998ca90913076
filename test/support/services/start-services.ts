import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { findPostgres } from '../../../bench/servers/postgres/find-postgres.ts';
import { type PostgresServer, startPostgres } from '../../../bench/servers/postgres/postgres-server.ts';
import { createBucket } from '../s3/buckets.ts';
import { findVersitygw } from '../s3/find-versitygw.ts';
import { type S3Server, startS3 } from '../s3/s3-server.ts';

// Vitest's global set-up of the cluster suite.

let postgres: PostgresServer | undefined;
let s3: S3Server | undefined;

export async function setup(project: TestProject): Promise<void> {
  // Said once by every process that looks into a bucket itself.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  const hasPostgres = (await findPostgres()) !== undefined;
  const versitygw = await findVersitygw();
  if (!hasPostgres) reportMissing('PostgreSQL', 'apt-get install postgresql');
  if (versitygw === undefined) reportMissing('versitygw', 'install Go, or name the program in VERSITYGW_BIN');
  if (hasPostgres) postgres = await startPostgres();
  if (versitygw !== undefined) s3 = await startS3(versitygw);
  project.provide('postgres', postgres?.address ?? null);
  project.provide('s3', s3?.address ?? null);
  project.provide('blobs', s3 === undefined ? null : await createBucket(s3.address));
  if (s3 === undefined) return;
  // As a user sets them; every test process, and what it starts, inherits them.
  process.env['AWS_ACCESS_KEY_ID'] = s3.address.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = s3.address.secretAccessKey;
  process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
}

export async function teardown(): Promise<void> {
  // Of the test processes, whose parent this is: see prepare-stores.ts.
  await rm(path.join(tmpdir(), `stet-test-cache-${process.pid}`), { recursive: true, force: true });
  await s3?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
}

/** @throws {Error} where `CI` is `true`: there nothing may pass because it did not run. */
function reportMissing(what: string, remedy: string): void {
  const text = `${what} is not installed: ${remedy}.`;
  if (process.env['CI'] === 'true') throw new Error(text);
  process.stderr.write(`\n${text} The tests that need it are SKIPPED.\n\n`);
}
