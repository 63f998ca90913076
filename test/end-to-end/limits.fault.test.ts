import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openStet, type RunDocument, type Stet } from '../../embedded/index.ts';
import type { RunFileInput } from '../../evaluation/spec/run-file.ts';
import { answerCapital, type CapitalRunOptions, makeCapitalRun } from '../support/capital-run.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { startCli } from '../support/run-cli.ts';
import { placeStore } from '../support/stores/place-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { waitForRequests } from '../support/wait-for-requests.ts';

// What a run may spend, against a service that counts what it is asked. One store and one Temporal server for all of it.

vi.setConfig({ testTimeout: 90_000 });

const segmentSize = 10;

let folder: TemporaryFolder;
let stet: Stet;

beforeAll(async () => {
  folder = await makeTemporaryFolder();
  stet = await openLibrary();
});
afterAll(async () => {
  await stet.close();
  await folder[Symbol.asyncDispose]();
});

function openLibrary(): Promise<Stet> {
  return openStet({ store: placeStore(`${folder.path}/.stet`), workingDirectory: folder.path, segmentSize });
}

interface LimitedRunOptions extends Omit<CapitalRunOptions, 'baseUrl'> {
  readonly limits?: RunFileInput['limits'];
}

/** A run with one of many names, so that no two of these share anything. */
function makeRun(name: string, server: OpenAiTestServer, { limits, ...options }: LimitedRunOptions): RunFileInput {
  const run = makeCapitalRun({ baseUrl: server.baseUrl, systemPrompt: name, ...options });
  return { ...run, limits: { ...run.limits, ...limits } };
}

const twoTasks = [
  { key: 'first', task_key: 'capital-qa', model_key: 'small' },
  { key: 'second', task_key: 'capital-qa', model_key: 'small', num_samples: 45 },
];

async function getDigests(run: RunFileInput): Promise<readonly unknown[]> {
  const undisturbed = { ...run, limits: {}, run_config: { ...run.run_config, cache_policy: 'no-cache' as const } };
  return listDigests(await (await stet.run(undisturbed)).result());
}

function listDigests({ tasks }: RunDocument): readonly unknown[] {
  return tasks.map((task) => task.result_digest);
}

