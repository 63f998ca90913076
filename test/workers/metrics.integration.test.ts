import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStet, type Stet } from '../../embedded/index.ts';
import { stetMetrics } from '../../workers/stet-metrics.ts';
import { answerCapital, looseScorer, makeCapitalRun } from '../support/capital-run.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// What Prometheus gets after runs of all kinds. The SDK has one runtime for a process, so it is one test file.

const rows = 12;

let server: OpenAiTestServer;
let folder: TemporaryFolder;
let stet: Stet;
let text = '';

beforeAll(async () => {
  server = await startOpenAiTestServer({
    // Of the rows, one is refused at first, with the request to try again at once, and one for good.
    answer({ prompt, earlier }) {
      if (prompt.includes('Country 3?') && earlier === 0) return { status: 503, headers: { 'retry-after': '0' } };
      if (prompt.includes('Country 5?')) return { status: 400, content: 'no' };
      return answerCapital(prompt);
    },
  });
  folder = await makeTemporaryFolder();
  const metricsAddress = `127.0.0.1:${await findFreePort()}`;
  stet = await openStet({ store: `${folder.path}/.stet`, workingDirectory: folder.path, metricsAddress });
  const options = { baseUrl: server.baseUrl, rows, maxSampleErrors: 1, maxConcurrentRequests: 4 };
  for (const scorers of [undefined, undefined, [looseScorer]]) {
    const run = makeCapitalRun({ ...options, ...(scorers === undefined ? {} : { scorers }) });
    expect((await (await stet.run(run)).result()).status).toBe('completed');
  }
  // One row alone: another dataset, and an answer that stands.
  const alone = makeCapitalRun({ ...options, rows: 1, reuse: { answers: 'solver' } });
  expect((await (await stet.run(alone)).result()).answers_stood).toBe(1);
  text = await (await fetch(`http://${metricsAddress}/metrics`)).text();
});

afterAll(async () => {
  await stet?.close();
  await server?.close();
  await folder?.[Symbol.asyncDispose]();
});

async function findFreePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, 'close');
  return port;
}

/** The value of a series with these labels, whatever other labels it has. */
function valueOf(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const line = text
    .split('\n')
    .find((candidate) => /^(\w+)/.exec(candidate)?.[1] === name && wanted.every((label) => candidate.includes(label)));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}

describe('the metrics of a process', () => {
  it('count queries, retries, failures and what is in flight', () => {
    const model = { model: 'small' };
    expect(valueOf('stet_queries_sent_total', model)).toBe(rows);
    expect(valueOf('stet_queries_retried_total', model)).toBe(1);
    expect(valueOf('stet_queries_failed_total', { ...model, type: 'overload' })).toBe(1);
    expect(valueOf('stet_queries_failed_total', { ...model, type: 'rejected' })).toBe(1);
    expect(valueOf('stet_queries_in_flight', model)).toBe(0);
    expect(valueOf('stet_query_seconds_count', model)).toBe(rows + 1);
    expect(valueOf('stet_query_wait_seconds_count', model)).toBe(rows + 1);
  });

  it('count tokens, reuse, samples and commits', () => {
    expect(valueOf('stet_tokens_total', { model: 'small', direction: 'output' })).toBeGreaterThan(0);
    for (const verdict of ['full', 'partial']) expect(valueOf('stet_reuse_total', { verdict })).toBe(1);
    expect(valueOf('stet_reuse_total', { verdict: 'none' })).toBe(2);
    expect(valueOf('stet_answers_stood_total', { model: 'small' })).toBe(1);
    expect(valueOf('stet_samples_total', { stage: 'solve', outcome: 'ok' })).toBe(rows - 1 + 1);
    expect(valueOf('stet_samples_total', { stage: 'solve', outcome: 'error' })).toBe(1);
    expect(valueOf('stet_journal_commit_seconds_count')).toBeGreaterThanOrEqual(2 * rows - 1);
  });

  it("are beside Temporal's own", () => {
    expect(text).toContain('temporal_activity_schedule_to_start_latency');
    expect(text).toContain('temporal_worker_task_slots_available');
  });

  it('are those that the page names, with their kinds and labels', async () => {
    const page = await readFile(new URL('../../docs/monitoring.md', import.meta.url), 'utf8');
    const documented = [...page.matchAll(/^\| `(stet_\w+)` +\| (\w+) +\| (.*?) +\| (.*?) +\|$/gm)].map(
      ([, name, kind, labels, description]) => [name, { kind, labels: labels?.match(/\w+/g) ?? [], description }],
    );
    const defined = Object.entries(stetMetrics).map(([name, { kind, labels, description }]) => [
      name,
      { kind, labels, description },
    ]);
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(defined));
    const shown = [...text.matchAll(/^# TYPE (stet_\w+) (\w+)$/gm)].map(([, name, kind]) => [name, kind]);
    for (const [name, kind] of shown) expect(stetMetrics).toMatchObject({ [name ?? '']: { kind } });
    // Nothing was held in these runs.
    const unseen = new Set(['stet_models_held', 'stet_outages_total']);
    const seen = shown.map(([name = '']) => name).filter((name) => !unseen.has(name));
    expect(new Set(seen)).toEqual(new Set(Object.keys(stetMetrics).filter((name) => !unseen.has(name))));
  });
});
