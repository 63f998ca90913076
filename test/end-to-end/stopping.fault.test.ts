import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PlanDocument, RunDocument, RunSummaryDocument } from '../../embedded/index.ts';
import { answerCapital, makeCapitalRun } from '../support/capital-run.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { runCli, runCliJson, type StartedCli, startCli } from '../support/run-cli.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { waitForRequests } from '../support/wait-for-requests.ts';

// Runs that are stopped half-way: by a signal, from another process, or because two want the same.

const rows = 200;
const concurrency = 8;
const command = ['run', '-f', 'run.yaml'];

// Each command starts a server of its own, which a busy machine may take long for.
vi.setConfig({ testTimeout: 90_000 });

let server: OpenAiTestServer;
let folder: TemporaryFolder;

beforeEach(async () => {
  server = await startOpenAiTestServer({ answer: ({ prompt }) => ({ content: answerCapital(prompt), delayMs: 20 }) });
  folder = await makeTemporaryFolder();
  await folder.write('run.yaml', makeCapitalRun({ baseUrl: server.baseUrl, rows, maxConcurrentRequests: concurrency }));
});

afterEach(async () => {
  await server.close();
  await folder[Symbol.asyncDispose]();
});

const json = <Document>(...commandArguments: string[]) => runCliJson<Document>(commandArguments, { cwd: folder.path });

async function startAndStopHalfWay(signal: NodeJS.Signals): Promise<StartedCli> {
  const started = startCli([...command, '--json'], { cwd: folder.path });
  await waitForRequests(server, rows / 2, started);
  started.process.kill(signal);
  return started;
}

/** Each query was answered once; what was in flight at a kill may have been sent twice. */
function expectSent(mostTwice = 0): void {
  expect(new Set(server.requests.map(({ prompt }) => prompt)).size).toBe(rows);
  expect(server.count()).toBeLessThanOrEqual(rows + mostTwice);
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

describe('a signal half-way', () => {
  it('SIGINT cancels: nothing more is sent, exit 130, and resume sends the rest', async () => {
    const started = await startAndStopHalfWay('SIGINT');
    const atSignal = server.count();
    const stopped = await started.ended;
    expect(stopped.code, stopped.stderr).toBe(130);
    const document = JSON.parse(stopped.stdout) as RunDocument;
    expect(document).toMatchObject({ status: 'cancelled', tasks: [{ status: 'cancelled', result_digest: null }] });
    expect(server.count() - atSignal).toBeLessThanOrEqual(concurrency);

    const sent = server.count();
    const plan = await json<PlanDocument>('plan', '-f', 'run.yaml');
    expect(plan.document.tasks[0]?.reuse).toBe('none');
    expect(server.count()).toBe(sent);

    const resumed = await json<RunDocument>('resume', 'latest');
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.document).toMatchObject({ run: document.run, status: 'completed', attempt: 2 });
    expect(resumed.document.tasks[0]?.metrics).toEqual({ accuracy: 0.9 });
    expectSent();
  });

  it('SIGTERM leaves the run open, exit 143, and the same command goes on with it', async () => {
    const started = await startAndStopHalfWay('SIGTERM');
    const atSignal = server.count();
    const stopped = await started.ended;
    expect(stopped.code, stopped.stderr).toBe(143);
    expect(JSON.parse(stopped.stdout)).toMatchObject({ status: 'running' });
    expect(server.count() - atSignal).toBeLessThanOrEqual(concurrency);

    const sent = server.count();
    const { document, stderr } = await json<{ runs: RunSummaryDocument[] }>('list');
    expect(document.runs).toMatchObject([{ status: 'running', has_owner: false }]);
    expect(stderr).toMatch(/stet resume \w+/);
    expect(stderr).toMatch(/stet cancel \w+/);
    expect(server.count()).toBe(sent);

    const again = await json<RunDocument>(...command);
    expect(again.code, again.stderr).toBe(0);
    expect(again.document).toMatchObject({ run: document.runs[0]?.run, status: 'completed', attempt: 1 });
    expectSent();
  });
});

describe('cancel from another process', () => {
  it('ends a run whose process was killed, and spends nothing', async () => {
    const started = await startAndStopHalfWay('SIGKILL');
    await started.ended;
    const sent = server.count();
    const cancelled = await json<RunDocument>('cancel', 'latest');
    expect(cancelled.code, cancelled.stderr).toBe(0);
    expect(cancelled.document).toMatchObject({ status: 'cancelled', tasks: [{ status: 'cancelled' }] });
    expect(server.count()).toBe(sent);

    const twice = await runCli(['cancel', 'latest'], { cwd: folder.path });
    expect(twice.code).toBe(0);
    expect(twice.stdout).toContain('had ended before: cancelled');

    const plan = await json<PlanDocument>('plan', '-f', 'run.yaml');
    expect(plan.document.tasks).toMatchObject([{ reuse: 'none', why: [{ category: 'status' }] }]);
  });

  it('ends a run that is being worked on; its own command exits with 1', async () => {
    // Slow from then on, so that the run is far from its end when the cancel arrives.
    server.setHandler(({ prompt, index }) => ({ content: answerCapital(prompt), delayMs: index < rows / 4 ? 5 : 500 }));
    const started = startCli([...command, '--json'], { cwd: folder.path });
    await waitForRequests(server, rows / 4, started);
    const cancelled = await json<RunDocument>('cancel', 'latest');
    expect(cancelled.document.status).toBe('cancelled');
    const sent = server.count();
    const owner = await started.ended;
    expect(owner.code, owner.stderr).toBe(1);
    expect(JSON.parse(owner.stdout)).toMatchObject({ run: cancelled.document.run, status: 'cancelled' });
    expect(server.count()).toBe(sent);
    expect(sent).toBeLessThan(rows);
  });
});

describe('two commands at once', () => {
  it('with the same file send each query once, and both have the result', async () => {
    const [one, other] = await Promise.all([json<RunDocument>(...command), json<RunDocument>(...command)]);
    expect([one.code, other.code], one.stderr + other.stderr).toEqual([0, 0]);
    expect(server.count()).toBe(rows);
    expect([one, other].map(({ document }) => String(document.tasks[0]?.reuse)).toSorted()).toEqual(['full', 'none']);
    expect(one.document.tasks[0]?.result_digest).toBe(other.document.tasks[0]?.result_digest);
    expect(one.document.run).not.toBe(other.document.run);
  });

  it('go on when the one that works is killed: the one that waits takes over', async () => {
    server.setHandler(({ prompt, index }) => ({ content: answerCapital(prompt), delayMs: index < rows / 4 ? 5 : 500 }));
    const working = startCli(command, { cwd: folder.path });
    await waitForRequests(server, rows / 4, working);
    const waiting = startCli([...command, '--json'], { cwd: folder.path });
    await waitForText(waiting, /plain: waits for run \w+/);
    server.setHandler(({ prompt }) => answerCapital(prompt));
    working.process.kill('SIGKILL');
    await working.ended;
    const result = await waiting.ended;
    expect(result.code, result.stderr).toBe(0);
    expect(JSON.parse(result.stdout)).toMatchObject({ status: 'completed', tasks: [{ metrics: { accuracy: 0.9 } }] });
    expectSent(concurrency);
  });
});
