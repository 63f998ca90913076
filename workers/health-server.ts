import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EvaluationError } from '../contracts/evaluation-error.ts';

/** An address to listen on. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** What has to be so for a worker to be of use; each by name. */
export type Readiness = Readonly<Record<string, boolean>>;

export interface HealthServer {
  /** Where it listens: `http://host:port`. */
  readonly address: string;
  close(): Promise<void>;
}

const loopback = '127.0.0.1';

/**
 * `port`, or `host:port`; without a host the loopback interface, since whoever reaches it learns what runs here.
 *
 * @throws {EvaluationError} `usage`.
 */
export function parseListenAddress(text: string): ListenAddress {
  const { host = loopback, port = '' } =
    /^(?:(?<host>\[[0-9a-fA-F:]+\]|[^:\s]+):)?(?<port>\d{1,5})$/.exec(text.trim())?.groups ?? {};
  if (port === '' || Number(port) > 65_535) {
    throw new EvaluationError('usage', `${JSON.stringify(text)} is no address to listen on.`, {
      hint: 'Write a port, such as 8081, or host:port, such as 0.0.0.0:8081 within a container.',
    });
  }
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

/** `host:port`. */
export function writeListenAddress({ host, port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * Answers `/healthz` (alive: 200 as long as this process answers at all) and `/readyz` (ready: 200 where every part is,
 * else 503, with the parts as JSON). Metrics are another server's, whose address the SDK binds itself.
 *
 * @throws {EvaluationError} `usage` where the address cannot be listened on.
 */
export async function startHealthServer(
  { host, port }: ListenAddress,
  findReadiness: () => Promise<Readiness>,
): Promise<HealthServer> {
  const server = createServer((request, response) => {
    request.resume();
    const { pathname } = new URL(request.url ?? '/', 'http://health');
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, { error: 'Only GET.' });
    if (pathname === '/healthz') return send(response, 200, { live: true });
    if (pathname !== '/readyz') return send(response, 404, { error: 'There are /healthz and /readyz.' });
    findReadiness().then(
      (parts) => {
        const ready = Object.values(parts).every(Boolean);
        send(response, ready ? 200 : 503, { ready, ...parts });
      },
      () => send(response, 503, { ready: false }),
    );
  });
  server.listen(port, host);
  await once(server, 'listening').catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new EvaluationError('usage', `Health cannot be shown on ${host}:${port}: ${code ?? message}.`, {
      hint: 'Choose another port: something else listens there, or this user may not.',
      cause: error,
    });
  });
  const { port: actual } = server.address() as AddressInfo;
  return {
    address: `http://${writeListenAddress({ host, port: actual })}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}
