import { expect, it, vi } from 'vitest';
import { makeSharedWorkQueue } from '../../contracts/ids.ts';
import { openStet } from '../../embedded/index.ts';
import { startWorker } from '../../embedded/start-worker.ts';
import { openStore } from '../../storage/index.ts';
import { answerCapital, makeCapitalRun } from '../support/capital-run.ts';
import { startClusterTemporal } from '../support/dev-temporal.ts';
import { startOpenAiTestServer } from '../support/openai-test-server.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

it('a schedule on a Temporal elsewhere leaves its runs to the workers of the store', { timeout: 120_000 }, async () => {
  await using temporal = await startClusterTemporal();
  await using folder = await makeTemporaryFolder();
  await using model = await startOpenAiTestServer({ answer: ({ prompt }) => answerCapital(prompt) });
  const file = await folder.write(
    'run.yaml',
    makeCapitalRun({ baseUrl: model.baseUrl, rows: 6, cachePolicy: 'update' }),
  );
  const place = {
    store: `${folder.path}/store`,
    workingDirectory: folder.path,
    environment: { PATH: process.env['PATH'] },
    temporal: { address: temporal.address },
  };
  const worker = await startWorker({ role: 'worker', ...place });
  const stet = await openStet(place);
  const records = await openStore(place.store);
  try {
    const options = { timing: { cron: '0 0 1 1 *' }, name: 'yearly' } as const;
    await expect(stet.schedules.add(file, { ...options, track: true })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('workers run elsewhere') as string,
    });
    const added = await stet.schedules.add(file, { ...options, alerts: ['accuracy < 0.5'] });
    expect(added.temporal).toBe('remote');
    await stet.schedules.trigger('yearly');
    const find = async () => {
      const [runId] = await records.schedules.listRuns('yearly', { limit: 1 });
      return runId === undefined ? undefined : records.runs.getRun(runId);
    };
    await vi.waitUntil(async () => (await find())?.status === 'completed', { timeout: 60_000, interval: 50 });
    expect(await find()).toMatchObject({
      workQueue: makeSharedWorkQueue(await records.runs.getStoreId()),
      ownerId: null,
      trigger: 'schedule',
      alerts: { findings: [{ verdict: 'quiet' }] },
    });
  } finally {
    await stet.close();
    await worker.stop();
    await records.close();
  }
});
