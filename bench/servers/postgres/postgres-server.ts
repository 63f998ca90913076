import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findFreePort } from '../free-port.ts';
import { type GuardedProcess, startGuarded } from '../guarded-process.ts';
import { canConnect, type PostgresAddress } from './databases.ts';
import { findPostgres } from './find-postgres.ts';
import { findUnprivilegedUser } from './unprivileged-user.ts';

/** A real server on the loopback interface, with its files in a folder of its own. */
export interface PostgresServer extends AsyncDisposable {
  readonly address: PostgresAddress;
  /** As a crash of the server does: sessions are cut, and on start it recovers from its log. */
  crash(): Promise<void>;
  /** Waits for nobody, but shuts down in order. */
  stop(): Promise<void>;
  /** On the same port, with the same data; resolves when it accepts sessions. */
  start(): Promise<void>;
}

const startAttempts = 5;
const pollMs = 25;

/**
 * What is written need only survive a crash of the server, whose pages the operating system keeps: without syncing,
 * everything takes a tenth of the time.
 */
const settings = {
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: '200',
  shared_buffers: '64MB',
  listen_addresses: '127.0.0.1',
  log_min_messages: 'warning',
} as const;

/** @throws {Error} where no PostgreSQL is installed, or it does not start. */
export async function startPostgres(): Promise<PostgresServer> {
  const programs = await findPostgres();
  if (programs === undefined) throw new Error('No PostgreSQL is installed.');
  const user = findUnprivilegedUser();
  const folder = await mkdtemp(path.join(tmpdir(), 'stet-postgres-'));
  const data = path.join(folder, 'data');
  const password = randomBytes(12).toString('hex');
  const passwordFile = path.join(folder, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user !== undefined) {
    for (const each of [folder, passwordFile]) await chown(each, user.uid, user.gid);
  }
  const environment = { HOME: folder, LC_ALL: 'C', PGDATA: undefined };
  await promisify(execFile)(
    path.join(programs, 'initdb'),
    ['-D', data, '-U', 'stet', `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--encoding=UTF8', '--no-sync'],
    { cwd: folder, env: { ...process.env, ...environment }, ...user },
  );

  let server: GuardedProcess | undefined;
  const launch = async (port: number): Promise<PostgresAddress> => {
    const options = Object.entries({ ...settings, port: String(port), unix_socket_directories: folder });
    const started = startGuarded(
      path.join(programs, 'postgres'),
      ['-D', data, ...options.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      { cwd: folder, environment, ...(user === undefined ? {} : { user }) },
    );
    server = started;
    const address = { host: '127.0.0.1', port, user: 'stet', password };
    while (!(await canConnect(address))) {
      if (!started.isRunning) throw new Error(`PostgreSQL did not start:\n${started.output}`);
      await sleep(pollMs);
    }
    return address;
  };
  const stop = async (signal: NodeJS.Signals) => {
    await server?.stop(signal);
    server = undefined;
  };
  const remove = () => rm(folder, { recursive: true, force: true });

  const launchOnFreePort = async (attempt = 1): Promise<PostgresAddress> => {
    try {
      return await launch(await findFreePort());
    } catch (error) {
      await stop('SIGQUIT');
      if (attempt < startAttempts) return launchOnFreePort(attempt + 1); // somebody else took the port
      await remove();
      throw error;
    }
  };
  const address = await launchOnFreePort();
  return {
    address,
    crash: () => stop('SIGQUIT'),
    stop: () => stop('SIGINT'),
    async start() {
      await launch(address.port);
    },
    async [Symbol.asyncDispose]() {
      await stop('SIGQUIT');
      await remove();
    },
  };
}
