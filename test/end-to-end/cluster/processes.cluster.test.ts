import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { findFreePort } from '../../../bench/servers/free-port.ts';
import { type StopSignal, stopSignals } from '../../../cli/command-context.ts';
import { makeEvaluationWorkflowId } from '../../../contracts/ids.ts';
import type { RunDocument } from '../../../embedded/index.ts';
import { makeGate } from '../../activities/fake-models.ts';
import { answerCapital, makeCapitalRun } from '../../support/capital-run.ts';
import { type DevTemporal, startClusterTemporal } from '../../support/dev-temporal.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../../support/openai-test-server.ts';
import { runCli, runCliJson, type StartedCli, startCli } from '../../support/run-cli.ts';
import { createDatabase, describeOnPostgres } from '../../support/services/shared-services.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';

// Workers and commands as processes of their own, on a Temporal that runs elsewhere: what a cluster is made of.

// Each test starts several processes, which a busy machine may take long for.
vi.setConfig({ testTimeout: 300_000 });

const rows = 60;
const concurrency = 4;

let temporal: DevTemporal;
let models: OpenAiTestServer;
let folder: TemporaryFolder;
let started: StartedCli[];

beforeAll(async () => {
  temporal = await startClusterTemporal();
}, 300_000);
afterAll(() => temporal[Symbol.asyncDispose]());

beforeEach(async () => {
  models = await startOpenAiTestServer({ answer: ({ prompt }) => answerCapital(prompt) });
  folder = await makeTemporaryFolder();
  await folder.write('run.yaml', makeCapitalRun({ baseUrl: models.baseUrl, rows, maxConcurrentRequests: concurrency }));
  started = [];
});
afterEach(async () => {
  for (const { process: child, ended } of started) {
    child.kill('SIGKILL');
    await ended;
  }
  await models.close();
  await folder[Symbol.asyncDispose]();
});

interface StartedWorker extends StartedCli {
  readonly storeId: string;
}

describe('on one SQLite directory', () => defineSuite(async () => path.join(folder.path, '.stet'), stopSignals));
describeOnPostgres('on PostgreSQL', () => defineSuite(createDatabase, ['SIGTERM']));

