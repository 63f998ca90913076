import { existsSync } from 'node:fs';
import { chmod, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import Database from 'libsql';
import { readMachineMark } from '../process-registry.ts';
import { readJsonObject, type ServerFiles, writeJsonObject } from './server-files.ts';

/**
 * What stands beside Temporal's database, which does not say it itself. The server makes its tables only in a new file
 * and knows no migrations: another version needs a new file, and one whose making was cut short is of no use for ever.
 */
export interface DatabaseStamp {
  readonly cliVersion: string;
  /**
   * Since when it knows everything that it was told; ISO 8601. That is when it was made, or when it was first served after
   * a restart of the machine: its last transactions are not synced (see `spawn-server.ts`), so a power cut may have taken
   * them, and nothing in it says whether.
   */
  readonly wholeSince: string;
  /** The start of the machine in which it was last served. */
  readonly machineMark: string;
  /** Whether a server has come up on it, hence whether anything can be in it. */
  readonly isComplete: boolean;
}

const companions = ['-shm', '-wal'] as const;

/**
 * Leaves a database that this CLI can serve, or none.
 *
 * One of another version, or a damaged one, is renamed and kept: open runs start again from their stored plans.
 *
 * @returns Whether the server will make a new database, and its stamp.
 */
export async function prepareDatabase(
  files: ServerFiles,
  { cliVersion, onNotice }: { readonly cliVersion: string; readonly onNotice: (line: string) => void },
): Promise<{ readonly isFresh: boolean; readonly stamp: DatabaseStamp }> {
  const stamp = await readStamp(files);
  const exists = await stat(files.database).then(
    () => true,
    () => false,
  );
  if (exists && stamp?.isComplete === true && stamp.cliVersion === cliVersion) {
    return { isFresh: false, stamp: await noteRestart(files, stamp) };
  }
  if (exists && stamp?.isComplete !== false) {
    const reason =
      stamp === undefined
        ? 'nothing says which version of the Temporal CLI made it'
        : `it was made by version ${stamp.cliVersion} of the Temporal CLI, and this is ${cliVersion}`;
    await setDatabaseAside(files, { reason, onNotice });
  }
  // also clears a write-ahead log without its database, which SQLite would play into the new one
  await Promise.all(['', ...companions].map((suffix) => rm(files.database + suffix, { force: true })));
  const now = new Date().toISOString();
  const fresh: DatabaseStamp = { cliVersion, wholeSince: now, machineMark: readMachineMark(), isComplete: false };
  await writeJsonObject(files.databaseStamp, fresh);
  return { isFresh: true, stamp: fresh };
}

export async function readStamp(files: ServerFiles): Promise<DatabaseStamp | undefined> {
  const { cliVersion, wholeSince, machineMark, isComplete } = (await readJsonObject(files.databaseStamp)) ?? {};
  if (typeof cliVersion !== 'string' || typeof wholeSince !== 'string') return undefined;
  if (typeof machineMark !== 'string' || typeof isComplete !== 'boolean') return undefined;
  return { cliVersion, wholeSince, machineMark, isComplete };
}

async function noteRestart(files: ServerFiles, stamp: DatabaseStamp): Promise<DatabaseStamp> {
  const machineMark = readMachineMark();
  // Where the system does not tell, it may have been restarted.
  if (machineMark !== '' && stamp.machineMark === machineMark) return stamp;
  const noted: DatabaseStamp = { ...stamp, wholeSince: new Date().toISOString(), machineMark };
  await writeJsonObject(files.databaseStamp, noted);
  return noted;
}

/** Records that a server has come up on the database, and keeps what it made to this user. */
export async function completeStamp(files: ServerFiles): Promise<void> {
  const paths = ['', ...companions].map((suffix) => files.database + suffix);
  for (const path of paths) await chmod(path, 0o600).catch(ignoreAbsent);
  const stamp = await readStamp(files);
  if (stamp?.isComplete !== false) return;
  // The server itself syncs nothing before its log is long. A stamp that outlived the tables in a power cut would have every
  // later server fail for want of them.
  for (const path of [...paths, files.folder]) await sync(path).catch(ignoreAbsent);
  await writeJsonObject(files.databaseStamp, { ...stamp, isComplete: true });
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function ignoreAbsent(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

/** Renames the database into a folder of its own. Companions go first: they must never lie beside a new database. */
export async function setDatabaseAside(
  files: ServerFiles,
  { reason, onNotice }: { readonly reason: string; readonly onNotice: (line: string) => void },
): Promise<void> {
  const folder = join(files.folder, `set-aside-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const suffix of [...companions, '']) {
    const path = files.database + suffix;
    await rename(path, join(folder, basename(path))).catch(ignoreAbsent);
  }
  onNotice(
    `Temporal's database was set aside in ${folder}, because ${reason}. Results are not in it; open runs start again when taken up.`,
  );
}

/**
 * Who has the database open, by the locks that the operating system keeps for it: true also of a server that no record
 * names or that runs in another container. Two servers on one file take its shards from each other.
 */
export function probeDatabase(path: string): 'free' | 'in-use' | 'damaged' {
  if (!existsSync(path)) return 'free'; // opening would make it
  const database = new Database(path);
  try {
    database.exec('PRAGMA busy_timeout = 0');
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    database.exec('BEGIN EXCLUSIVE');
    database.exec('COMMIT');
    return 'free';
  } catch (error) {
    const { code } = error as { readonly code?: string };
    if (code === 'SQLITE_BUSY') return 'in-use';
    if (code === 'SQLITE_NOTADB' || code === 'SQLITE_CORRUPT') return 'damaged';
    throw error;
  } finally {
    database.close();
  }
}
