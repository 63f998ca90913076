import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunDocument, RunSummaryDocument } from '../../embedded/index.ts';
import { answerCapital, makeCapitalRun } from '../support/capital-run.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { runCliJson, type StartedCli, startCli } from '../support/run-cli.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// `kill -9` half-way, then the same command again: it goes on by itself, sends what was in flight, and nothing else twice.

const rows = 400;
const concurrency = 16;
const command = ['run', '-f', 'run.yaml'];

let server: OpenAiTestServer;
let folder: TemporaryFolder;

beforeEach(async () => {
  server = await startOpenAiTestServer({ answer: ({ prompt }) => ({ content: answerCapital(prompt), delayMs: 10 }) });
  folder = await makeTemporaryFolder();
  await folder.write('run.yaml', makeCapitalRun({ baseUrl: server.baseUrl, rows, maxConcurrentRequests: concurrency }));
});

afterEach(async () => {
  await server.close();
  await folder[Symbol.asyncDispose]();
});

describe('a run whose processes are killed half-way', () => {
  it('goes on with the same command after kill -9 of command and worker', async () => {
    const started = startCli(command, { cwd: folder.path });
    await waitForRequests(rows / 2, started);
    started.process.kill('SIGKILL');
    await started.ended;
    await expectToGoOn();
  });

  it('goes on with the same command after kill -9 of command, worker and Temporal server', async () => {
    const started = startCli(command, { cwd: folder.path });
    await waitForRequests(rows / 2, started);
    const serverPid = await readServerPid();
    started.process.kill('SIGKILL');
    process.kill(serverPid, 'SIGKILL');
    await started.ended;
    await expectToGoOn();
  });

  it('goes on by itself after kill -9 of the Temporal server alone', async () => {
    const started = startCli([...command, '--json'], { cwd: folder.path });
    await waitForRequests(rows / 2, started);
    process.kill(await readServerPid(), 'SIGKILL');
    const result = await started.ended;
    expect(result.code, result.stderr).toBe(0);
    const document = JSON.parse(result.stdout) as RunDocument;
    expect(document.status).toBe('completed');
    expect(server.count()).toBe(rows);
  });
});

async function expectToGoOn(): Promise<void> {
  const open = await runCliJson<{ runs: RunSummaryDocument[] }>(['list'], { cwd: folder.path });
  expect(open.document.runs).toMatchObject([{ has_owner: false }]);
  expect(open.document.runs[0]?.status).not.toBe('completed');
  const sentBefore = server.count();

  const again = await runCliJson<RunDocument>(command, { cwd: folder.path });
  expect(again.code, again.stderr).toBe(0);
  expect(again.document.run).toBe(open.document.runs[0]?.run);
  expect(again.document.status).toBe('completed');
  expect(again.document.tasks[0]?.metrics).toEqual({ accuracy: 0.9 });
  expect(server.count()).toBeGreaterThan(sentBefore);
  expect(server.count() - rows).toBeLessThanOrEqual(concurrency);

  const undisturbed = await runCliJson<RunDocument>([...command, '--cache-policy', 'no-cache'], { cwd: folder.path });
  expect(again.document.tasks[0]?.result_digest).toBe(undisturbed.document.tasks[0]?.result_digest);
}

/** Resolves with the n-th request, or rejects when the command ends before it. */
async function waitForRequests(count: number, started: StartedCli): Promise<void> {
  let hasEnded = false;
  const ended = started.ended.then((result) => {
    hasEnded = true;
    return result;
  });
  while (server.count() < count) {
    if (hasEnded) throw new Error(`The command ended early:\n${(await ended).stderr}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function readServerPid(): Promise<number> {
  const record = JSON.parse(await readFile(`${folder.path}/.stet/temporal/server.json`, 'utf8')) as { pid: number };
  return record.pid;
}