function defineSuite(makeStore: () => Promise<string>, signals: readonly StopSignal[]): void {
  let environment: Record<string, string>;
  const at = () => ({ cwd: folder.path, environment });
  const stet = (...words: readonly string[]) => runCli(words, at());

  beforeEach(async () => {
    environment = { STET_STORE: await makeStore(), TEMPORAL_ADDRESS: temporal.address };
  });

  /** A worker that is at work. */
  async function startWorker(...words: readonly string[]): Promise<StartedWorker> {
    const worker = startCli(['worker', ...words], at());
    started.push(worker);
    const text = await waitForLine(worker, /^Working: /m);
    return { ...worker, storeId: /^Store: (\S+)$/m.exec(text)?.[1] ?? '' };
  }

  it('a detached run is done by workers, watched and cancelled from any other shell', async () => {
    const refused = await stet('run', '-f', 'run.yaml', '--detach');
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/stet up.*stet worker/s) });

    const worker = await startWorker();
    const detached = await runCliJson<RunDocument>(['run', '-f', 'run.yaml', '--detach'], at());
    expect(detached, detached.stderr).toMatchObject({ code: 0 });
    const { run } = detached.document;
    for (const command of ['watch', 'show', 'cancel'])
      expect(detached.stderr).toContain(`stet ${command} ${run.slice(0, 8)}`);
    const watched = await runCliJson<RunDocument>(['watch', run], at());
    expect(watched).toMatchObject({ code: 0, document: { run, status: 'completed', model_queries: { sent: rows } } });

    const gate = makeGate();
    models.setHandler(async ({ prompt }) => {
      await gate.promise;
      return answerCapital(prompt);
    });
    const before = models.count();
    const again = await runCliJson<RunDocument>(
      ['run', '-f', 'run.yaml', '--detach', '--cache-policy', 'update'],
      at(),
    );
    await waitForCount(before + 1);
    const watching = startCli(['watch', again.document.run, '--json'], at());
    started.push(watching);
    await waitForLine(watching, /is followed/);
    watching.process.kill('SIGINT');
    // Ctrl-C ends the watching, and the run goes on.
    expect(await watching.ended).toMatchObject({ code: 130, stderr: expect.stringContaining('goes on') });
    const cancelling = stet('cancel', again.document.run);
    await untilCancelRequested(worker, again.document.run);
    gate.open();
    expect(await cancelling).toMatchObject({ code: 0, stdout: expect.stringContaining('is cancelled') });
  });

  it('a worker killed in the middle loses nothing: another goes on with what it had', async () => {
    const holding = makeGate();
    const half = rows / 2;
    models.setHandler(async ({ index, prompt }) => {
      if (index >= half && index < half + concurrency) await holding.promise;
      return answerCapital(prompt);
    });
    const doomed = await startWorker();
    const { document } = await runCliJson<RunDocument>(['run', '-f', 'run.yaml', '--detach'], at());
    await waitForCount(half + concurrency);
    await startWorker();
    doomed.process.kill('SIGKILL');
    await doomed.ended;
    holding.open();
    const watched = await runCliJson<RunDocument>(['watch', document.run], at());
    expect(watched).toMatchObject({
      code: 0,
      document: { status: 'completed', tasks: [{ metrics: { accuracy: 0.9 } }] },
    });
    expect(new Set(models.requests.map(({ prompt }) => prompt)).size).toBe(rows);
    expect(models.count()).toBeLessThanOrEqual(rows + concurrency); // what was in flight is sent again
  });

  it.each(signals)('%s drains a worker: queries in flight finish, exit 0', async (signal) => {
    const gate = makeGate();
    models.setHandler(async ({ index, prompt }) => {
      if (index > 0) await gate.promise;
      return answerCapital(prompt);
    });
    const worker = await startWorker();
    const { document } = await runCliJson<RunDocument>(['run', '-f', 'run.yaml', '--detach'], at());
    await waitForCount(1 + concurrency);
    const draining = waitForLine(worker, /^Draining/m);
    worker.process.kill(signal);
    await draining;
    gate.open();
    expect(await worker.ended).toMatchObject({ code: 0, stderr: expect.stringContaining('Drained.') });
    expect(models.count()).toBe(1 + concurrency);
    await startWorker();
    expect(await stet('watch', document.run)).toMatchObject({ code: 0 });
    expect(models.count()).toBe(rows);
  });

  it('a second signal ends a worker at once, whatever is in flight', async () => {
    models.setHandler(() => new Promise(() => {}));
    const worker = await startWorker();
    await stet('run', '-f', 'run.yaml', '--detach');
    await waitForCount(1);
    const draining = waitForLine(worker, /^Draining/m);
    worker.process.kill('SIGINT');
    await draining;
    worker.process.kill('SIGTERM');
    expect(await worker.ended).toMatchObject({ code: 143 });
  });

  it('a server that is killed and comes back ends nothing', async () => {
    const gate = makeGate();
    models.setHandler(async ({ index, prompt }) => {
      if (index >= rows / 2) await gate.promise;
      return answerCapital(prompt);
    });
    await startWorker();
    const { document } = await runCliJson<RunDocument>(['run', '-f', 'run.yaml', '--detach'], at());
    await waitForCount(rows / 2 + concurrency);
    await temporal.kill();
    gate.open();
    await temporal.start();
    const watched = await runCliJson<RunDocument>(['watch', document.run], at());
    expect(watched, watched.stderr).toMatchObject({ code: 0, document: { status: 'completed' } });
    expect(new Set(models.requests.map(({ prompt }) => prompt)).size).toBe(rows);
  });

  it('the worker of containers does the same by its environment alone', async () => {
    const port = await findFreePort();
    const main = fileURLToPath(new URL('../../../dist/workers/main.js', import.meta.url));
    const worker = startCli([], { ...at(), environment: { ...environment, STET_HEALTH: String(port) } }, main);
    started.push(worker);
    await waitForLine(worker, /^Working on store /m, 'stdout');
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { ready: true, temporal: true, store: true, workers: true },
    ]);
    const { document } = await runCliJson<RunDocument>(['run', '-f', 'run.yaml'], at()); // not detached: followed
    expect(document).toMatchObject({ status: 'completed', model_queries: { sent: rows } });
    worker.process.kill('SIGTERM');
    expect(await worker.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('Drained.') });
  });
}

/** Queries in flight may finish from then on: nothing more is sent. */
async function untilCancelRequested({ storeId }: StartedWorker, runId: string): Promise<void> {
  const handle = temporal.client.workflow.getHandle(makeEvaluationWorkflowId({ storeId, runId }));
  const isRequested = async () => JSON.stringify(await handle.fetchHistory()).includes('CancelRequestedEvent');
  while (!(await isRequested())) await sleep(20);
}

async function waitForCount(count: number): Promise<void> {
  while (models.count() < count) await sleep(5);
}

/** What a process has written by the time of such a line; rejects when it ends before. */
async function waitForLine(
  { process: child, ended }: StartedCli,
  wanted: RegExp,
  stream: 'stdout' | 'stderr' = 'stderr',
): Promise<string> {
  let text = '';
  const stop = new AbortController();
  const written = new Promise<void>((resolve) => {
    const listen = (part: string) => {
      text += part;
      if (wanted.test(text)) resolve();
    };
    child[stream]?.on('data', listen);
    stop.signal.addEventListener('abort', () => child[stream]?.off('data', listen));
  });
  const early = ended.then(({ code, stdout, stderr }) => {
    throw new Error(`It ended with ${code} before it wrote ${wanted}:\n${stdout}${stderr}`);
  });
  early.catch(() => undefined);
  await Promise.race([written, early]);
  stop.abort();
  return text;
}
