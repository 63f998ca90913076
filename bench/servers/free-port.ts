import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** Above those that programs have by agreement, and below those that Linux gives out by itself. */
const lowPorts = { first: 20_000, count: 12_000 } as const;
const lowPortTries = 100;

/** A port of the loopback interface that nobody listens on now. */
export function findFreePort(): Promise<number> {
  return tryPort(0);
}

/** One that fits into 15 bits. */
export async function findFreeLowPort(): Promise<number> {
  for (let tries = 1; ; tries++) {
    try {
      return await tryPort(lowPorts.first + Math.floor(lowPorts.count * Math.random()));
    } catch (error) {
      if (tries === lowPortTries) throw error; // somebody listens on all of them
    }
  }
}

async function tryPort(wished: number): Promise<number> {
  const server = createServer().listen(wished, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