describe('limits.queries', () => {
  it.each([1, 24])(
    'sends exactly as many as it says, %i at once, and resume goes on with a higher total',
    async (concurrency) => {
      await using server = await startOpenAiTestServer({ answer: ({ prompt }) => answerCapital(prompt) });
      const run = makeRun(`exact ${concurrency}`, server, {
        rows: 50,
        specifications: twoTasks,
        maxConcurrentRequests: concurrency,
        limits: { queries: 70 },
      });
      const failed = await (await stet.run(run)).result();
      expect(server.count()).toBe(70);
      expect(failed).toMatchObject({ status: 'failed', limits: { queries: { limit: 70, used: 70 }, cost: null } });
      const errors = failed.tasks.flatMap(({ error }) => (error === null ? [] : [error]));
      expect(errors[0]).toMatchObject({ code: 'limit-reached' });
      expect(errors[0]?.message).toMatch(/^limits\.queries is reached: 70 of 70 queries used/);
      expect(errors[0]?.message).toContain(`stet resume ${failed.run} --max-queries 140`);
      expect(failed.tasks.every(({ samples }) => samples.errors === 0)).toBe(true);

      await expect(stet.resume(failed.run)).rejects.toMatchObject({ code: 'usage', message: /70 of 70 queries/ });
      await expect(stet.resume(failed.run, { maxQueries: 70 })).rejects.toMatchObject({ code: 'usage' });
      expect(server.count()).toBe(70);

      const completed = await (await stet.resume(failed.run, { maxQueries: 95 })).result();
      expect(completed).toMatchObject({ status: 'completed', limits: { queries: { limit: 95, used: 95 } } });
      expect(server.count()).toBe(95);
      expect(listDigests(completed)).toEqual(await getDigests(run));
    },
  );

  it('counts what is retried, and never lets one more leave', async () => {
    await using server = await startOpenAiTestServer({
      // Never the first one of an attempt: that would look like an outage.
      answer: ({ prompt, index }) => (index % 3 === 2 ? { status: 503 } : answerCapital(prompt)),
    });
    const rows = 40;
    const run = makeRun('retried', server, { rows, maxConcurrentRequests: 8, limits: { queries: 30 } });
    let document = await (await stet.run(run)).result();
    for (let limit = 30; document.status !== 'completed'; limit += 30) {
      expect(document.tasks[0]?.error?.code).toBe('limit-reached');
      expect(document.limits?.queries).toEqual({ limit, used: server.count() });
      expect(server.count()).toBe(limit);
      document = await (await stet.resume(document.run, { maxQueries: limit + 30 })).result();
    }
    expect(document.limits?.queries?.used).toBe(server.count());
    expect(document.tasks[0]?.samples.errors).toBe(0);
  });

  it('ends the run at once for what waits for its turn, a retry or a model that does not answer', async () => {
    await using server = await startOpenAiTestServer({
      answer: ({ prompt }) =>
        prompt.includes('Country 0?') ? answerCapital(prompt) : { status: 503, headers: { 'retry-after': '300' } },
    });
    // The second query may leave a minute later, the third after five.
    const run = makeRun('waiting', server, { rows: 5, model: { rate_limit: 60 }, limits: { queries: 2 } });
    const document = await (await stet.run(run)).result();
    expect(document).toMatchObject({ status: 'failed', tasks: [{ error: { code: 'limit-reached' } }] });
    expect(server.count()).toBe(2);
  });

  it('fails only what still needs queries', async () => {
    await using server = await startOpenAiTestServer({ answer: ({ prompt }) => answerCapital(prompt) });
    const specifications = [
      { key: 'known', task_key: 'capital-qa', model_key: 'small', num_samples: 5 },
      { key: 'new', task_key: 'capital-qa', model_key: 'small' },
    ];
    const options = { rows: 30, specifications };
    const known = makeRun('known', server, { ...options, specifications: specifications.slice(0, 1) });
    await (await stet.run(known)).result();
    const document = await (await stet.run(makeRun('known', server, options), { maxQueries: 10 })).result();
    expect(document).toMatchObject({
      status: 'failed',
      tasks: [
        { key: 'known', status: 'completed', reuse: 'full' },
        { key: 'new', status: 'failed', error: { code: 'limit-reached' } },
      ],
    });
    expect(server.count()).toBe(15);
  });

  it('holds over a kill of the command, and the same command goes on within that of now', async () => {
    await using server = await startOpenAiTestServer({ answer: ({ prompt }) => answerCapital(prompt) });
    const [rows, concurrency, limit] = [60, 6, 40];
    const run = makeRun('killed', server, { rows, maxConcurrentRequests: concurrency });
    const file = `${folder.path}/killed.json`;
    await writeFile(file, JSON.stringify(run));
    let received = 0;
    server.setHandler(({ prompt }) => (++received > 20 ? new Promise(() => {}) : answerCapital(prompt)));
    const started = startCli(['run', '-f', file, '--max-queries', String(limit)], { cwd: folder.path });
    await waitForRequests(server, 20 + concurrency, started);
    started.process.kill('SIGKILL');
    await started.ended;

    server.setHandler(({ prompt }) => answerCapital(prompt));
    const raised = limit + 5;
    const attached = await stet.run(file, { maxQueries: raised });
    const document = await attached.result();
    expect(attached.attached).toBe(true);
    expect(document).toMatchObject({ status: 'failed', limits: { queries: { limit: raised, used: raised } } });
    expect(server.count()).toBeLessThanOrEqual(raised);
    // All that were counted before the kill had left.
    expect(server.count()).toBeGreaterThanOrEqual(raised - concurrency);

    const completed = await (await stet.resume(document.run, { maxQueries: 2 * rows })).result();
    expect(completed.status).toBe('completed');
    expect(server.count()).toBe(rows + concurrency);
    expect(listDigests(completed)).toEqual(await getDigests(run));
  });
});

describe('limits on tokens and cost', () => {
  const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
  const startMeteredServer = () =>
    startOpenAiTestServer({
      answer: ({ prompt }) => ({
        body: { choices: [{ message: { role: 'assistant', content: answerCapital(prompt) } }], usage },
      }),
    });

  it('are exceeded by the queries in flight at most, over all attempts', async () => {
    await using server = await startMeteredServer();
    const [rows, concurrency] = [60, 4];
    const run = makeRun('tokens', server, { rows, maxConcurrentRequests: concurrency, limits: { tokens: 15 * 20 } });
    const failed = await (await stet.run(run)).result();
    expect(failed.tasks[0]?.error).toMatchObject({ code: 'limit-reached' });
    expect(server.count()).toBeGreaterThanOrEqual(20);
    expect(server.count()).toBeLessThan(20 + concurrency);
    expect(failed.limits?.tokens).toEqual({ limit: 300, used: 15 * server.count() });
    const again = await (await stet.resume(failed.run, { maxTokens: 15 * 40 })).result();
    expect(again.limits?.tokens).toEqual({ limit: 600, used: 15 * server.count() });
    expect(server.count()).toBeGreaterThanOrEqual(40);
    expect(server.count()).toBeLessThan(40 + concurrency);
  });

  it('count exact decimals of dollars', async () => {
    await using server = await startMeteredServer();
    // 10 × 0.1 + 5 × 0.2 = 2 millionths of a dollar an answer.
    const model = { price: { input: 0.1, output: 0.2 } };
    const run = makeRun('cost', server, { rows: 30, maxConcurrentRequests: 1, model, limits: { cost: 0.00002 } });
    const failed = await (await stet.run(run)).result();
    expect(failed.limits?.cost).toEqual({ limit: '0.00002', used: '0.00002' });
    expect(server.count()).toBe(10);
    expect(failed.tasks[0]?.error?.message).toContain('$0.00002 of $0.00002');
    const completed = await (await stet.resume(failed.run, { maxCost: 1 })).result();
    expect(completed).toMatchObject({ status: 'completed', limits: { cost: { limit: '1', used: '0.00006' } } });
  });

  it('warn once of a model that does not say what it used', async () => {
    await using server = await startOpenAiTestServer({
      answer: ({ prompt }) => ({
        body: { choices: [{ message: { role: 'assistant', content: answerCapital(prompt) } }] },
      }),
    });
    const run = makeRun('silent', server, { rows: 30, limits: { tokens: 1 } });
    const document = await (await stet.run(run)).result();
    expect(document).toMatchObject({ status: 'completed', limits: { tokens: { used: 0 } } });
    expect(document.tasks[0]?.warnings).toEqual([
      'Model "small" answers without saying how many tokens it used: limits.tokens cannot count those answers.',
    ]);
  });

  it('need a price of every model that is asked, and say where it is missing', async () => {
    await using server = await startMeteredServer();
    const run = makeRun('unpriced', server, { limits: { cost: 1 } });
    await expect(stet.run(run)).rejects.toMatchObject({
      code: 'config-invalid',
      message: 'limits.cost is set, and model "small" has no price.',
    });
    const failed = await (await stet.run(makeRun('unpriced', server, {}), { maxQueries: 1 })).result();
    await expect(stet.resume(failed.run, { maxCost: 1 })).rejects.toMatchObject({ code: 'usage', message: /no price/ });
    expect(server.count()).toBe(1);
  });
});

