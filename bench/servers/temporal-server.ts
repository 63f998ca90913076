import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { findTemporalCli } from '../../embedded/server/find-cli.ts';
import { findFreePort } from './free-port.ts';
import { type GuardedProcess, startGuarded } from './guarded-process.ts';

/** A Temporal that is not Stet's: what `TEMPORAL_ADDRESS` names. */
export interface TemporalServer extends AsyncDisposable {
  readonly address: string;
  /** `kill -9`; `start` brings it back on its port and database. */
  kill(): Promise<void>;
  /** Resolves when it answers. */
  start(): Promise<void>;
}

const pollMs = 25;
const answerMs = 2_000;
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
    while (!(await isServing(address))) {
      if (!started.isRunning) throw new Error(`Temporal did not start:\n${started.output}`);
      await sleep(pollMs);
    }
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

async function isServing(address: string): Promise<boolean> {
  const connection = Connection.lazy({ address });
  try {
    await connection.withDeadline(Date.now() + answerMs, () =>
      connection.workflowService.describeNamespace({ namespace: 'default' }),
    );
    return true;
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}
