import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createQueryId, type RootOperationNode, SqliteQueryCompiler } from 'kysely';
import Database from 'libsql';
import type { Work } from '../sql/work.ts';
import { findLockHolders } from './find-lock-holders.ts';
import { isBusy, makeLockedError, toStoreError } from './store-error.ts';

type LibsqlDatabase = InstanceType<typeof Database>;

/** What may be bound. A boolean is not among them: libsql 0.5 aborts the process on one. */
export type SqliteValue = string | number | bigint | null | Uint8Array;

const busyTimeoutMs = 5_000;
/** Rows of about 1 KB keep their place in a page of this size; with 4 KB every one of them needs an overflow page. */
const pageSizeBytes = 8_192;
const checkpointPages = 2_000;
/** Statements of queries with few shapes; the bound only matters should somebody compile values into SQL. */
const maxCachedStatements = 300;

const compiler = new SqliteQueryCompiler();
/** Names a query to plugins of Kysely, of which there are none. */
const queryId = createQueryId();

/**
 * One SQLite connection. Every call, a transaction included, runs to its end before it returns: a transaction spread
 * over several turns of the event loop would let other work of this process slip in, and would deadlock with a second
 * connection of the same thread, whose wait for the lock keeps the holder from ever going on.
 */
export class SqliteConnection {
  readonly #path: string;
  readonly #database: LibsqlDatabase;
  readonly #statements = new Map<string, Statement>();
  #isOpen = true;

  constructor(path: string) {
    this.#path = path;
    this.#database = openDatabase(path);
  }

  exec(sql: string): void {
    try {
      this.#database.exec(sql);
    } catch (error) {
      throw toStoreError(error);
    }
  }

  prepare<Row = unknown>(sql: string): PreparedStatement<Row> {
    return new PreparedStatement<Row>(this.#findStatement(sql));
  }

  /** Runs work to its end. Called within a transaction or a snapshot. */
  perform<T>(work: Work<T>): T {
    let step = work.next();
    while (step.done !== true) {
      const { query, wants } = step.value;
      const { sql, parameters } = compiler.compileQuery(query.toOperationNode() as RootOperationNode, queryId);
      const statement = this.prepare(sql);
      const values = parameters.map(toSqliteValue);
      step = work.next(
        wants === 'rows' ? { rows: statement.all(values), changes: 0 } : { rows: [], changes: statement.run(values) },
      );
    }
    return step.value;
  }

  /** Runs synchronous work that reads and writes; all of it is committed and on disk on return, or none of it. */
  transaction<T>(work: () => T): T {
    return this.#runBetween('BEGIN IMMEDIATE', work);
  }

  /** Runs synchronous work that only reads, over one state of the database. */
  snapshot<T>(work: () => T): T {
    return this.#runBetween('BEGIN', work);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#statements.clear();
    this.#database.close();
  }

  #runBetween<T>(begin: string, work: () => T): T {
    try {
      this.prepare(begin).run([]);
    } catch (error) {
      throw isBusy(error) ? makeLockedError(findLockHolders(this.#path), busyTimeoutMs, error) : error;
    }
    try {
      const result = work();
      this.prepare('COMMIT').run([]);
      return result;
    } catch (error) {
      // Some failures (a full disk) have rolled back by themselves.
      if (this.#database.inTransaction) this.exec('ROLLBACK');
      throw toStoreError(error);
    }
  }

  #findStatement(sql: string): Statement {
    const cached = this.#statements.get(sql);
    if (cached !== undefined) return cached;
    if (!this.#isOpen) throw toStoreError(new Error('it has been closed'));
    if (this.#statements.size >= maxCachedStatements) this.#statements.clear();
    try {
      const statement: Statement = this.#database.prepare<[readonly SqliteValue[]]>(sql);
      this.#statements.set(sql, statement);
      return statement;
    } catch (error) {
      throw toStoreError(error);
    }
  }
}

function openDatabase(path: string): LibsqlDatabase {
  return isReadOnlyAtRest(path) ? openAtRest(path) : openLive(path);
}

/**
 * A database on a read-only file system that was closed properly: there is no write-ahead log. SQLite can only read it as
 * one that nobody changes, since it may not make the file `-shm`, by which the users of a live one agree.
 */
function isReadOnlyAtRest(path: string): boolean {
  if (existsSync(`${path}-wal`) || !existsSync(path)) return false;
  try {
    accessSync(dirname(path), constants.W_OK);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EROFS';
  }
}

function openAtRest(path: string): LibsqlDatabase {
  try {
    return new Database(`${pathToFileURL(path).href}?immutable=1`);
  } catch (error) {
    throw toStoreError(error);
  }
}

function openLive(path: string): LibsqlDatabase {
  let database: LibsqlDatabase | undefined;
  try {
    database = new Database(path);
    // First of all statements: without it, a second process that opens the store at the same moment gets "busy".
    database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    database.exec(`PRAGMA page_size = ${pageSizeBytes}`);
    const [mode] = database.prepare('PRAGMA journal_mode = WAL').all() as { journal_mode: string }[];
    if (mode?.journal_mode !== 'wal') {
      throw new Error('its file system does not support write-ahead logging (is it a network folder?)');
    }
    database.exec('PRAGMA synchronous = FULL');
    database.exec('PRAGMA foreign_keys = ON');
    database.exec(`PRAGMA wal_autocheckpoint = ${checkpointPages}`);
    database.exec(`PRAGMA journal_size_limit = ${2 * checkpointPages * pageSizeBytes}`);
    return database;
  } catch (error) {
    database?.close();
    throw toStoreError(error);
  }
}

/** What is used of a libsql statement. */
interface Statement {
  run(parameters: readonly SqliteValue[]): { readonly changes: number };
  all(parameters: readonly SqliteValue[]): unknown[];
}

/** A statement for hot paths; its parameters are not looked at. */
export class PreparedStatement<Row> {
  readonly #statement: Statement;

  constructor(statement: Statement) {
    this.#statement = statement;
  }

  /** Number of rows changed. */
  run(parameters: readonly SqliteValue[]): number {
    try {
      return this.#statement.run(parameters).changes;
    } catch (error) {
      throw toStoreError(error);
    }
  }

  // There is no single-row twin on purpose: libsql's `get` adds a column `_metadata` to the row.
  all(parameters: readonly SqliteValue[]): Row[] {
    try {
      return this.#statement.all(parameters) as Row[];
    } catch (error) {
      throw toStoreError(error);
    }
  }
}

function toSqliteValue(value: unknown): SqliteValue {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || value === null) {
    return value;
  }
  if (value instanceof Uint8Array) return value;
  throw toStoreError(new Error(`a value of type ${typeof value} cannot be bound`));
}
