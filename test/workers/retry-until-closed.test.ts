import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { Connection } from '@temporalio/client';
import { expect, it } from 'vitest';
import { retryUntilClosed } from '../../workers/retry-until-closed.ts';

// What the SDK throws from a timer would end the process, and fails this file where it happens.

it('ends a call whose connection is closed between two tries', async () => {
  const server = createServer((socket: Socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  let tries = 0;
  let hasTriedAgain = () => {};
  const triedAgain = new Promise<void>((resolve) => (hasTriedAgain = resolve));
  const connection = Connection.lazy({
    address: `127.0.0.1:${port}`,
    interceptors: [
      (options, nextCall) =>
        retryUntilClosed(options, (callOptions) => {
          tries++;
          if (tries === 2) hasTriedAgain();
          return nextCall(callOptions);
        }),
    ],
  });
  const ended = connection.workflowService.getSystemInfo({}).then(
    () => 'answered',
    (error: unknown) => String(error),
  );
  await triedAgain;
  await connection.close();
  expect(await ended).toContain('Channel has been shut down');
  expect(tries).toBeGreaterThan(2);
  server.close();
});