describe('limits.duration_s', () => {
  it('ends a run that is worked on for so long, and lets what is in flight finish', async () => {
    await using server = await startOpenAiTestServer({
      answer: ({ prompt, index }) => ({ content: answerCapital(prompt), ...(index < 3 ? {} : { delayMs: 1_500 }) }),
    });
    const run = makeRun('long', server, { rows: 40, maxConcurrentRequests: 2, limits: { duration_s: 1 } });
    const failed = await (await stet.run(run)).result();
    expect(failed.tasks[0]?.error?.message).toMatch(/^limits\.duration_s is reached: 1[.\d]* of 1 s used/);
    const sent = server.count();
    expect(sent).toBeLessThan(40);
    server.setHandler(({ prompt }) => answerCapital(prompt));
    const completed = await (await stet.resume(failed.run, { maxDurationS: 600 })).result();
    expect(completed.status).toBe('completed');
    expect(server.count()).toBe(40);
    expect(sent).toBeGreaterThanOrEqual(4);
  });
});

describe('a run that goes on', () => {
  it('has the limits that were given last, by whatever command', async () => {
    await using server = await startOpenAiTestServer({ answer: ({ prompt }) => answerCapital(prompt) });
    const options = { rows: 30, maxConcurrentRequests: 3 };
    const limited = makeRun('last', server, { ...options, limits: { queries: 10 } });
    const failed = await (await stet.run(limited)).result();
    // The same plan with other limits finds it; what stands counts towards them.
    const handle = await stet.run(makeRun('last', server, { ...options, limits: { queries: 20 } }), {
      resume: 'resume',
    });
    const again = await handle.result();
    expect(again).toMatchObject({ run: failed.run, status: 'failed', limits: { queries: { limit: 20, used: 20 } } });
    const free = await (await stet.resume(failed.run, { source: makeRun('last', server, options) })).result();
    expect(free).toMatchObject({ status: 'completed', limits: null });
    expect(server.count()).toBe(30);
  });

  it('counts what it spent before it had limits', async () => {
    await using server = await startOpenAiTestServer({
      answer: ({ prompt }) => (/[5-9]\?$/.test(prompt) ? { status: 400 } : answerCapital(prompt)),
    });
    const failed = await (await stet.run(makeRun('before', server, { rows: 20 }))).result();
    expect(failed).toMatchObject({ status: 'failed', limits: null });
    server.setHandler(({ prompt }) => answerCapital(prompt));
    await expect(stet.resume(failed.run, { maxQueries: 20 })).rejects.toMatchObject({ code: 'usage' });
    const limited = await (await stet.resume(failed.run, { maxQueries: 25 })).result();
    expect(limited).toMatchObject({ status: 'failed', limits: { queries: { limit: 25, used: 25 } } });
    expect(server.count()).toBe(25);
  });

  it('spends anew where it tries the errors of a completed one again', async () => {
    await using server = await startOpenAiTestServer({
      answer: ({ prompt }) => (/[5-9]\?$/.test(prompt) ? { status: 400 } : answerCapital(prompt)),
    });
    const run = makeRun('mended', server, { rows: 20, maxSampleErrors: 10, limits: { queries: 20 } });
    const completed = await (await stet.run(run)).result();
    expect(completed).toMatchObject({ status: 'completed', limits: { queries: { limit: 20, used: 20 } } });
    server.setHandler(({ prompt }) => answerCapital(prompt));
    const limited = await (await stet.resume(completed.run, { errors: true, maxQueries: 4 })).result();
    expect(limited).toMatchObject({
      status: 'failed',
      mends: completed.run,
      limits: { queries: { limit: 4, used: 4 } },
    });
    const mended = await (await stet.resume(limited.run, { maxQueries: 10 })).result();
    expect(mended).toMatchObject({ status: 'completed', tasks: [{ samples: { errors: 0 } }] });
    expect(server.count()).toBe(30);
  });
});
