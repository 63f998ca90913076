import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openStet, type RunDocument, type RunHandle, type Stet } from '../../embedded/index.ts';
import type { RunFileInput } from '../../evaluation/spec/run-file.ts';
import { makeGate } from '../activities/fake-models.ts';
import { answerCapital, type CapitalRunOptions, makeCapitalRun } from '../support/capital-run.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// A run stopped half-way through the library: by a cancel, and by a drain.

const rows = 40;
const concurrency = 4;
const half = 20;

let server: OpenAiTestServer;
let folder: TemporaryFolder;
let stet: Stet;
let scenario = 0;

beforeAll(async () => {
  server = await startOpenAiTestServer({ answer: ({ prompt }) => answerCapital(prompt) });
  folder = await makeTemporaryFolder();
  stet = await openStet({ store: `${folder.path}/.stet`, workingDirectory: folder.path, segmentSize: 10 });
});

afterAll(async () => {
  await stet?.close();
  await server?.close();
  await folder?.[Symbol.asyncDispose]();
});

// Each test has results of its own: the system prompt counts in the solver key.
beforeEach(() => {
  scenario++;
});

function makeRun(options: Partial<CapitalRunOptions> = {}): RunFileInput {
  const systemPrompt = `Stopped ${scenario}. Name the city only.`;
  return makeCapitalRun({
    baseUrl: server.baseUrl,
    rows,
    systemPrompt,
    maxConcurrentRequests: concurrency,
    ...options,
  });
}

async function countSent<Result>(
  work: () => Promise<Result>,
): Promise<{ readonly sent: number; readonly result: Result }> {
  const before = server.count();
  const result = await work();
  return { sent: server.count() - before, result };
}

/** A run with half of its answers and as many queries in flight as may be, which are answered only once it is being stopped. */
async function stopHalfWay(stop: (handle: RunHandle) => Promise<unknown>) {
  const before = server.count();
  const stopping = makeGate();
  let answered = 0;
  server.setHandler(async ({ prompt }) => {
    if (answered++ < half) return answerCapital(prompt);
    await stopping.promise;
    // A model that takes its time: a cancel is heard within about a second.
    return { content: answerCapital(prompt), delayMs: 2_500 };
  });
  const handle = await stet.run(makeRun());
  await expect.poll(() => server.count() - before, { timeout: 20_000 }).toBe(half + concurrency);
  const startedAt = performance.now();
  const stopped = stop(handle);
  stopping.open();
  await stopped;
  const tookMs = performance.now() - startedAt;
  server.setHandler(({ prompt }) => answerCapital(prompt));
  return { handle, tookMs, sent: server.count() - before };
}

async function expectUndisturbedDigest(document: RunDocument): Promise<void> {
  const undisturbed = await (await stet.run(makeRun({ cachePolicy: 'no-cache' }))).result();
  expect(document.tasks[0]?.result_digest).toBe(undisturbed.tasks[0]?.result_digest);
  expect(document.tasks[0]?.metrics).toEqual(undisturbed.tasks[0]?.metrics);
}

async function countSolved(run: string): Promise<number> {
  let solved = 0;
  for await (const sample of stet.samples(run, { task: 'plain' })) if (sample.solved !== null) solved++;
  return solved;
}

describe('a run that is cancelled half-way', () => {
  it('sends nothing new, lets the queries in flight finish, and is over within seconds', async () => {
    const { handle, tookMs, sent } = await stopHalfWay((running) => running.cancel());
    expect(tookMs).toBeLessThan(8_000);
    expect(sent).toBe(half + concurrency);
    const document = await handle.result();
    expect(document.status).toBe('cancelled');
    expect(document.tasks.map(({ status, error }) => [status, error])).toEqual([['cancelled', null]]);
    expect(await countSolved(handle.id)).toBe(half + concurrency);
  });

  it('is never found by a later run, which sends everything', async () => {
    const { handle } = await stopHalfWay((running) => running.cancel());
    const { sent, result } = await countSent(async () => (await stet.run(makeRun())).result());
    expect(result.run).not.toBe(handle.id);
    expect(result.tasks[0]?.reuse).toBe('none');
    expect(result.tasks[0]?.why).toMatchObject([{ category: 'status' }]);
    expect(sent).toBe(rows);
  });

  it('goes on by resume with what was not answered, to the result of an undisturbed run', async () => {
    const { handle } = await stopHalfWay((running) => running.cancel());
    const { sent, result } = await countSent(async () => (await stet.resume(handle.id)).result());
    expect(result).toMatchObject({ run: handle.id, status: 'completed', attempt: 2 });
    expect(sent).toBe(rows - half - concurrency);
    expect(result.tasks[0]?.model_queries).toMatchObject({ sent: rows, retried: 0 });
    await expectUndisturbedDigest(result);
  });
});

describe('a run that is drained half-way', () => {
  it('stays open, and the same plan attaches to it and sends the rest', async () => {
    const { handle, sent: sentBefore } = await stopHalfWay((running) => running.drain());
    const [open] = await stet.list({ limit: 1 });
    expect(open).toMatchObject({ run: handle.id, status: 'running', has_owner: false });
    expect(server.highestInFlight).toBeLessThanOrEqual(concurrency);
    const { sent, result } = await countSent(async () => {
      const again = await stet.run(makeRun());
      expect(again).toMatchObject({ id: handle.id, attached: true });
      return again.result();
    });
    expect(result).toMatchObject({ status: 'completed', attempt: 1 });
    expect(sentBefore + sent).toBe(rows);
    await expectUndisturbedDigest(result);
  });
});
