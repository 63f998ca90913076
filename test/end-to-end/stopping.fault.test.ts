import { existsSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openStet, type RunDocument, type RunHandle, type Stet } from '../../embedded/index.ts';
import { findTemporalCli } from '../../embedded/server/find-cli.ts';
import { makeGate } from '../activities/fake-models.ts';
import { answerCapital, looseScorer, makeCapitalRun } from '../support/capital-run.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { type CliResult, runCliJson, type StartedCli, startCli } from '../support/run-cli.ts';
import { placeStore } from '../support/stores/place-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { waitForRequests } from '../support/wait-for-requests.ts';

// Runs that are stopped: by a signal at any time, from another process, or because two want the same.

const rows = 40;
const concurrency = 4;
const half = rows / 2;
const command = ['run', '-f', 'run.yaml'];

// Each command starts a server of its own, which a busy machine may take long for.
vi.setConfig({ testTimeout: 120_000 });

let server: OpenAiTestServer;
let folder: TemporaryFolder;
let opened: Stet | undefined;

beforeEach(async () => {
  server = await startOpenAiTestServer({ answer: ({ prompt }) => answerCapital(prompt) });
  folder = await makeTemporaryFolder();
  await folder.write('run.yaml', makeRun());
});

afterEach(async () => {
  await opened?.close();
  opened = undefined;
  await server.close();
  await folder[Symbol.asyncDispose]();
});

const makeRun = (options: Partial<Parameters<typeof makeCapitalRun>[0]> = {}) =>
  makeCapitalRun({ baseUrl: server.baseUrl, rows, maxConcurrentRequests: concurrency, ...options });

/** What a later command would do, in this process. */
async function openLibrary(): Promise<Stet> {
  opened ??= await openStet({ store: placeStore(`${folder.path}/.stet`), workingDirectory: folder.path });
  return opened;
}

async function finish(begin: (stet: Stet) => Promise<RunHandle>): Promise<RunDocument> {
  server.setHandler(({ prompt }) => answerCapital(prompt));
  return (await begin(await openLibrary())).result();
}

/** Resolves once the command has written such text to its standard error. */
async function waitForText({ process: child, ended }: StartedCli, wanted: RegExp): Promise<void> {
  let text = '';
  const written = new Promise<void>((resolve) => {
    child.stderr?.on('data', (part: string) => {
      text += part;
      if (wanted.test(text)) resolve();
    });
  });
  const tooEarly = ended.then(({ stderr }) => {
    throw new Error(`The command ended without writing ${wanted}:\n${stderr}`);
  });
  await Promise.race([written, tooEarly]);
  tooEarly.catch(() => undefined);
}

/** A command with half of its answers, as many queries in flight as may be, and a signal that it has heard. */
async function signalHalfWay(signal: NodeJS.Signals) {
  const stopping = makeGate();
  let received = 0;
  server.setHandler(async ({ prompt }) => {
    if (++received > half) await stopping.promise;
    return answerCapital(prompt);
  });
  const started = startCli([...command, '--json'], { cwd: folder.path });
  await waitForRequests(server, half + concurrency, started);
  const heard = waitForText(started, /nothing new is sent, queries in flight may finish, which takes \d+ \w+ at most/);
  started.process.kill(signal);
  await heard;
  return { started, release: () => stopping.open() };
}

function expectEachSentOnce(atMostTwice = 0): void {
  expect(new Set(server.requests.map(({ prompt }) => prompt)).size).toBe(rows);
  expect(server.count()).toBeLessThanOrEqual(rows + atMostTwice);
}

