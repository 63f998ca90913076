import { createQueryId, PostgresQueryCompiler, type RootOperationNode } from 'kysely';
import pg from 'pg';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { Database } from '../sql/database.ts';
import type { Outcome, Work } from '../sql/work.ts';
import { describe, isReadOnlyRefusal, judgePostgresError } from './postgres-error.ts';
import { addSessionOption, makeLockKey, type PostgresLocation } from './postgres-location.ts';
import type { PostgresSession, PostgresSessions } from './postgres-sessions.ts';
import { RideOut, TransactionUndecided } from './ride-out.ts';

export interface PostgresDatabaseOptions {
  /** `read`: every session refuses to write. */
  readonly access: 'read' | 'write';
  /** How long an operation is tried again while the server cannot be reached, milliseconds. */
  readonly patienceMs: number;
  readonly onNotice: (text: string) => void;
}

/** `exclusive` against everything else that writes; `shared` among those that append to the journal. */
type Lock = 'exclusive' | 'shared';

/** A session that is not shared. */
export interface OwnSession extends Database {
  query<Row>(text: string): Promise<readonly Row[]>;
  close(): Promise<void>;
}

const maxConnections = 8;
const connectTimeoutMs = 10_000;
const keepAliveDelayMs = 10_000;
/** The server ends a transaction whose client has gone silent, and with it its lock. */
const silentTransactionMs = 30_000;
const lockTimeoutMs = 20_000;
/** An answer that takes longer than this will not come. Longer than anything that the server may wait for. */
const answerTimeoutMs = 60_000;
const maintenanceTimeoutMs = 3_600_000;

const beginSnapshot = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';
const compiler = new PostgresQueryCompiler();
/** Names a query to plugins of Kysely, of which there are none. */
const queryId = createQueryId();

/** A counter, a sum: PostgreSQL makes them wider than a JavaScript number, which holds them all the same. */
const wideNumbers: ReadonlySet<number> = new Set([pg.types.builtins.INT8, pg.types.builtins.NUMERIC]);
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    wideNumbers.has(oid) ? Number : pg.types.getTypeParser(oid, format as 'text'),
};

/**
 * A PostgreSQL database. Whatever reads and writes holds one advisory lock, so that no two such transactions overlap; what
 * appends to the journal holds it shared.
 *
 * A lost connection, a restart and a failover are ridden out: work is run again from its start, and where the answer to
 * its COMMIT was lost the server is asked what became of it.
 */
export class PostgresDatabase implements Database, PostgresSessions {
  readonly #pool: pg.Pool;
  readonly #rideOut: RideOut;
  readonly #place: string;
  readonly #access: 'read' | 'write';
  #lockKey: string | undefined;
  /** The end of the last transaction that was begun: they would only wait for each other's lock. */
  #previous: Promise<unknown> = Promise.resolve();

