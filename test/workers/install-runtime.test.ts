import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { installRuntime } from '../../workers/connect-temporal.ts';

const options = { log: () => {}, verbose: false };

// The SDK has one runtime for a process: what comes last here is what it stays with.
describe('the runtime of the SDK', () => {
  it('says when the address for metrics is taken, or none', async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const taken = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
    expect(() => installRuntime({ ...options, metricsAddress: taken })).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringMatching(/on 127.0.0.1:\d+: .*in use/) }),
    );
    expect(() => installRuntime({ ...options, metricsAddress: 'metrics.example:9464' })).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining('no IP address') }),
    );
    listener.close();
    await once(listener, 'close');
  });

  it('is installed once, and cannot show metrics later', () => {
    installRuntime(options);
    installRuntime(options);
    expect(() => installRuntime({ ...options, metricsAddress: '127.0.0.1:9464' })).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining('has begun without them') }),
    );
  });
});