describe('a signal half-way', () => {
  it('SIGINT cancels: nothing more is sent, exit 130, and resume sends the rest', async () => {
    const { started, release } = await signalHalfWay('SIGINT');
    release();
    const stopped = await started.ended;
    expect(stopped.code, stopped.stderr).toBe(130);
    const document = JSON.parse(stopped.stdout) as RunDocument;
    expect(document).toMatchObject({ status: 'cancelled', tasks: [{ status: 'cancelled', result_digest: null }] });
    expect(server.count()).toBe(half + concurrency);
    expect((await (await openLibrary()).plan('run.yaml')).tasks[0]).toMatchObject({ reuse: 'none' });

    const resumed = await finish((stet) => stet.resume('latest'));
    expect(resumed).toMatchObject({ run: document.run, status: 'completed', attempt: 2 });
    expect(resumed.tasks[0]?.metrics).toEqual({ accuracy: 0.9 });
    expectEachSentOnce();
  });

  it('SIGTERM leaves the run open, exit 143, and the same command goes on with it', async () => {
    const { started, release } = await signalHalfWay('SIGTERM');
    release();
    const stopped = await started.ended;
    expect(stopped.code, stopped.stderr).toBe(143);
    const document = JSON.parse(stopped.stdout) as RunDocument;
    expect(document.status).toBe('running');
    expect(stopped.stderr).toMatch(/stays open\. Go on: (npx )?stet resume \w+/);
    expect(server.count()).toBe(half + concurrency);
    expect(await (await openLibrary()).list()).toMatchObject([{ status: 'running', has_owner: false }]);

    server.setHandler(({ prompt }) => answerCapital(prompt));
    const again = await runCliJson<RunDocument>(command, { cwd: folder.path });
    expect(again.code, again.stderr).toBe(0);
    expect(again.document).toMatchObject({ run: document.run, status: 'completed', attempt: 1 });
    expectEachSentOnce();
  });

  it('SIGHUP leaves the run open, exit 129, and waits for no retry', async () => {
    let received = 0;
    server.setHandler(({ prompt }) =>
      ++received > half ? { status: 429, headers: { 'retry-after': '600' } } : answerCapital(prompt),
    );
    const started = startCli([...command, '--json'], { cwd: folder.path });
    await waitForRequests(server, half + 1, started);
    started.process.kill('SIGHUP');
    const stopped = await started.ended;
    expect(stopped.code, stopped.stderr).toBe(129);
    const document = JSON.parse(stopped.stdout) as RunDocument;
    expect(document.status).toBe('running');

    const resumed = await finish((stet) => stet.resume('latest'));
    expect(resumed).toMatchObject({ run: document.run, status: 'completed', attempt: 1 });
    // What was told to come later was not answered.
    expectEachSentOnce(concurrency);
  });

  it('followed by a second one leaves at once, as if killed; the same command goes on', async () => {
    const { started } = await signalHalfWay('SIGTERM');
    started.process.kill('SIGINT'); // the queries in flight are never answered
    const stopped = await started.ended;
    expect(stopped.code, stopped.stderr).toBe(130);
    expect(stopped.stdout).toBe('');

    const again = await finish((stet) => stet.run('run.yaml'));
    expect(again).toMatchObject({ status: 'completed', attempt: 1 });
    expect(await opened?.list()).toHaveLength(1);
    expectEachSentOnce(concurrency);
  });
});

describe('a signal that comes early', () => {
  async function expectNothingStarted(stopped: CliResult): Promise<void> {
    expect(stopped.code, stopped.stderr).toBe(130);
    expect(JSON.parse(stopped.stdout)).toMatchObject({ error: { code: 'interrupted' } });
    expect(stopped.stderr).toContain('Stopping; once more leaves at once.');
    expect(await (await openLibrary()).list()).toEqual([]);
  }

  it('while the plan is made starts nothing, and exits with 130', async () => {
    // A module that asks for something as it is loaded, and gets no answer.
    const address = JSON.stringify(server.baseUrl);
    await folder.write(
      'model.ts',
      `await fetch(${address}, { method: 'POST', body: '{}' });\nexport default () => 'x';\n`,
    );
    const models = [{ key: 'own', config: { connection_type: 'typescript', module: './model.ts' } }];
    const specifications = [{ key: 'plain', task_key: 'capital-qa', model_key: 'own' }];
    await folder.write('run.yaml', makeRun({ models, specifications }));
    server.setHandler(() => new Promise(() => {}));
    const started = startCli([...command, '--json'], { cwd: folder.path });
    await waitForRequests(server, 1, started);
    started.process.kill('SIGINT');
    await expectNothingStarted(await started.ended);
  });

  it("while Temporal's server starts starts nothing, and exits with 130", async () => {
    // Tells that it was started, and goes on when the signal has been heard.
    const { path: real } = await findTemporalCli({ environment: process.env, onProgress: () => {} });
    const script = await folder.write(
      'temporal.sh',
      `#!/bin/sh\nif [ "$1" = server ]; then : > '${folder.path}/starting'; while [ ! -e '${folder.path}/go' ]; do sleep 0.05; done; fi\nexec '${real}' "$@"\n`,
    );
    await chmod(script, 0o755);
    const environment = { STET_TEMPORAL_CLI: script };
    const started = startCli([...command, '--json'], { cwd: folder.path, environment });
    await vi.waitUntil(() => existsSync(path.join(folder.path, 'starting')), { timeout: 60_000 });
    const heard = waitForText(started, /Stopping; once more leaves at once\./);
    started.process.kill('SIGINT');
    await heard;
    await folder.write('go', '');
    await expectNothingStarted(await started.ended);
    expect(server.count()).toBe(0);
  });
});

describe('a signal that comes late', () => {
  it('when the last query is answered leaves a result or a cancelled run, and never sends anything twice', async () => {
    const started = startCli([...command, '--json'], { cwd: folder.path });
    await waitForRequests(server, rows, started);
    started.process.kill('SIGINT');
    const stopped = await started.ended;
    expect(stopped.code, stopped.stderr).toBe(130);
    const document = JSON.parse(stopped.stdout) as RunDocument;
    expect(['completed', 'cancelled']).toContain(document.status);
    const next = await finish((stet) =>
      document.status === 'completed' ? stet.run('run.yaml') : stet.resume(document.run),
    );
    expect(next).toMatchObject({ status: 'completed', tasks: [{ metrics: { accuracy: 0.9 } }] });
    expectEachSentOnce();
  });
});

