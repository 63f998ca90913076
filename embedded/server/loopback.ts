import { connect, createServer } from 'node:net';

export const loopback = '127.0.0.1';

/** Whether something listens on that port of this machine now. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: loopback, port });
    const settle = (isOpen: boolean) => () => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', settle(true)).once('error', settle(false)).setTimeout(1_000, settle(false));
  });
}

/** The wished port where it is free and none of those to avoid, else any free one. */
export async function findFreePort(wished?: number | null, avoid: readonly number[] = []): Promise<number> {
  if (wished !== undefined && wished !== null && !avoid.includes(wished) && (await tryPort(wished)) === wished)
    return wished;
  for (;;) {
    const port = await tryPort(0);
    if (port !== undefined && !avoid.includes(port)) return port;
  }
}

function tryPort(wished: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ host: loopback, port: wished, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}
