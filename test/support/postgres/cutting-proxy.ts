import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * What becomes of a COMMIT: it reaches the server and its answer nobody, or it does not reach the server. Either way
 * both sides lose the connection.
 */
export type Cut = 'answer' | 'question';

/** Stands between a store and its server, and cuts connections at the worst moment. */
export interface CuttingProxy extends AsyncDisposable {
  readonly port: number;
  /** How often it has cut. */
  readonly cuts: number;
  /** Asked at each COMMIT. */
  decide: () => Cut | undefined;
}

/** A simple query, as the protocol frames it: type, length, text. */
const commit = Buffer.from('Q\0\0\0\vCOMMIT\0', 'latin1');

export async function startCuttingProxy(target: {
  readonly host: string;
  readonly port: number;
}): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let cuts = 0;
  const proxy = {
    decide: (): Cut | undefined => undefined,
    get cuts() {
      return cuts;
    },
  };
  const server = createServer((client) => {
    const upstream = connect(target.port, target.host);
    let isCutting = false;
    const cut = () => {
      cuts += 1;
      client.destroy();
      upstream.destroy();
    };
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {}); // the other side hears of the close
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.on('data', (bytes) => {
      const decision = bytes.includes(commit) ? proxy.decide() : undefined;
      if (decision === 'question') return cut();
      isCutting ||= decision === 'answer';
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (isCutting) cut();
      else client.write(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(proxy, {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  });
}