describe('cancel from another process', () => {
  it('ends a run whose process was killed, and spends nothing', async () => {
    let received = 0;
    server.setHandler(async ({ prompt }) => (++received > half ? new Promise(() => {}) : answerCapital(prompt)));
    const started = startCli(command, { cwd: folder.path });
    await waitForRequests(server, half + concurrency, started);
    started.process.kill('SIGKILL');
    await started.ended;
    const sent = server.count();
    const cancelled = await runCliJson<RunDocument>(['cancel', 'latest'], { cwd: folder.path });
    expect(cancelled.code, cancelled.stderr).toBe(0);
    expect(cancelled.document).toMatchObject({ status: 'cancelled', tasks: [{ status: 'cancelled' }] });
    expect(server.count()).toBe(sent);

    const twice = await runCliJson<RunDocument>(['cancel', 'latest'], { cwd: folder.path });
    expect(twice.code).toBe(0);
    expect(twice.stderr).toContain('had ended before: cancelled');
    const [task] = (await (await openLibrary()).plan('run.yaml')).tasks;
    expect(task).toMatchObject({ reuse: 'none', why: [{ category: 'status' }] });
  });

  it('ends a run that is being worked on; its own command exits with 1', async () => {
    const manyRows = 10 * rows; // more than are answered until a busy machine has carried the cancel out
    await folder.write('run.yaml', makeRun({ rows: manyRows }));
    const stopping = makeGate();
    let received = 0;
    server.setHandler(async ({ prompt }) => {
      if (++received > half) await stopping.promise;
      return answerCapital(prompt);
    });
    const started = startCli([...command, '--json'], { cwd: folder.path });
    await waitForRequests(server, half + concurrency, started);
    const cancelling = (await openLibrary()).cancel('latest');
    // Slow from then on: a cancel is heard of within about a second.
    server.setHandler(({ prompt }) => ({ content: answerCapital(prompt), delayMs: 500 }));
    stopping.open();
    expect((await cancelling).status).toBe('cancelled');
    const sent = server.count();
    const owner = await started.ended;
    expect(owner.code, owner.stderr).toBe(1);
    expect(JSON.parse(owner.stdout)).toMatchObject({ status: 'cancelled' });
    expect(server.count()).toBe(sent);
    expect(sent).toBeLessThan(manyRows);
  });

  it('ends a run that waits for another, which goes on', async () => {
    const gate = makeGate();
    let received = 0;
    server.setHandler(async ({ prompt }) => {
      if (++received > half) await gate.promise;
      return answerCapital(prompt);
    });
    const working = startCli([...command, '--json'], { cwd: folder.path });
    await waitForRequests(server, half + concurrency, working);
    const stet = await openLibrary();
    const waiting = await stet.run(makeRun({ scorers: [looseScorer] }));
    for await (const event of waiting.events()) {
      if (event.type === 'progress' && typeof event.tasks[0]?.waitsFor === 'string') break;
    }
    expect(await stet.cancel(waiting.id)).toMatchObject({ status: 'cancelled' });
    gate.open();
    const { code, stdout, stderr } = await working.ended;
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'completed', tasks: [{ metrics: { accuracy: 0.9 } }] });
    expectEachSentOnce();
  });
});

describe('two commands at once', () => {
  it('with the same file send each query once, and both have the result', async () => {
    const run = () => runCliJson<RunDocument>(command, { cwd: folder.path });
    const [one, other] = await Promise.all([run(), run()]);
    expect([one.code, other.code], one.stderr + other.stderr).toEqual([0, 0]);
    expect(server.count()).toBe(rows);
    expect([one, other].map(({ document }) => String(document.tasks[0]?.reuse)).toSorted()).toEqual(['full', 'none']);
    expect(one.document.tasks[0]?.result_digest).toBe(other.document.tasks[0]?.result_digest);
    expect(one.document.run).not.toBe(other.document.run);
  });

  it('go on when the one that works is killed: the one that waits takes over', async () => {
    let received = 0;
    server.setHandler(async ({ prompt }) => (++received > half ? new Promise(() => {}) : answerCapital(prompt)));
    const working = startCli(command, { cwd: folder.path });
    await waitForRequests(server, half + concurrency, working);
    const waiting = startCli([...command, '--json'], { cwd: folder.path });
    await waitForText(waiting, /plain: waits for run \w+/);
    server.setHandler(({ prompt }) => answerCapital(prompt));
    working.process.kill('SIGKILL');
    await working.ended;
    const result = await waiting.ended;
    expect(result.code, result.stderr).toBe(0);
    expect(JSON.parse(result.stdout)).toMatchObject({ status: 'completed', tasks: [{ metrics: { accuracy: 0.9 } }] });
    expectEachSentOnce(concurrency);
  });
});
