import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { configureServer, embeddedNamespace } from './configure-server.ts';
import { isListening, loopback } from './loopback.ts';

const pollEveryMs = 40;
const callTimeoutMs = 2_000;
const configureTimeoutMs = 20_000;
const servingStatus = 1;

export type ServingOutcome = 'serving' | 'ended' | 'timed-out';

/**
 * Waits until a server answers and its namespace exists, then sets it up. Asks the port before the SDK does, because
 * the SDK's connection backs off for a second after each refusal.
 */
export async function waitUntilServing(options: {
  readonly port: number;
  readonly timeoutMs: number;
  readonly isAlive: () => boolean;
}): Promise<ServingOutcome> {
  const deadline = performance.now() + options.timeoutMs;
  let connection: Connection | undefined;
  try {
    for (;;) {
      if (!options.isAlive()) return 'ended';
      if (await isListening(options.port)) {
        connection ??= Connection.lazy({ address: `${loopback}:${options.port}` });
        if (await isServing(connection)) break;
      }
      if (performance.now() > deadline) return 'timed-out';
      await sleep(pollEveryMs);
    }
    const ready = connection;
    await ready.withDeadline(Date.now() + configureTimeoutMs, () => configureServer(ready));
    return 'serving';
  } finally {
    await connection?.close();
  }
}

async function isServing(connection: Connection): Promise<boolean> {
  try {
    return await connection.withDeadline(Date.now() + callTimeoutMs, async () => {
      const health = await connection.healthService.check({
        service: 'temporal.api.workflowservice.v1.WorkflowService',
      });
      if (health.status !== servingStatus) return false;
      await connection.workflowService.describeNamespace({ namespace: embeddedNamespace });
      return true;
    });
  } catch {
    return false; // still starting; the caller's deadline decides
  }
}