  constructor({ url, name }: PostgresLocation, options: PostgresDatabaseOptions) {
    this.#place = name;
    this.#access = options.access;
    this.#rideOut = new RideOut({ ...options, place: name });
    this.#pool = new pg.Pool({
      connectionString: options.access === 'read' ? addSessionOption(url, 'default_transaction_read_only=on') : url,
      max: maxConnections,
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: keepAliveDelayMs,
      query_timeout: answerTimeoutMs,
      fallback_application_name: 'stet',
      types,
    });
    // A session that was cut while nobody used it; the next one to need it makes another.
    this.#pool.on('error', ignore);
    // For statements outside of transactions; whoever waits for the session waits for this first, and hears if it fails.
    this.#pool.on('connect', (client) => {
      client.query(waitForDisk('false')).catch(ignore);
    });
  }

  async transaction<T>(work: () => Work<T>): Promise<T> {
    this.#refuseReader();
    const result = this.#previous.then(() => this.#write('exclusive', work));
    this.#previous = result.catch(() => {});
    return result;
  }

  /** As `transaction`, but beside others of its kind: what it reads is fixed only against `transaction`. */
  async append<T>(work: () => Work<T>): Promise<T> {
    this.#refuseReader();
    return this.#write('shared', work);
  }

  async snapshot<T>(work: () => Work<T>): Promise<T> {
    return this.#rideOut.run(() =>
      this.#use(async (client) => {
        await client.query(beginSnapshot);
        return finish(client, await perform(client, work()));
      }),
    );
  }

  run<T>(work: (session: PostgresSession) => Promise<T>): Promise<T> {
    return this.#rideOut.run(() =>
      this.#use((client) =>
        work({
          async query<Row>(text: string, values: readonly unknown[] = []) {
            const { rows, rowCount } = await client.query<Row & pg.QueryResultRow>(text, [...values]);
            return { rows, rowCount: rowCount ?? 0 };
          },
        }),
      ),
    );
  }

  /** One statement by itself; it may be run again. */
  async query<Row>(text: string): Promise<readonly Row[]> {
    return this.run(async (session) => (await session.query<Row>(text)).rows);
  }

  /** One statement that takes its time, outside of any transaction; it may be run again. */
  async maintain(text: string): Promise<void> {
    await this.#rideOut.run(() => this.#use((client) => client.query(makeQuery(text, [], maintenanceTimeoutMs))));
  }

  /** A session of one's own: what lives in it, such as a temporary table, is lost with its connection. */
  async openSession(): Promise<OwnSession> {
    const client = await this.#rideOut.run(() => this.#pool.connect());
    client.on('error', ignore);
    const ask = <T>(attempt: () => Promise<T>): Promise<T> =>
      this.#rideOut.run(async () => {
        try {
          return await attempt();
        } catch (error) {
          if (judgePostgresError(error) === 'lost') throw this.#makeSessionLost(error);
          await rollBack(client);
          throw error;
        }
      });
    return {
      transaction: (work) =>
        ask(async () => {
          this.#refuseReader();
          await begin(client, 'exclusive', await this.#findLockKey(client));
          return finish(client, await perform(client, work(), maintenanceTimeoutMs));
        }),
      snapshot: (work) =>
        ask(async () => {
          await client.query(beginSnapshot);
          return finish(client, await perform(client, work(), maintenanceTimeoutMs));
        }),
      query: <Row>(text: string) => ask(async () => (await client.query<Row & pg.QueryResultRow>(text)).rows),
      async close() {
        client.off('error', ignore);
        client.release(true);
      },
    };
  }

  async close(): Promise<void> {
    this.#rideOut.close();
    await this.#pool.end();
  }

  async #write<T>(lock: Lock, work: () => Work<T>): Promise<T> {
    let undecided: { readonly transactionId: string; readonly result: T } | undefined;
    return this.#rideOut.run(async () => {
      if (undecided !== undefined) {
        const { transactionId, result } = undecided;
        if (await this.#use((client) => hasCommitted(client, transactionId))) return result;
        undecided = undefined;
      }
      return this.#use(async (client) => {
        const transactionId = await begin(client, lock, await this.#findLockKey(client));
        const result = await perform(client, work());
        try {
          await client.query('COMMIT');
        } catch (error) {
          if (judgePostgresError(error) === 'lost') undecided = { transactionId, result };
          throw error;
        }
        return result;
      });
    });
  }

  /** Lends a session; one that failed in the middle is rolled back, or given up where it is lost. */
  async #use<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    // A session that is cut between two statements says so here, and the next statement fails.
    client.on('error', ignore);
    let isUsable = true;
    try {
      return await work(client);
    } catch (error) {
      isUsable = judgePostgresError(error) !== 'lost' && (await rollBack(client));
      // Of a server that is there to be written to, this means that another has taken over.
      if (isReadOnlyRefusal(error)) this.#refuseReader();
      throw error;
    } finally {
      client.off('error', ignore);
      client.release(!isUsable);
    }
  }

  #makeSessionLost(cause: unknown): EvaluationError {
    return new EvaluationError(
      'store-failed',
      `The connection to the store at ${this.#place} was lost: ${describe(cause)}.`,
      { hint: 'Run the same command again: it goes on where it was.', cause },
    );
  }

  #refuseReader(): void {
    if (this.#access === 'write') return;
    throw new EvaluationError('store-failed', `The store at ${this.#place} is open for reading only.`);
  }

  async #findLockKey(client: pg.PoolClient): Promise<string> {
    if (this.#lockKey !== undefined) return this.#lockKey;
    const { rows } = await client.query<{ schema: string | null }>('SELECT current_schema() AS schema');
    const schema = rows[0]?.schema ?? null;
    // It is about to be made, by whoever gets the lock first of all that lack it; from then on it has its own.
    if (schema === null) return makeLockKey('');
    this.#lockKey = makeLockKey(schema);
    return this.#lockKey;
  }
}

