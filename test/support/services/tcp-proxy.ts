import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A line between a client and a server on which things happen. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections that were accepted so far. */
  readonly accepted: number;
  /** Cuts the next connections, so many, once so many bytes have gone in that direction. */
  cut(options: { readonly connections: number; readonly after: number; readonly direction: 'up' | 'down' }): void;
  /** Answers the next connections, so many, with this text at once and closes them. */
  answer(options: { readonly connections: number; readonly text: string }): void;
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const open = new Set<Socket>();
  let accepted = 0;
  let cutting = { connections: 0, after: 0, direction: 'up' as 'up' | 'down' };
  let answering = { connections: 0, text: '' };

  const server = createServer((client) => {
    accepted += 1;
    track(client);
    if (answering.connections > 0) {
      answering = { ...answering, connections: answering.connections - 1 };
      const { text } = answering;
      client.once('data', () => client.end(text));
      return;
    }
    const target = connect(targetPort, '127.0.0.1');
    track(target);
    const ends = { up: [client, target], down: [target, client] } as const;
    for (const [direction, [from, to]] of Object.entries(ends)) {
      let passed = 0;
      from.on('data', (bytes: Buffer) => {
        passed += bytes.byteLength;
        if (cutting.connections > 0 && cutting.direction === direction && passed > cutting.after) {
          cutting = { ...cutting, connections: cutting.connections - 1 };
          client.resetAndDestroy();
          target.destroy();
          return;
        }
        if (!to.destroyed) to.write(bytes);
      });
      from.on('close', () => to.destroy());
    }
  });

  function track(socket: Socket): void {
    open.add(socket);
    socket.on('error', () => {}); // what is cut complains
    socket.on('close', () => open.delete(socket));
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get accepted() {
      return accepted;
    },
    cut(options) {
      cutting = options;
    },
    answer(options) {
      answering = options;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
