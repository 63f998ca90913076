import { describe, expect, it, vi } from 'vitest';
import { openStet } from '../../embedded/index.ts';
import { answerCapital } from '../support/capital-run.ts';
import { startDevTemporal } from '../support/dev-temporal.ts';
import { useRemoteBench } from '../support/remote-bench.ts';

// Evaluations on a Temporal that somebody else runs: in one process, with workers where a test wants some.

vi.setConfig({ testTimeout: 120_000 });

const rows = 20;
const bench = useRemoteBench({ rows, startTemporal: startDevTemporal });
const { open, work, place, untilAsked, holdAnswers } = bench;

describe('a run on a Temporal elsewhere', () => {
  it('is worked on by the command where no worker is there, which it says', async () => {
    const stet = await open();
    const document = await (await stet.run('run.yaml')).result();
    expect(document).toMatchObject({ status: 'completed', model_queries: { sent: rows } });
    expect(bench.notices).toContain('No worker polls the queue of this store; this command does the work itself.');
    const again = await (await stet.run('run.yaml')).result();
    expect(again).toMatchObject({ tasks: [{ reuse: 'full' }], model_queries: { sent: 0 } });
  });

  it('makes the namespace it is told of, and tells nobody what it could not do', async () => {
    const stet = await open('store', { temporal: { address: bench.temporal.address, namespace: 'evaluations' } });
    expect((await (await stet.run('run.yaml')).result()).status).toBe('completed');
    const { namespaceInfo } = await bench.temporal.client.workflowService.describeNamespace({
      namespace: 'evaluations',
    });
    expect(namespaceInfo?.name).toBe('evaluations');
  });

  it('says at once that nobody answers where it is told to look', async () => {
    const stet = await open('store', { temporal: { address: '127.0.0.1:1' } });
    await expect(stet.run('run.yaml')).rejects.toMatchObject({
      code: 'temporal-failed',
      message: expect.stringContaining('Temporal at 127.0.0.1:1 does not answer'),
    });
  });

  it('is refused when it is detached and nobody would work on it', async () => {
    const stet = await open();
    await expect(stet.run('run.yaml', { detach: true })).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('stet up'),
    });
    expect(await stet.list()).toEqual([]);
  });

  it('goes on from the journal when it began on the server that Stet brings', async () => {
    bench.models.setHandler(async ({ index, prompt }) => {
      if (index >= rows / 2) await bench.gate.promise;
      return answerCapital(prompt);
    });
    const before = await openStet({ ...place('store'), temporal: 'embedded' });
    const begun = await before.run('run.yaml');
    await untilAsked(rows / 2 + 4);
    bench.gate.open();
    await begun.drain();
    await before.close();

    const stet = await open();
    const document = await (await stet.run('run.yaml')).result();
    expect(document).toMatchObject({ run: begun.id, status: 'completed', attempt: 1 });
    expect(bench.models.count()).toBe(rows);
  });
});

describe('workers', () => {
  it('do what is left to them: followed by run and watch, attached to by the same file', async () => {
    holdAnswers();
    await work();
    const stet = await open();
    const detached = await stet.run('run.yaml', { detach: true });
    await detached.drain(); // whoever started it need not stay
    expect(await stet.list()).toMatchObject([{ run: detached.id, has_owner: false, on_workers: true }]);
    const attached = await stet.run('run.yaml');
    const watched = await stet.watch();
    expect([attached.id, attached.attached, watched.id]).toEqual([detached.id, true, detached.id]);
    bench.gate.open();
    const [byRun, byWatch] = await Promise.all([attached.result(), watched.result()]);
    expect(byRun).toMatchObject({ status: 'completed', tasks: [{ metrics: { accuracy: 0.9 } }] });
    expect(byWatch.tasks[0]?.result_digest).toBe(byRun.tasks[0]?.result_digest);
    expect(bench.models.count()).toBe(rows);
  });
});
