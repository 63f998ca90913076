import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openStet, type RunDocument, type RunHandle, type SampleDocument, type Stet } from '../../embedded/index.ts';
import { answerCapital, type CapitalRunOptions, makeCapitalRun } from '../support/capital-run.ts';
import { startOpenAiTestServer, type TestAnswer } from '../support/openai-test-server.ts';
import { placeStore } from '../support/stores/place-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// Models that fail: query by query, for a while, and for good. One store and one Temporal server for all of it.

vi.setConfig({ testTimeout: 90_000 });

const secret = 'sk-very-secret';

let folder: TemporaryFolder;
let stet: Stet;

beforeAll(async () => {
  folder = await makeTemporaryFolder();
  stet = await openStet({
    store: placeStore(`${folder.path}/.stet`),
    workingDirectory: folder.path,
    environment: { ...process.env, MODEL_KEY: secret },
  });
});
afterAll(async () => {
  await stet.close();
  await folder[Symbol.asyncDispose]();
});

/** A run with one of many names, so that no two of these share anything. */
function makeRun(name: string, options: CapitalRunOptions & { readonly limits?: Record<string, unknown> }) {
  const run = makeCapitalRun({ systemPrompt: name, connection: { api_key: '$MODEL_KEY' }, ...options });
  return { ...run, limits: { ...run.limits, ...options.limits } } as typeof run;
}

/** Resolves with the first text that says what a task waits for. */
async function waitForOutage(run: RunHandle, wanted: RegExp): Promise<string> {
  const seen: string[] = [];
  for await (const event of run.events()) {
    if (event.type !== 'progress') continue;
    for (const { waitsFor } of event.tasks) {
      if (waitsFor !== null && wanted.test(waitsFor)) return waitsFor;
      if (waitsFor !== null) seen.push(waitsFor);
    }
  }
  throw new Error(`The run ended without waiting for ${wanted}; it waited for: ${seen.join(' | ')}`);
}

