import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type HealthServer, parseListenAddress, startHealthServer } from '../../workers/health-server.ts';

let server: HealthServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

describe('the address of health', () => {
  it('is on loopback unless a host is named', () => {
    expect(parseListenAddress('8081')).toEqual({ host: '127.0.0.1', port: 8081 });
    expect(parseListenAddress('0.0.0.0:8081')).toEqual({ host: '0.0.0.0', port: 8081 });
    expect(parseListenAddress('[::1]:8081')).toEqual({ host: '::1', port: 8081 });
  });

  it.each(['', 'http', '8081x', ':8081', '70000', 'a b:1'])('is refused where it is none: %j', (text) => {
    expect(() => parseListenAddress(text)).toThrow(/no address to listen on/);
  });
});

describe('health', () => {
  it('is live whatever happens, and ready only where every part is', async () => {
    const parts = { temporal: true, store: true, workers: true };
    server = await startHealthServer({ host: '127.0.0.1', port: 0 }, async () => parts);
    const get = (path: string) => fetch(`${server?.address}${path}`);
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/readyz')).status).toBe(200);
    parts.temporal = false;
    const unready = await get('/readyz');
    expect(unready.status).toBe(503);
    expect(await unready.json()).toEqual({ ready: false, temporal: false, store: true, workers: true });
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/')).status).toBe(404);
    expect((await fetch(`${server.address}/healthz`, { method: 'POST', body: 'x' })).status).toBe(405);
  });

  it('is not ready where it cannot be told', async () => {
    server = await startHealthServer({ host: '127.0.0.1', port: 0 }, () => Promise.reject(new Error('away')));
    const unready = await fetch(`${server.address}/readyz`);
    expect([unready.status, await unready.json()]).toEqual([503, { ready: false }]);
  });

  it('says so where its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { readonly port: number };
    await expect(startHealthServer({ host: '127.0.0.1', port }, async () => ({}))).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('EADDRINUSE'),
    });
    other.close();
  });
});
