import { createHmac } from 'node:crypto';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { openStet } from '../../embedded/open-stet.ts';
import { openStore } from '../../storage/index.ts';
import { answerCapital, makeCapitalRun } from '../support/capital-run.ts';
import { killServer } from '../support/killable-runs.ts';
import { startOpenAiTestServer } from '../support/openai-test-server.ts';
import { type StartedCli, startCli } from '../support/run-cli.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';

const secret = 'a key that only the receiver knows';
const patience = { timeout: 90_000, interval: 50 };

test('a schedule runs, compares, alerts a webhook and survives kill -9 of everything', {
  timeout: 120_000,
}, async () => {
  await using folder = await makeTemporaryFolder();
  await using model = await startOpenAiTestServer({ answer: ({ prompt }) => answerCapital(prompt) });
  await using receiver = await startWebhookReceiver((_, index) => (index === 0 ? 503 : 204));
  const store = path.join(folder.path, 'store');
  const file = await folder.write(
    'run.yaml',
    makeCapitalRun({ baseUrl: model.baseUrl, rows: 12, cachePolicy: 'update' }),
  );
  const environment = { STET_NOTIFY_SECRET: secret };
  const up = () => startCli(['up', '--store', store], { cwd: folder.path, environment });
  const killEverything = async (started: StartedCli) => {
    started.process.kill('SIGKILL');
    await started.ended;
    await killServer(store);
  };

  const stet = await openStet({ store, environment });
  try {
    const added = await stet.schedules.add(file, {
      timing: { everyMs: 2_000 },
      name: 'drift',
      alerts: ['accuracy < -0.2'],
      baseline: 'first',
      notify: { url: receiver.url },
    });
    expect(added.next).toHaveLength(5);
    expect(added.temporal).toBe('embedded');
  } finally {
    await stet.close();
  }
  const records = await openStore(store);
  try {
    const listRuns = async () => {
      const ids = await records.schedules.listRuns('drift', { limit: 10 });
      return Promise.all(ids.map((id) => records.runs.getRun(id)));
    };
    const hasCompleted = async (runId?: string) =>
      (await listRuns()).some((run) => run.status === 'completed' && run.runId === (runId ?? run.runId));

    let started = up();
    await vi.waitUntil(() => hasCompleted(), patience);
    // The next ones are worse, and the process and the server die in the middle of one.
    let hasHeld = false;
    model.setHandler(async () => {
      hasHeld = true;
      await new Promise(() => {});
      return '';
    });
    await vi.waitUntil(() => hasHeld, patience);
    await killEverything(started);
    const [interrupted] = await listRuns();
    expect(interrupted?.status).toBe('running');
    model.setHandler(() => 'Atlantis');

    started = up();
    await vi.waitUntil(() => receiver.received.length >= 1, patience);
    await vi.waitUntil(
      async () => (await records.schedules.listUndelivered('drift')).some(({ error }) => error !== null),
      patience,
    );
    expect(await hasCompleted(interrupted?.runId)).toBe(true);
    await killEverything(started);

    started = up();
    const [first] = receiver.received;
    const idOf = (webhook: (typeof receiver.received)[number] | undefined) => webhook?.headers['webhook-id'];
    await vi.waitUntil(() => receiver.received.slice(1).some((webhook) => idOf(webhook) === idOf(first)), patience);
    started.process.kill('SIGTERM');
    expect((await started.ended).code).toBe(0);

    const told = receiver.received.slice(1).find((webhook) => idOf(webhook) === idOf(first));
    const timestamp = told?.headers['webhook-timestamp'] as string;
    const signed = `${idOf(first) as string}.${timestamp}.${told?.body}`;
    const signature = createHmac('sha256', secret).update(signed).digest('base64');
    expect(told?.headers['webhook-signature']).toBe(`v1,${signature}`);
    expect(told?.body).not.toContain('Atlantis');
    expect(told?.body).not.toContain(secret);
    const body = JSON.parse(told?.body ?? '') as { readonly run: { readonly run: string } };
    const oldest = (await listRuns()).at(-1);
    expect(body).toMatchObject({
      type: 'alert',
      schedule: 'drift',
      run: { status: 'completed' },
      alerts: [{ verdict: 'fired', baseline_run: oldest?.runId, difference: { pairs: 12, method: 'agresti-min' } }],
    });
    // Of the interrupted run, or of the next one where that had got most of its answers before.
    const marked = await records.runs.getRun(body.run.run);
    expect(marked).toMatchObject({ scheduleName: 'drift', alerts: { findings: [{ verdict: 'fired' }] } });
  } finally {
    await records.close();
  }
});
