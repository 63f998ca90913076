import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { makeUrl } from '../../../bench/servers/postgres/databases.ts';
import { findServerFolder } from '../../../embedded/configured-store.ts';
import { findStoreSettings } from '../../../embedded/find-store-settings.ts';
import type { ServerRecord } from '../../../embedded/server/server-record.ts';
import { openStore } from '../../../storage/index.ts';
import type { Store } from '../../../storage/store.ts';

// End-to-end tests put their stores where `STET_TEST_STORE` says: `postgres`, or `postgres+s3`. Left out, they lie in the
// directory that the test names. See vitest.cluster.config.ts.

const program = fileURLToPath(new URL('../postgres/create-database.mjs', import.meta.url));
const placed = new Map<string, string>();

/** What names the store that a test would have in a directory: the directory, or a database of its own. */
export function placeStore(directory: string): string {
  if (process.env['STET_TEST_STORE'] === undefined) return directory;
  const address = inject('postgres');
  if (address === null) throw new Error('STET_TEST_STORE needs PostgreSQL.');
  const absolute = path.resolve(directory);
  const present = placed.get(absolute);
  if (present !== undefined) return present;
  const name = `store_${createHash('sha256').update(absolute).digest('hex').slice(0, 16)}`;
  execFileSync(process.execPath, [program, makeUrl(address, 'postgres'), name], { stdio: 'inherit' });
  const url = makeUrl(address, name);
  placed.set(absolute, url);
  return url;
}

/** What a command needs in its environment to use the store that it would find in its working directory. */
export function placeStoreOfCommand(workingDirectory: string): Readonly<Record<string, string>> {
  const store = placeStore(path.join(workingDirectory, '.stet'));
  return process.env['STET_TEST_STORE'] === undefined ? {} : { STET_STORE: store };
}

/** Where the files of a store's Temporal server lie. */
export async function findServerFolderOf(store: string): Promise<string> {
  const settings = findStoreSettings({ store, environment: process.env, workingDirectory: process.cwd() });
  const folder = await findServerFolder(settings, process.env);
  if (folder === undefined) throw new Error('There is no store yet.');
  return folder;
}

export async function readServerRecord(store: string): Promise<ServerRecord> {
  const file = path.join(await findServerFolderOf(store), 'temporal', 'server.json');
  return JSON.parse(await readFile(file, 'utf8')) as ServerRecord;
}

/** Opens the records of a store that a test has placed. */
export function openPlacedStore(store: string): Promise<Store> {
  const { location, blobs } = findStoreSettings({ store, environment: process.env, workingDirectory: process.cwd() });
  return openStore(location, { blobs });
}
