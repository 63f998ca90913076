import { hostname } from 'node:os';
import { sql } from 'kysely';
import type { Contents, ContentsPlace } from '../contents.ts';
import { encryptContent } from '../encryption/encrypted-content-store.ts';
import { createEncryptedDatabase, openStoreEncryption } from '../encryption/encrypted-database.ts';
import type { KeyRing } from '../encryption/key-ring.ts';
import { checkBlobsPlace, keepBlobsPlace } from '../sql/blobs-place.ts';
import { createSqlHousekeeping } from '../sql/housekeeping/create-sql-housekeeping.ts';
import { createScheduleLog } from '../sql/schedule-log.ts';
import { defaultSegmentSize, keepSegmentSize } from '../sql/segment-size.ts';
import { createSqlAnswerIndex } from '../sql/sql-answer-index.ts';
import { createSqlDatasetCache } from '../sql/sql-dataset-cache.ts';
import { SqlLimitLedger } from '../sql/sql-limit-ledger.ts';
import { SqlResultIndex } from '../sql/sql-result-index.ts';
import { SqlRunLog } from '../sql/sql-run-log.ts';
import { SqlSpendingLedger } from '../sql/sql-spending-ledger.ts';
import type { Work } from '../sql/work.ts';
import type { Store } from '../store.ts';
import { migrateSchema, prepareSchema, type SchemaVersions } from './migrate-postgres.ts';
import { createPostgresBlobs } from './postgres-blobs.ts';
import { PostgresDatabase } from './postgres-database.ts';
import { openPostgresHousekeepingSession } from './postgres-housekeeping-session.ts';
import { PostgresJournal } from './postgres-journal.ts';
import { parsePostgresLocation } from './postgres-location.ts';

export interface PostgresStoreOptions {
  /** The clock of records. */
  readonly now?: () => Date;
  /** Rows a segment, for a new store; 200 by default. An old one keeps its own. */
  readonly segmentSize?: number;
  /** Keys of an encrypted store, or of one that is to become one when it is made. */
  readonly keys?: KeyRing | undefined;
  /** Where blobs lie; in the database by default. */
  readonly contents?: ContentsPlace;
  /** `read` changes nothing, and makes nothing. */
  readonly access?: 'read' | 'write';
  /** How long an operation is tried again while the server cannot be reached, milliseconds. */
  readonly patienceMs?: number;
  /** Told what is waited for, and when it is back. */
  readonly onNotice?: (text: string) => void;
}

/** A failover takes a minute or two. */
const defaultPatienceMs = 300_000;
/** By whom all holders of leases count, on whatever machine they are. */
const databaseClock = sql<{ now_ms: number }>`SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now_ms`;

/**
 * Opens the store in a PostgreSQL database (14 or newer); makes it where there is none.
 *
 * @param location - A URL, see `parsePostgresLocation`.
 * @throws {EvaluationError} `usage` for another URL, `store-schema` where the store is to be migrated first or is one of a
 *   newer release, `store-failed`; `encryption-key-missing`, `encryption-key-wrong`, `store-not-encrypted`.
 */
export async function openPostgresStore(location: string, options: PostgresStoreOptions = {}): Promise<Store> {
  const { database: rawDatabase, place } = connectPostgres(location, options);
  try {
    return await openStoreIn(rawDatabase, place, options);
  } catch (error) {
    await rawDatabase.close();
    throw error;
  }
}

/** Brings the store in a PostgreSQL database to the schema of this release. */
export async function migratePostgresStore(
  location: string,
  options: Pick<PostgresStoreOptions, 'patienceMs' | 'onNotice'> = {},
): Promise<SchemaVersions> {
  const { database, place } = connectPostgres(location, options);
  try {
    return await migrateSchema(database, place);
  } finally {
    await database.close();
  }
}

/** The database alone; nothing is asked of it yet. */
export function connectPostgres(
  location: string,
  options: Pick<PostgresStoreOptions, 'access' | 'patienceMs' | 'onNotice'>,
) {
  const parsed = parsePostgresLocation(location);
  const { access = 'write', patienceMs = defaultPatienceMs, onNotice = () => {} } = options;
  return { place: parsed.name, database: new PostgresDatabase(parsed, { access, patienceMs, onNotice }) };
}

async function openStoreIn(
  rawDatabase: PostgresDatabase,
  place: string,
  options: PostgresStoreOptions,
): Promise<Store> {
  const isWriter = options.access !== 'read';
  await prepareSchema(rawDatabase, place, isWriter);
  const encryption = await openStoreEncryption(rawDatabase, options.keys);
  await rawDatabase[isWriter ? 'transaction' : 'snapshot'](() => settle(options, isWriter));
  const access = options.access ?? 'write';
  const contents: Contents = options.contents?.open(encryption.blobs, access) ?? {
    ...createPostgresBlobs(rawDatabase, encryption.blobs, access),
    close: () => {},
  };
  const clock = options.now ?? (() => new Date());
  const now = () => clock().toISOString();
  const database = createEncryptedDatabase(rawDatabase, encryption);
  const journal = new PostgresJournal(rawDatabase, database, encryption);
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= (async () => {
      await journal.drain();
      contents.close();
      await rawDatabase.close();
    })();
    return closed;
  };
  const content = encryptContent(contents.content, contents.blobs, rawDatabase, encryption);
  return {
    content,
    blobs: contents.blobs,
    results: new SqlResultIndex(database, journal, now),
    answers: createSqlAnswerIndex(database, now),
    journal,
    runs: new SqlRunLog(database, { now, close }),
    schedules: createScheduleLog(database, now),
    datasets: createSqlDatasetCache(database, hostname()),
    limits: new SqlLimitLedger(database, databaseClock),
    spending: new SqlSpendingLedger(database, databaseClock),
    housekeeping: createSqlHousekeeping({
      openSession: () => openPostgresHousekeepingSession(rawDatabase, encryption),
      content,
      inventory: contents.blobs,
    }),
    close,
  };
}

/** What holds for a store from its making on: noted where it is new, and compared otherwise. */
function* settle({ segmentSize, contents }: PostgresStoreOptions, isWriter: boolean): Work<void> {
  if (isWriter) {
    yield* keepSegmentSize(segmentSize ?? defaultSegmentSize);
    yield* keepBlobsPlace(contents?.name);
    return;
  }
  yield* checkBlobsPlace(contents?.name);
}
