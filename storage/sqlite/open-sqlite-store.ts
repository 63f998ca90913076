import { closeSync, existsSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { createFolder, syncFolder, writeFileDurably } from '../files/durable-file.ts';
import { createFileContentStore } from '../files/file-content-store.ts';
import type { Store } from '../store.ts';
import { SqliteConnection } from './connection.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations.ts';
import { defaultSegmentSize, keepSegmentSize } from './segment-size.ts';
import { createSqliteDatasetCache } from './sqlite-dataset-cache.ts';
import { createSqliteHousekeeping } from './sqlite-housekeeping.ts';
import { SqliteJournal } from './sqlite-journal.ts';
import { SqliteLimitLedger } from './sqlite-limit-ledger.ts';
import { SqliteResultIndex } from './sqlite-result-index.ts';
import { SqliteRunLog } from './sqlite-run-log.ts';
import { isBusy } from './store-error.ts';

export interface SqliteStoreOptions {
  /** The clock of records. */
  readonly now?: () => Date;
  /** Rows a segment, for a new store; 200 by default. An old one keeps its own. */
  readonly segmentSize?: number;
}

const databaseName = 'store.db';
const openAttempts = 20;
const openRetryMs = 50;

/**
 * Opens the store in a directory, and makes both where they are absent: the database `store.db` beside blobs as files,
 * for their owner only. Any number of processes may have it open.
 *
 * @throws {EvaluationError} `store-schema` for a store of a newer release, `store-damaged`, `store-failed`.
 */
export async function openSqliteStore(directory: string, options: SqliteStoreOptions = {}): Promise<Store> {
  const root = resolve(directory);
  const path = join(root, databaseName);
  await prepareDirectory(root, path);
  const connection = await connect(path);
  keepSegmentSize(connection, options.segmentSize ?? defaultSegmentSize);
  const clock = options.now ?? (() => new Date());
  const now = () => clock().toISOString();
  const journal = new SqliteJournal(connection);
  const close = async () => {
    if (!connection.isOpen) return;
    journal.flush();
    connection.close();
  };
  const content = createFileContentStore(root);
  return {
    content,
    results: new SqliteResultIndex(connection, journal, now),
    journal,
    runs: new SqliteRunLog(connection, { now, close }),
    datasets: createSqliteDatasetCache(connection),
    limits: new SqliteLimitLedger(connection, () => clock().getTime()),
    housekeeping: createSqliteHousekeeping({ directory: root, databasePath: path, content }),
    close,
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

/** Switching a new database to its journal mode may report "busy" at once when several processes do it; they take turns. */
async function connect(path: string): Promise<SqliteConnection> {
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
