import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunDocument } from '../../embedded/index.ts';
import { answerCapital, type CapitalRunOptions, makeCapitalRun } from '../support/capital-run.ts';
import { type OpenAiTestServer, startOpenAiTestServer, type TestAnswer } from '../support/openai-test-server.ts';
import { runCli, runCliJson } from '../support/run-cli.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// Endpoints that do not answer as they should: a clear task error, and what was answered is kept.

const rows = 20;
const command = ['run', '-f', 'run.yaml'];

// Each command starts a server of its own, which a busy machine may take long for.
vi.setConfig({ testTimeout: 90_000 });

let server: OpenAiTestServer;
let folder: TemporaryFolder;

beforeEach(async () => {
  server = await startOpenAiTestServer({ answer: ({ prompt }) => answerCapital(prompt) });
  folder = await makeTemporaryFolder();
});

afterEach(async () => {
  await server.close();
  await folder[Symbol.asyncDispose]();
});

const writeRun = (options: Partial<CapitalRunOptions> = {}) =>
  folder.write('run.yaml', makeCapitalRun({ baseUrl: server.baseUrl, rows, model: { max_retries: 1 }, ...options }));

const run = () => runCliJson<RunDocument>(command, { cwd: folder.path });

describe('an endpoint that never answers', () => {
  it('is named with its address when nothing listens there', async () => {
    const address = `127.0.0.1:${await findClosedPort()}`;
    await folder.write('run.yaml', {
      ...makeCapitalRun({ baseUrl: `http://${address}/v1`, rows }),
      limits: { outage_patience_s: 1 },
    });
    const { code, document, stderr } = await run();
    expect(stderr).toMatch(/plain: waits for model small: no connection since \d+ s/);
    expect(code).toBe(1);
    expect(document).toMatchObject({
      status: 'failed',
      tasks: [
        {
          status: 'failed',
          samples: { total: rows, errors: 0 },
          metrics: null,
          result_digest: null,
          error: {
            code: 'model-unusable',
            message: expect.stringMatching(
              new RegExp(`"small".*${address}.*could not be reached.*Check that the service runs`),
            ),
          },
        },
      ],
    });
    const { stdout } = await runCli(['show', 'latest'], { cwd: folder.path });
    expect(stdout).toContain('[model-unusable]');
    expect(stdout).toContain(address);
  });

  it.each<{ name: string; answer: TestAnswer; says: RegExp }>([
    { name: 'a web page', answer: { fault: 'html' }, says: /web page|HTML/i },
    {
      name: 'that it has no such model',
      answer: { status: 404, content: 'No such model' },
      says: /404.*No such model/,
    },
  ])('fails the task soon, without asking for each sample, when it sends $name', async ({ answer, says }) => {
    server.setHandler(() => answer);
    await writeRun();
    const { code, document } = await run();
    expect(code).toBe(1);
    expectUnusable(document, says);
  });

  it('can be mended: after a refused key is corrected, resume asks for everything', async () => {
    server.setHandler(() => ({ status: 401, content: 'Incorrect key' }));
    await writeRun();
    const { code, document } = await run();
    expect(code).toBe(1);
    expectUnusable(document, /401.*Incorrect key/);

    server.setHandler(({ prompt }) => answerCapital(prompt));
    const resumed = await runCliJson<RunDocument>(['resume', 'latest'], { cwd: folder.path });
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.document).toMatchObject({ run: document.run, status: 'completed', attempt: 2 });
    expect(resumed.document.tasks[0]?.metrics).toEqual({ accuracy: 0.9 });
  });
});

function expectUnusable(document: RunDocument, says: RegExp): void {
  const [task] = document.tasks;
  expect(task).toMatchObject({ status: 'failed', reuse: 'none', error: { code: 'model-unusable' } });
  expect(task?.error?.message).toMatch(says);
  expect(task?.error?.message).not.toContain('<');
  expect(server.count()).toBeLessThan(rows);
}

describe('an endpoint that goes away for the last few samples', () => {
  it.each<{ name: string; answer: TestAnswer }>([
    { name: 'is overloaded', answer: { status: 429, content: 'slow down' } },
    { name: 'answers with a web page', answer: { fault: 'html' } },
    { name: 'breaks connections off', answer: { fault: 'reset' } },
  ])('leaves sample errors when it $name; resume sends only what is missing', async ({ answer }) => {
    const answered = new Set<string>();
    server.setHandler(({ prompt }) => {
      if (answered.size >= 12) return answer;
      answered.add(prompt);
      return answerCapital(prompt);
    });
    await writeRun({ maxConcurrentRequests: 8 });
    const first = await run();
    expect(first.code).toBe(1);
    const [failed] = first.document.tasks;
    expect(failed).toMatchObject({
      status: 'failed',
      samples: { total: rows, errors: rows - 12 },
      error: { code: 'too-many-sample-errors' },
      metrics_are_partial: true,
      model_queries: { sent: rows, retried: rows - 12, saved: 0 },
    });
    expect(server.count()).toBe(12 + 2 * (rows - 12));

    server.setHandler(({ prompt }) => answerCapital(prompt));
    const before = server.count();
    const resumed = await runCliJson<RunDocument>(['resume', 'latest'], { cwd: folder.path });
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.document).toMatchObject({ run: first.document.run, status: 'completed', attempt: 2 });
    expect(server.count() - before).toBe(rows - 12);
    const askedAgain = server.requests.slice(before).map((request) => request.prompt);
    expect(askedAgain.filter((prompt) => answered.has(prompt))).toEqual([]);
    expect(resumed.document.tasks[0]).toMatchObject({ samples: { errors: 0 }, metrics: { accuracy: 0.9 } });
  });
});

/** A port of the loopback where nothing listens: it was given out a moment ago and is free again. */
async function findClosedPort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('No port was given.');
  return address.port;
}