describe.concurrent('a model', () => {
  it('whose answers are broken in many ways costs only the samples that meet them', async () => {
    // By sample: what comes each time, what is said of it, and whether it is sent again.
    const faults: readonly (readonly [TestAnswer, RegExp, 'retried' | 'final'])[] = [
      [{ status: 429, content: 'slow down' }, /answered 429: slow down/, 'retried'],
      [{ status: 500, content: `no ${secret}` }, /answered 500: no \*\*\*/, 'retried'],
      [{ status: 529 }, /answered 529/, 'retried'],
      [{ fault: 'reset' }, /broke the connection off/, 'retried'],
      [{ fault: 'truncated' }, /broke the connection off/, 'retried'],
      [{ fault: 'html' }, /HTML page/, 'retried'],
      [{ body: '{"choices": [' }, /is not JSON/, 'final'],
      [{ body: { choices: [] } }, /has no choice/, 'final'],
      [{ status: 404, content: 'gone' }, /answered 404: gone/, 'final'],
      [{ status: 400, content: 'too long' }, /answered 400: too long/, 'final'],
    ];
    const rows = 40;
    await using server = await startOpenAiTestServer({
      answer: ({ prompt }) => faults[Number(/Country (\d+)/.exec(prompt)?.[1]) - 20]?.[0] ?? answerCapital(prompt),
    });
    const run = await stet.run(
      makeRun('faults', {
        baseUrl: server.baseUrl,
        rows,
        maxSampleErrors: faults.length,
        model: { max_retries: 1 },
      }),
    );
    const document = await run.result();
    expect(document, JSON.stringify(document.tasks[0])).toMatchObject({
      status: 'completed',
      tasks: [{ samples: { total: rows, errors: faults.length } }],
    });
    const samples = new Map<string, SampleDocument>();
    for await (const sample of stet.samples(run.id, { task: 'plain' })) samples.set(sample.sample_id, sample);
    for (const [index, [, says, fate]] of faults.entries()) {
      const prompt = `Capital of Country ${20 + index}?`;
      const error = samples.get(`c${20 + index}`)?.solved?.trials[0]?.error;
      expect(error?.error_type, prompt).toBe(index === 7 ? 'model-output-invalid' : 'model-error');
      expect(error?.message).toMatch(says);
      expect(server.count(prompt), prompt).toBe(fate === 'retried' ? 2 : 1);
    }
    expect(JSON.stringify([document, ...samples.values()])).not.toContain(secret);
    expect(server.count('Capital of Country 0?')).toBe(1);
  });

  it('that goes away and comes back is held, probed and shown; nothing fails, and nothing answered is sent again', async () => {
    const answered = new Map<string, number>();
    let isDown = false;
    await using service = await startInterruptibleServer((prompt) => {
      answered.set(prompt, (answered.get(prompt) ?? 0) + 1);
      if (answered.size === 30) isDown = true;
      return answerCapital(prompt);
    });
    const rows = 100;
    const run = await stet.run(makeRun('outage', { baseUrl: service.baseUrl, rows, maxConcurrentRequests: 4 }));
    while (!isDown) await new Promise((resolve) => setImmediate(resolve));
    await service.stop();
    const beforeOutage = new Set(answered.keys());
    expect(await waitForOutage(run, /no connection/)).toMatch(/^model small: no connection since \d+ s, /);
    await service.start();
    const document = await run.result();
    expect(document).toMatchObject({
      status: 'completed',
      tasks: [{ samples: { total: rows, errors: 0 }, metrics: { accuracy: 0.9 } }],
    });
    expect(answered.size).toBe(rows);
    // What was in flight when the service went may have been answered without being heard.
    const twice = [...answered].filter(([, count]) => count > 1);
    expect(twice.length).toBeLessThanOrEqual(4);
    expect(beforeOutage.size).toBeGreaterThanOrEqual(30);
    const task = document.tasks[0];
    expect(task?.model_queries.sent).toBe(rows);
    // 20 in a row and what was in flight, then probes: not one for each of the 70 that waited.
    expect(task?.model_queries.retried).toBeLessThan(20 + 4 + 10);
  });

  it('that refuses everything is asked three times; once it is mended, resume sends everything', async () => {
    await using server = await startOpenAiTestServer({ answer: () => ({ status: 401, content: `bad key ${secret}` }) });
    const rows = 20;
    const run = await stet.run(makeRun('refused', { baseUrl: server.baseUrl, rows }));
    const document = await run.result();
    expectUnusable(document, /^Model "small" cannot be used: http:\S+ answered 401: bad key \*\*\*/);
    expect(server.count()).toBe(3);

    server.setHandler(({ prompt }) => answerCapital(prompt));
    const resumed = await (await stet.resume(run.id)).result();
    expect(resumed).toMatchObject({ status: 'completed', tasks: [{ metrics: { accuracy: 0.9 } }] });
    expect(server.count()).toBe(3 + rows);
  });

  it('that does not come back within limits.outage_patience_s leaves its samples unfinished', async () => {
    await using server = await startOpenAiTestServer();
    server.setHandler(({ prompt, index }) => (index < 5 ? answerCapital(prompt) : { status: 503, content: 'busy' }));
    const rows = 30;
    const options = { baseUrl: server.baseUrl, rows, maxConcurrentRequests: 2, limits: { outage_patience_s: 1 } };
    const run = await stet.run(makeRun('patience', options));
    const document = await run.result();
    expectUnusable(
      document,
      /after \d+ s of waiting: http\S+ answered 503: busy Try again when the service answers;.* can be resumed/,
    );

    const sent = server.count();
    server.setHandler(({ prompt }) => answerCapital(prompt));
    const resumed = await (await stet.resume(run.id)).result();
    expect(resumed).toMatchObject({ status: 'completed', tasks: [{ samples: { errors: 0 } }] });
    expect(server.count() - sent).toBe(rows - 5);
  });

  it('that is waited for keeps nobody from cancelling', async () => {
    await using server = await startOpenAiTestServer({ answer: () => ({ status: 503 }) });
    const run = await stet.run(makeRun('cancelled', { baseUrl: server.baseUrl, rows: 10 }));
    await waitForOutage(run, /^model small: 503 since/);
    await run.cancel();
    expect(await run.result()).toMatchObject({
      status: 'cancelled',
      tasks: [{ status: 'cancelled', samples: { errors: 0 } }],
    });
    expect(server.count()).toBeLessThan(10);
  });
});

function expectUnusable(document: RunDocument, says: RegExp): void {
  expect(document).toMatchObject({
    status: 'failed',
    tasks: [
      {
        status: 'failed',
        samples: { errors: 0 },
        error: { code: 'model-unusable', message: expect.stringMatching(says) },
      },
    ],
  });
  expect(JSON.stringify(document)).not.toContain(secret);
}

/** A service that can stop listening, cutting every connection, and listen again where it did. */
async function startInterruptibleServer(answer: (prompt: string) => string) {
  let port = 0;
  let server: Server | undefined;
  const start = async () => {
    server = createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (part: string) => (text += part));
      request.on('end', () => {
        const { messages } = JSON.parse(text) as { messages: { content: string }[] };
        const content = answer(messages.at(-1)?.content ?? '');
        response.end(JSON.stringify({ choices: [{ message: { role: 'assistant', content }, finish_reason: 'stop' }] }));
      });
    }).listen(port, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  };
  const stop = async () => {
    const stopped = server;
    if (stopped === undefined) return;
    server = undefined;
    const closed = once(stopped, 'close');
    stopped.close();
    stopped.closeAllConnections();
    await closed;
  };
  await start();
  return { baseUrl: `http://127.0.0.1:${port}/v1`, start, stop, [Symbol.asyncDispose]: stop };
}
