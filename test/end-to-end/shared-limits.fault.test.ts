import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openStet, type RunHandle, type Stet } from '../../embedded/index.ts';
import { answerCapital, makeCapitalRun } from '../support/capital-run.ts';
import { type OpenAiTestServer, startOpenAiTestServer, type TestRequest } from '../support/openai-test-server.ts';
import { startCli } from '../support/run-cli.ts';
import { placeStore } from '../support/stores/place-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// Limits of a model over everybody who uses the store: several runs of one process, several processes, and what is left
// of them after a kill.

vi.setConfig({ testTimeout: 120_000 });

let folder: TemporaryFolder;
let server: OpenAiTestServer;
let delayMs: number;
/** By who asks. */
let inFlight: Map<unknown, number>;

beforeEach(async () => {
  folder = await makeTemporaryFolder();
  delayMs = 100;
  inFlight = new Map();
  server = await startOpenAiTestServer({
    async answer(request) {
      const name = whoAsks(request);
      inFlight.set(name, (inFlight.get(name) ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      inFlight.set(name, (inFlight.get(name) ?? 0) - 1);
      return answerCapital(request.prompt);
    },
  });
});
afterEach(async () => {
  await server.close();
  await folder[Symbol.asyncDispose]();
});

/** A run whose first message says who asks, so that it shares no work with another. */
function makeRun(name: string, rows: number, model: Record<string, unknown>) {
  return makeCapitalRun({ baseUrl: server.baseUrl, systemPrompt: name, rows, model });
}

const whoAsks = ({ body }: TestRequest): unknown => body.messages?.[0]?.content;
const requestsOf = (name: string) => server.requests.filter((request) => whoAsks(request) === name);

async function until(isSo: () => boolean, ended: Promise<unknown>): Promise<void> {
  let hasEnded = false;
  const end = () => {
    hasEnded = true;
  };
  ended.then(end, end);
  while (!isSo()) {
    if (hasEnded) throw new Error(`It ended before that: ${JSON.stringify(await ended)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('concurrent runs of one store', () => {
  it('hold the smallest limit of their group together, and its rate, whoever asks', async () => {
    const options = { store: placeStore(`${folder.path}/.stet`), workingDirectory: folder.path };
    // Two sessions, as two processes would have them, and two runs in one of them.
    const [one, other] = await Promise.all([openStet(options), openStet(options)]);
    try {
      const group = { limit_group: 'tenant' };
      delayMs = 250; // until all of them are at work
      const strict = await one.run(makeRun('strict', 400, { ...group, max_concurrent_requests: 3 }));
      await until(() => server.count() > 0, strict.result());
      const wide = await Promise.all([
        one.run(makeRun('a', 40, { ...group, version: 'a', max_concurrent_requests: 9 })),
        other.run(makeRun('b', 40, { ...group, version: 'b', max_concurrent_requests: 9 })),
      ]);
      await until(() => requestsOf('a').length > 0 && requestsOf('b').length > 0, strict.result());
      delayMs = 5;
      await expectCompleted([strict, ...wide]);
      const whileStrict = server.requests.slice(0, requestsOf('strict').at(-1)?.index);
      expect(new Set(whileStrict.map(whoAsks))).toEqual(new Set(['strict', 'a', 'b']));
      expect(Math.max(...whileStrict.map((request) => request.inFlight))).toBe(3);

      const rated = { limit_group: 'rated', rate_limit: 1_200 };
      const runs = [
        [one, await one.run(makeRun('c', 30, { ...rated, version: 'c' }))],
        [other, await other.run(makeRun('d', 30, { ...rated, version: 'd' }))],
      ] as const;
      await expectCompleted(runs.map(([, run]) => run));
      const sentAt = (await Promise.all(runs.map(([stet, run]) => listSendTimes(stet, run)))).flat();
      expect(sentAt).toHaveLength(60);
      expectRate(sentAt, 1_200);
    } finally {
      await Promise.all([one.close(), other.close()]);
    }
  });

  it('in processes of their own share a limit; after kill -9 of one the other has all of it', async () => {
    const limit = 4;
    const rows = 500;
    for (const name of ['killed', 'survivor']) {
      await folder.write(`${name}.yaml`, makeRun(name, rows, { max_concurrent_requests: limit }));
    }
    const start = (name: string) => startCli(['run', '-f', `${name}.yaml`, '--json'], { cwd: folder.path });
    delayMs = 300; // until both of them are at work
    const [killed, survivor] = [start('killed'), start('survivor')] as const;
    await until(
      () => requestsOf('killed').length >= limit && requestsOf('survivor').length >= limit,
      Promise.race([killed.ended, survivor.ended]),
    );
    killed.process.kill('SIGKILL');
    await killed.ended;
    await until(() => inFlight.get('survivor') === limit, survivor.ended);
    delayMs = 1;
    const result = await survivor.ended;
    expect(result.code, result.stderr).toBe(0);
    expect(requestsOf('survivor')).toHaveLength(rows);
    expect(server.highestInFlight).toBe(limit);
  });
});

async function expectCompleted(runs: readonly RunHandle[]): Promise<void> {
  for (const document of await Promise.all(runs.map((run) => run.result()))) {
    expect(document).toMatchObject({ status: 'completed', tasks: [{ samples: { errors: 0 } }] });
  }
}

/** When each query got leave, as recorded with its answer. */
async function listSendTimes(stet: Stet, run: RunHandle): Promise<number[]> {
  const times: number[] = [];
  for await (const { solved } of stet.samples(run.id, { task: 'plain' })) {
    for (const { evidence } of solved?.trials[0]?.queries ?? []) times.push(Date.parse(evidence.started_at));
  }
  return times;
}

/** No span of time holds more than its share, and what may be up to a second late. */
function expectRate(sentAt: readonly number[], perMinute: number): void {
  const times = sentAt.toSorted((a, b) => a - b);
  for (const [first, from] of times.entries()) {
    for (const [later, to] of times.slice(first).entries()) {
      expect(later).toBeLessThanOrEqual(((to - from + 1_000) * perMinute) / 60_000);
    }
  }
}