function ignore(): void {}

/** A commit that did not wait would be confirmed before it is on disk. Every other setting waits for that, or for more. */
function waitForDisk(isLocal: 'true' | 'false'): string {
  return `SELECT set_config('synchronous_commit', 'on', ${isLocal})
    WHERE current_setting('synchronous_commit') = 'off'`;
}

/** One round trip. Whoever pools sessions between here and the server may give each transaction another one. */
async function begin(client: pg.PoolClient, lock: Lock, lockKey: string): Promise<string> {
  const results = (await client.query(`
    BEGIN ISOLATION LEVEL READ COMMITTED;
    SET LOCAL idle_in_transaction_session_timeout = ${silentTransactionMs};
    SET LOCAL lock_timeout = ${lockTimeoutMs};
    ${waitForDisk('true')};
    SELECT pg_advisory_xact_lock${lock === 'shared' ? '_shared' : ''}(${lockKey});
    SELECT pg_current_xact_id()::text AS id`)) as unknown as readonly pg.QueryResult<{ id: string }>[];
  const id = results.at(-1)?.rows[0]?.id;
  if (id === undefined) throw new Error('The server gave the transaction no id');
  return id;
}

async function finish<T>(client: pg.PoolClient, result: T): Promise<T> {
  await client.query('COMMIT');
  return result;
}

async function perform<T>(client: pg.PoolClient, work: Work<T>, timeoutMs = answerTimeoutMs): Promise<T> {
  let step = work.next();
  while (step.done !== true) {
    const node = step.value.query.toOperationNode() as RootOperationNode;
    const { sql, parameters } = compiler.compileQuery(node, queryId);
    const { rows, rowCount } = await client.query(makeQuery(sql, parameters, timeoutMs));
    const outcome: Outcome = { rows, changes: rowCount ?? 0 };
    step = work.next(outcome);
  }
  return step.value;
}

/** The driver's types do not know the time-out of one query. */
function makeQuery(text: string, values: readonly unknown[], timeoutMs: number): pg.QueryConfig {
  const query = { text, values: [...values], query_timeout: timeoutMs };
  return query;
}

/** What became of a transaction whose COMMIT was not answered. */
async function hasCommitted(client: pg.PoolClient, transactionId: string): Promise<boolean> {
  try {
    const { rows } = await client.query<{ status: string | null }>('SELECT pg_xact_status($1::xid8) AS status', [
      transactionId,
    ]);
    if (rows[0]?.status === 'in progress') throw new TransactionUndecided();
    return rows[0]?.status === 'committed';
  } catch (error) {
    // "in the future": a server that took over had not received so much.
    if (error instanceof Error && 'code' in error && error.code === '22023') return false;
    throw error;
  }
}

async function rollBack(client: pg.PoolClient): Promise<boolean> {
  try {
    await client.query('ROLLBACK');
    return true;
  } catch {
    return false;
  }
}
