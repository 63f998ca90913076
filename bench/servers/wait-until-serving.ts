import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import type { GuardedProcess } from './guarded-process.ts';

const pollMs = 25;
const answerMs = 2_000;

/**
 * Resolves when a Temporal server answers what it is asked.
 *
 * @throws {Error} where the server ends in place of starting.
 */
export async function waitUntilServing(
  server: GuardedProcess,
  address: string,
  ask: (connection: Connection) => Promise<unknown>,
): Promise<void> {
  while (!(await isServing(address, ask))) {
    if (!server.isRunning) throw new Error(`Temporal did not start:\n${server.output}`);
    await sleep(pollMs);
  }
}

async function isServing(address: string, ask: (connection: Connection) => Promise<unknown>): Promise<boolean> {
  const connection = Connection.lazy({ address });
  try {
    await connection.withDeadline(Date.now() + answerMs, () => ask(connection));
    return true;
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}
