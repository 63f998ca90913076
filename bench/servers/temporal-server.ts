import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findTemporalCli } from '../../embedded/server/find-cli.ts';
import { findFreePort } from './free-port.ts';
import { type GuardedProcess, startGuarded } from './guarded-process.ts';
import { waitUntilServing } from './wait-until-serving.ts';

/** A Temporal that is not Stet's: what `TEMPORAL_ADDRESS` names. */
export interface TemporalServer extends AsyncDisposable {
  readonly address: string;
  /** `kill -9`; `start` brings it back on its port and database. */
  kill(): Promise<void>;
  /** Resolves when it answers. */
  start(): Promise<void>;
}

/** What Stet's own server has; otherwise each step of a workflow waits for the disk. */
const pragmas = ['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'];

/**
 * Starts the dev server of the Temporal CLI on a free port, with a database of its own.
 *
 * @throws {Error} where it ends in place of starting.
 */
export async function startTemporalServer(): Promise<TemporalServer> {
  const cli = await findTemporalCli({
    environment: process.env,
    onProgress: (line) => process.stderr.write(`${line}\n`),
  });
  const folder = await mkdtemp(path.join(tmpdir(), 'stet-temporal-'));
  const port = await findFreePort();
  const address = `127.0.0.1:${port}`;
  const place = ['--ip', '127.0.0.1', '--port', String(port), '--db-filename', path.join(folder, 'temporal.db')];
  let server: GuardedProcess | undefined;
  const start = async (): Promise<void> => {
    const started = startGuarded(
      cli.path,
      ['server', 'start-dev', '--headless', ...place, ...pragmas, '--log-level', 'error'],
      { cwd: folder },
    );
    server = started;
    await waitUntilServing(started, address, ({ workflowService }) =>
      workflowService.describeNamespace({ namespace: 'default' }),
    );
  };
  await start();
  return {
    address,
    kill: async () => server?.stop('SIGKILL'),
    start,
    async [Symbol.asyncDispose]() {
      await server?.stop('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
