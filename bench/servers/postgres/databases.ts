import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** Where a server listens, and its super-user. */
export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** Makes an empty database. @returns its URL, with the password of the super-user. */
export async function createDatabase(address: PostgresAddress): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const url = makeUrl(address, name);
  await query(makeUrl(address, 'postgres'), `CREATE DATABASE ${name}`);
  return url;
}

/** Cuts every session of a database but one's own, as a failover does. @returns how many there were. */
export async function terminateSessions(databaseUrl: string): Promise<number> {
  const rows = await query(
    databaseUrl,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );
  return rows.length;
}

/** Runs one statement in a session of its own. */
export async function query(databaseUrl: string, text: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('error', () => {}); // reported by the query
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

export async function canConnect(address: PostgresAddress): Promise<boolean> {
  return query(makeUrl(address, 'postgres'), 'SELECT 1').then(
    () => true,
    () => false,
  );
}

export function makeUrl({ host, port, user, password }: PostgresAddress, database: string): string {
  return `postgres://${user}:${password}@${host}:${port}/${database}`;
}
