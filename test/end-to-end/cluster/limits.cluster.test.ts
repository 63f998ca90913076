import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunDocument } from '../../../embedded/index.ts';
import { makeGate } from '../../activities/fake-models.ts';
import { answerCapital, makeCapitalRun } from '../../support/capital-run.ts';
import { type DevTemporal, startDevTemporal } from '../../support/dev-temporal.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../../support/openai-test-server.ts';
import { runCli, runCliJson, type StartedCli, startCli } from '../../support/run-cli.ts';
import { createDatabase, describeOnPostgres } from '../../support/services/shared-services.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { waitForRequests } from '../../support/wait-for-requests.ts';

// What a run may spend where two workers do its work, and one of them is killed.

vi.setConfig({ testTimeout: 300_000 });

const [rows, concurrency, limit] = [40, 6, 50];

let temporal: DevTemporal;
let models: OpenAiTestServer;
let folder: TemporaryFolder;
let started: StartedCli[];

beforeAll(async () => {
  temporal = await startDevTemporal();
}, 300_000);
afterAll(() => temporal[Symbol.asyncDispose]());

beforeEach(async () => {
  models = await startOpenAiTestServer({ answer: ({ prompt }) => answerCapital(prompt) });
  folder = await makeTemporaryFolder();
  started = [];
  // Four segments that ask: enough for both workers.
  const variants = ['one', 'two', 'three', 'four'];
  const run = makeCapitalRun({ baseUrl: models.baseUrl, rows, maxConcurrentRequests: concurrency });
  const [task] = run.tasks ?? [];
  const builder = (text: string) => JSON.parse(JSON.stringify(task).replaceAll('Name the city only.', text)) as object;
  await folder.write('run.yaml', {
    ...run,
    tasks: variants.map((key) => ({ ...builder(key), key })),
    evaluation: {
      key: 'limited',
      task_specifications: variants.map((key) => ({ key, task_key: key, model_key: 'small' })),
    },
  });
});
afterEach(async () => {
  for (const { process: child, ended } of started) {
    child.kill('SIGKILL');
    await ended;
  }
  await models.close();
  await folder[Symbol.asyncDispose]();
});

describe('on one SQLite directory', () => defineSuite(async () => `${folder.path}/.stet`));
describeOnPostgres('on PostgreSQL', () => defineSuite(createDatabase));

function defineSuite(makeStore: () => Promise<string>): void {
  it('limits.queries holds over two workers, a kill of one, retries and a resume', async () => {
    const at = {
      cwd: folder.path,
      environment: { STET_STORE: await makeStore(), TEMPORAL_ADDRESS: temporal.address },
    };
    const startWorker = (): StartedCli => {
      const worker = startCli(['worker', '--max-segments', '2'], at);
      started.push(worker);
      return worker;
    };
    // Every fifth send fails, and after a while nothing is answered before one worker is gone.
    const gate = makeGate();
    models.setHandler(async ({ prompt, index }) => {
      if (index >= 25) await gate.promise;
      return index % 5 === 4 ? { status: 503 } : answerCapital(prompt);
    });
    const doomed = startWorker();
    const survivor = startWorker();
    await Promise.all([doomed, survivor].map(untilWorking));
    const detached = await runCliJson<RunDocument>(
      ['run', '-f', 'run.yaml', '--detach', '--max-queries', String(limit)],
      at,
    );
    expect(detached.code, detached.stderr).toBe(0);
    const { run } = detached.document;
    await waitForRequests(models, 25 + concurrency, survivor);
    doomed.process.kill('SIGKILL');
    await doomed.ended;
    gate.open();
    await untilWorking(startWorker());

    const failed = await runCliJson<RunDocument>(['watch', run], at);
    expect(failed, failed.stderr).toMatchObject({
      code: 1,
      document: { status: 'failed', limits: { queries: { limit, used: limit } } },
    });
    const codes = new Set(failed.document.tasks.flatMap(({ error }) => (error === null ? [] : [error.code])));
    expect([...codes]).toEqual(['limit-reached']);
    expect(models.count()).toBeLessThanOrEqual(limit);
    expect(models.count()).toBeGreaterThanOrEqual(limit - 2 * concurrency);

    const refused = await runCli(['resume', run], at);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining(`${limit} of ${limit} queries`) });
    models.setHandler(({ prompt }) => answerCapital(prompt));
    const resumed = await runCliJson<RunDocument>(['resume', run, '--max-queries', '500'], at);
    expect(resumed, resumed.stderr).toMatchObject({ code: 0, document: { run, status: 'completed' } });
    expect(models.count()).toBeLessThanOrEqual(resumed.document.limits?.queries?.used ?? 0);
  });
}

async function untilWorking({ process: child, ended }: StartedCli): Promise<void> {
  let text = '';
  const early = ended.then(({ code, stderr }) => {
    throw new Error(`The worker ended with ${code}:\n${stderr}`);
  });
  early.catch(() => undefined);
  const working = new Promise<void>((resolve) => {
    child.stderr?.on('data', (part: string) => {
      text += part;
      if (/^Working: /m.test(text)) resolve();
    });
  });
  await Promise.race([working, early]);
}
