import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { query } from '../../../bench/servers/postgres/databases.ts';
import { rekey } from '../../../embedded/rekey-store.ts';
import { openRawStore } from '../../../storage/open-raw-store.ts';
import { openStore } from '../../../storage/open-store.ts';
import { parseBlobsLocation, type S3Location } from '../../../storage/s3/parse-blobs-location.ts';
import { findPlainText } from '../../support/find-plain-text.ts';
import {
  createBucket,
  createDatabase,
  describeOnPostgres,
  describeOnPostgresAndS3,
} from '../../support/services/shared-services.ts';
import { makeProcess } from '../conformance/samples.ts';
import { makeKeyText, makeRing } from './make-keys.ts';
import { fillWithMarks, mark, readMarks } from './marked-store.ts';

const [k1, k2] = [makeKeyText('k1'), makeKeyText('k2')];

/** Files of the tables of a database in which the mark stands. */
async function findMarkedTables(url: string): Promise<readonly string[]> {
  const [row] = await query(
    url,
    `SELECT current_setting('data_directory') AS directory, oid FROM pg_database WHERE datname = current_database()`,
  );
  // Until then pages may be newer in memory than on the disk, and removed files are there.
  await query(url, 'CHECKPOINT');
  return findPlainText(path.join(String(row?.['directory']), 'base', String(row?.['oid'])), [mark]);
}

/** Names of blobs of which the stored bytes hold the mark. */
async function findMarkedBlobs(url: string, blobs: S3Location): Promise<readonly string[]> {
  const store = await openRawStore(url, { blobs });
  const found: string[] = [];
  try {
    for await (const page of store.inventory.list()) {
      for (const { name } of page.blobs) {
        const stored = Buffer.from((await store.inventory.readStored(name)) ?? []);
        if (stored[0] === 0x1f ? gunzipSync(stored).includes(mark) : stored.includes(mark)) found.push(name);
      }
    }
    return found;
  } finally {
    await store.close();
  }
}

async function encryptAndRotate(url: string, settings: { readonly bucket?: string } = {}): Promise<void> {
  const { bucket } = settings;
  const blobs = bucket === undefined ? {} : { blobs: parseBlobsLocation(bucket) };
  const rekeyWith = (...keys: readonly string[]) =>
    rekey({
      store: url,
      environment: {
        ...process.env,
        STET_ENCRYPTION_KEYS: keys.join(','),
        ...(bucket === undefined ? {} : { STET_BLOBS: bucket }),
      },
    });

  const plain = await openStore(url, blobs);
  const marked = await fillWithMarks(plain);
  const before = await readMarks(plain, marked);
  await plain.runs.registerProcess({ ...makeProcess('w'), host: 'elsewhere', seenAt: new Date().toISOString() });
  await expect(rekeyWith(k1)).rejects.toMatchObject({ code: 'usage' });
  await plain.runs.removeProcess('w');
  await plain.close();
  expect((await findMarkedTables(url)).length).toBeGreaterThan(0);

  expect(await rekeyWith(k1)).toMatchObject({ was: 'plain', key: 'k1', blobs: { count: 12 }, unreadable: 0 });
  expect(await findMarkedTables(url)).toEqual([]);
  if (blobs.blobs !== undefined) expect(await findMarkedBlobs(url, blobs.blobs)).toEqual([]);
  await expect(openStore(url, blobs)).rejects.toMatchObject({ code: 'encryption-key-missing' });

  const open = await openStore(url, { ...blobs, keys: makeRing(k1, k2) });
  expect(await readMarks(open, marked)).toEqual(before);
  expect(await rekeyWith(k2, k1)).toMatchObject({ was: 'encrypted', key: 'k2', retiredKeys: ['k1'], unreadable: 0 });
  expect(await readMarks(open, marked)).toEqual(before);
  await open.results.addWarnings('task', ['written by a process that was open']);
  const late = await open.content.put(Buffer.from('put by a process that was open'));
  await open.close();

  const rotated = await openStore(url, { ...blobs, keys: makeRing(k2) });
  expect(Buffer.from(await rotated.content.get(late.digest)).toString()).toBe('put by a process that was open');
  expect((await rotated.results.findTaskResults(['task']))[0]?.warnings).toEqual([
    mark,
    'written by a process that was open',
  ]);
  expect(await rotated.housekeeping.verify()).toMatchObject({ databaseProblems: [] });
  await rotated.close();
}

describeOnPostgres('an encrypted store in PostgreSQL', () => {
  it('is made from a plain one, and changes keys beside open stores', async () => {
    await encryptAndRotate(await createDatabase());
  });
});

describeOnPostgresAndS3('an encrypted store in PostgreSQL with blobs in a bucket', () => {
  it('is made from a plain one, and changes keys beside open stores', async () => {
    await encryptAndRotate(await createDatabase(), { bucket: await createBucket() });
  });
});
