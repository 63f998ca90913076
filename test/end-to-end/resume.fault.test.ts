import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openStet, type RunDocument, type Stet } from '../../embedded/index.ts';
import { answerCapital, exactScorer, makeCapitalRun } from '../support/capital-run.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { startCli } from '../support/run-cli.ts';
import { placeStore } from '../support/stores/place-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { waitForRequests } from '../support/wait-for-requests.ts';

// `kill -9` of a command that was mending a run; what it was doing goes on.

const rows = 24;
const concurrency = 4;
/** Samples that fail at first, and are tried again. */
const refused = 12;

vi.setConfig({ testTimeout: 120_000 });

let server: OpenAiTestServer;
let folder: TemporaryFolder;

beforeEach(async () => {
  server = await startOpenAiTestServer({
    answer: ({ prompt }) =>
      Number(/\d+/.exec(prompt)?.[0]) < refused ? { status: 400, content: 'no' } : answerCapital(prompt),
  });
  folder = await makeTemporaryFolder();
});

afterEach(async () => {
  await server.close();
  await folder[Symbol.asyncDispose]();
});

const makeRun = (options: Partial<Parameters<typeof makeCapitalRun>[0]> = {}) =>
  makeCapitalRun({ baseUrl: server.baseUrl, rows, maxConcurrentRequests: concurrency, ...options });

async function withLibrary<Result>(work: (stet: Stet) => Promise<Result>): Promise<Result> {
  const stet = await openStet({
    store: placeStore(`${folder.path}/.stet`),
    workingDirectory: folder.path,
    segmentSize: 6,
  });
  try {
    return await work(stet);
  } finally {
    await stet.close();
  }
}

/** A command that gets some answers and is killed while it waits for others; how many those were. */
async function killHalfWay(commandArguments: readonly string[]): Promise<void> {
  const before = server.count();
  let received = 0;
  server.setHandler(async ({ prompt }) => (++received > refused / 2 ? new Promise(() => {}) : answerCapital(prompt)));
  const started = startCli(commandArguments, { cwd: folder.path });
  await waitForRequests(server, before + refused / 2 + concurrency, started);
  started.process.kill('SIGKILL');
  await started.ended;
  server.setHandler(({ prompt }) => answerCapital(prompt));
}

async function getUndisturbedDigest(stet: Stet, options: Parameters<typeof makeRun>[0]) {
  const run = await (await stet.run(makeRun({ ...options, cachePolicy: 'no-cache' }))).result();
  return run.tasks[0]?.result_digest;
}

describe('a command that is killed', () => {
  it('while it tries the errors of a completed run again goes on with the same command, and sends what was in flight', async () => {
    const tolerant = { maxSampleErrors: refused };
    const completed = await withLibrary(async (stet) => (await stet.run(makeRun(tolerant))).result());
    expect(completed).toMatchObject({ status: 'completed', tasks: [{ samples: { errors: refused } }] });
    await killHalfWay(['resume', '--errors', completed.run]);
    const sent = server.count();
    await withLibrary(async (stet) => {
      const [open] = await stet.list({ limit: 1 });
      expect(open).toMatchObject({ status: 'running', has_owner: false });
      const mended: RunDocument = await (await stet.resume(completed.run, { errors: true })).result();
      expect(mended).toMatchObject({ run: open?.run, status: 'completed', mends: completed.run });
      expect(server.count() - sent).toBe(refused / 2);
      expect(mended.tasks[0]?.result_digest).toBe(await getUndisturbedDigest(stet, tolerant));
    });
  });

  it('while it goes on with a mended file goes on by resume, with that file', async () => {
    const broken = { ...exactScorer, ground_truth: '{{ sample.captial }}' };
    const failed = await withLibrary(async (stet) => (await stet.run(makeRun({ scorers: [broken] }))).result());
    expect(failed.status).toBe('failed');
    await folder.write('mended.yaml', makeRun());
    await killHalfWay(['resume', failed.run, '-f', 'mended.yaml']);
    const sent = server.count();
    await withLibrary(async (stet) => {
      const resumed = await (await stet.resume(failed.run)).result();
      expect(resumed).toMatchObject({ run: failed.run, status: 'completed', attempt: 2 });
      expect(server.count() - sent).toBe(refused / 2);
      expect(resumed.tasks[0]?.result_digest).toBe(await getUndisturbedDigest(stet, {}));
    });
  });
});
