import { closeSync, existsSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { BlobFormat } from '../blob-format.ts';
import type { ContentStore } from '../content-store.ts';
import type { Contents, ContentsPlace } from '../contents.ts';
import { encryptContent } from '../encryption/encrypted-content-store.ts';
import { createEncryptedDatabase, openStoreEncryption } from '../encryption/encrypted-database.ts';
import type { KeyRing } from '../encryption/key-ring.ts';
import { createFolder, syncFolder, writeFileDurably } from '../files/durable-file.ts';
import { createFileBlobInventory } from '../files/file-blob-inventory.ts';
import { createFileContentStore } from '../files/file-content-store.ts';
import { createOverlayContentStore } from '../overlay/overlay-content-store.ts';
import { checkBlobsPlace, keepBlobsPlace } from '../sql/blobs-place.ts';
import type { Database } from '../sql/database.ts';
import { createSqlHousekeeping } from '../sql/housekeeping/create-sql-housekeeping.ts';
import { createScheduleLog } from '../sql/schedule-log.ts';
import { defaultSegmentSize, keepSegmentSize } from '../sql/segment-size.ts';
import { createSqlAnswerIndex } from '../sql/sql-answer-index.ts';
import { createSqlDatasetCache } from '../sql/sql-dataset-cache.ts';
import { SqlLimitLedger } from '../sql/sql-limit-ledger.ts';
import { SqlResultIndex } from '../sql/sql-result-index.ts';
import { SqlRunLog } from '../sql/sql-run-log.ts';
import { SqlSpendingLedger } from '../sql/sql-spending-ledger.ts';
import type { Store } from '../store.ts';
import type { StoreAccess } from '../store-access.ts';
import { SqliteConnection } from './connection.ts';
import { checkSchema, migrate } from './migrate.ts';
import { migrations } from './migrations.ts';
import { SqliteDatabase } from './sqlite-database.ts';
import { openSqliteHousekeepingSession } from './sqlite-housekeeping-session.ts';
import { SqliteJournal } from './sqlite-journal.ts';
import { isBusy } from './store-error.ts';

export interface SqliteStoreOptions {
  /** The clock of records. */
  readonly now?: () => Date;
  /** Rows a segment, for a new store; 200 by default. An old one keeps its own. */
  readonly segmentSize?: number;
  /** Keys of an encrypted store; with them a new store becomes one. */
  readonly keys?: KeyRing | undefined;
  /** Where blobs lie; left out: as files beside the database. */
  readonly contents?: ContentsPlace;
  /** Blobs of a store that this one lies over: read where they are not here. */
  readonly underlying?: ContentStore;
  /** `write` by default; with `read`, nothing is made, nothing changes, and there must be a store. */
  readonly access?: StoreAccess;
}

export const databaseName = 'store.db';
const openAttempts = 20;
const openRetryMs = 50;

/**
 * Opens the store in a directory, and makes both where they are absent: the database `store.db` beside blobs as files,
 * for their owner only. Any number of processes may have it open.
 *
 * @throws {EvaluationError} `store-schema` for a store of a newer release, `store-damaged`, `store-failed`;
 *   `encryption-key-missing`, `encryption-key-wrong`, `store-not-encrypted`.
 */
export async function openSqliteStore(directory: string, options: SqliteStoreOptions = {}): Promise<Store> {
  return (await openSqliteStoreWithDatabase(directory, options)).store;
}

/** As `openSqliteStore`, for whoever has further work for the database of that store. */
export async function openSqliteStoreWithDatabase(
  directory: string,
  options: SqliteStoreOptions = {},
): Promise<{ readonly store: Store; readonly database: Database }> {
  const root = resolve(directory);
  const path = join(root, databaseName);
  const { access = 'write' } = options;
  if (access === 'write') await prepareDirectory(root, path);
  const connection = access === 'write' ? await connectSqlite(path) : connectReadOnly(path);
  const rawDatabase = new SqliteDatabase(connection);
  const open = async () => {
    const encryption = await openStoreEncryption(rawDatabase, options.keys);
    if (access === 'write') connection.perform(keepSegmentSize(options.segmentSize ?? defaultSegmentSize));
    connection.perform(
      access === 'write' ? keepBlobsPlace(options.contents?.name) : checkBlobsPlace(options.contents?.name),
    );
    return encryption;
  };
  const encryption = await open().catch((error: unknown) => {
    connection.close();
    throw error;
  });
  const clock = options.now ?? (() => new Date());
  const now = () => clock().toISOString();
  const database = createEncryptedDatabase(rawDatabase, encryption);
  const journal = new SqliteJournal(connection, encryption);
  const close = async () => {
    if (!connection.isOpen) return;
    journal.flush();
    connection.close();
    contents.close();
  };
  const contents = options.contents?.open(encryption.blobs, access) ?? openFiles(root, encryption.blobs, access);
  const { blobs } = contents;
  const own = encryptContent(contents.content, blobs, rawDatabase, encryption);
  const content = options.underlying === undefined ? own : createOverlayContentStore(own, options.underlying);
  const store: Store = {
    content,
    blobs,
    results: new SqlResultIndex(database, journal, now),
    answers: createSqlAnswerIndex(database, now),
    journal,
    runs: new SqlRunLog(database, { now, close }),
    schedules: createScheduleLog(database, now),
    datasets: createSqlDatasetCache(database),
    limits: new SqlLimitLedger(database, () => clock().getTime()),
    spending: new SqlSpendingLedger(database, () => clock().getTime()),
    housekeeping: createSqlHousekeeping({
      openSession: async () => openSqliteHousekeepingSession(path, encryption),
      content,
      inventory: blobs,
    }),
    close,
  };
  return { store, database };
}

function openFiles(root: string, format: BlobFormat, access: StoreAccess): Contents {
  return {
    content: createFileContentStore(root, format, access),
    blobs: createFileBlobInventory(root, format),
    close: () => {},
  };
}

async function prepareDirectory(root: string, path: string): Promise<void> {
  try {
    await createFolder(root);
    // Whole or not at all: an empty one, as a power cut may leave it, would let answers slip into a repository.
    if (!existsSync(join(root, '.gitignore'))) await writeFileDurably(root, '.gitignore', Buffer.from('*\n'));
    createDatabaseFile(path);
    await syncFolder(root);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new EvaluationError('store-failed', `The store directory cannot be used: ${detail}.`, { cause: error });
  }
}

/**
 * Makes the empty file, so that the database and the files beside it, which take over its mode, are the owner's only.
 * An existing one is not opened: closing any descriptor of a file drops all locks that this process holds on it, those
 * of another open store among them. For the same reason nothing may happen between opening and closing.
 */
function createDatabaseFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    ignoreExisting(error);
  }
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
}

/** A database of the newest schema. Switching a new one to its journal mode may report "busy" at once when several processes do it; they take turns. */
export async function connectSqlite(path: string): Promise<SqliteConnection> {
  for (let attempt = 1; ; attempt++) {
    let connection: SqliteConnection | undefined;
    try {
      connection = new SqliteConnection(path);
      migrate(connection, migrations);
      return connection;
    } catch (error) {
      connection?.close();
      if (!isBusy(error) || attempt === openAttempts) throw error;
    }
    await sleep(openRetryMs);
  }
}

/** A database that nothing of this process can write to, not even by mistake. */
function connectReadOnly(path: string): SqliteConnection {
  if (!existsSync(path)) {
    throw new EvaluationError('store-failed', `There is no store at ${path}, and it is open for reading only.`);
  }
  const connection = new SqliteConnection(path);
  try {
    checkSchema(connection, migrations);
    connection.exec('PRAGMA query_only = ON');
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}
