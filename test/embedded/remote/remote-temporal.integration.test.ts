import { expect, it, vi } from 'vitest';
import { openRemoteTemporal } from '../../../embedded/remote/remote-temporal.ts';
import { startDevTemporal } from '../../support/dev-temporal.ts';

vi.setConfig({ testTimeout: 120_000 });

it('a Temporal that goes away after it has answered is named, and is there again when it comes back', async () => {
  await using temporal = await startDevTemporal();
  const service = await openRemoteTemporal({
    target: { address: temporal.address, namespace: 'default' },
    processId: 'this one',
    runs: { removeProcess: async () => {}, recordTemporal: async (_id, at) => at },
    onNotice: () => {},
  });
  await temporal.kill();
  await expect(service.revive()).rejects.toMatchObject({
    code: 'temporal-failed',
    message: expect.stringContaining(`Temporal at ${temporal.address} does not answer`),
  });
  await temporal.start();
  await vi.waitUntil(
    () =>
      service.revive().then(
        () => true,
        () => false,
      ),
    { timeout: 60_000, interval: 100 },
  );
  await service.release();
});
