import { describe, inject } from 'vitest';
import { createDatabase as createDatabaseAt, type PostgresAddress } from '../../../bench/servers/postgres/databases.ts';
import { createBucket as createBucketAt } from '../s3/buckets.ts';
import type { S3Address } from '../s3/s3-server.ts';

// What all files of the cluster suite share: one PostgreSQL and one S3 server, each test with a database and a bucket of
// its own. What a test stops or restarts is its own: `startPostgres()`.

declare module 'vitest' {
  interface ProvidedContext {
    /** Null where there is none on this machine. */
    postgres: PostgresAddress | null;
    s3: S3Address | null;
    /** A value of `STET_BLOBS`, for stores that are placed by `STET_TEST_STORE`. */
    blobs: string | null;
  }
}

/** Tests that need PostgreSQL; skipped where it is not installed, which the run has said then. */
export function describeOnPostgres(name: string, define: () => void): void {
  describe.skipIf(inject('postgres') === null)(name, define);
}

export function describeOnS3(name: string, define: () => void): void {
  describe.skipIf(inject('s3') === null)(name, define);
}

export function describeOnPostgresAndS3(name: string, define: () => void): void {
  describe.skipIf(inject('postgres') === null || inject('s3') === null)(name, define);
}

export function getPostgres(): PostgresAddress {
  return getProvided(inject('postgres'));
}

export function getS3(): S3Address {
  return getProvided(inject('s3'));
}

/** URL of a new, empty database. */
export function createDatabase(): Promise<string> {
  return createDatabaseAt(getPostgres());
}

/** A value of `STET_BLOBS` for a new, empty bucket; its keys are in the environment of every test. */
export function createBucket(): Promise<string> {
  return createBucketAt(getS3());
}

function getProvided<Service>(service: Service | null): Service {
  if (service === null) throw new Error('Only tests within describeOnPostgres and describeOnS3 have these services.');
  return service;
}
