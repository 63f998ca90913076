import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeSums, makeSumsRun, overHttp } from './sums/make-sums-run.ts';

// `npm run bench:recovery -- --rounds 10`: how long a crash keeps a run from working. In each round a run is half done when
// command, worker and Temporal server are killed with -9; measured is the time from the start of the same command to the
// first new query that the service receives: Node's start, planning, server, workers and take-up.

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '10' }, samples: { type: 'string', default: '400' } },
});
const rounds = Number(values.rounds);
const samples = Number(values.samples);
const concurrency = 16;
const answerMs = 20;
/** What the project promises for the median. */
const promisedMs = 3_000;

/** What the last command wrote last, for the message should it fail. */
let written = '';

const main = fileURLToPath(new URL('../cli/main.js', import.meta.url));
const folder = await mkdtemp(path.join(tmpdir(), 'stet-recovery-'));
const service = await startService();
try {
  const times: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const { recoveryMs, resent } = await runRound(round);
    times.push(recoveryMs);
    const load = loadavg()[0]?.toFixed(1);
    console.log(
      `round ${round}: first new query after ${recoveryMs.toFixed(0)} ms; ${resent} sent again; load ${load}`,
    );
  }
  const median = findMedian(times);
  const slowest = Math.max(...times);
  console.log(
    `median of ${rounds}: ${median.toFixed(0)} ms (slowest ${slowest.toFixed(0)} ms; promised ${promisedMs} ms)`,
  );
  if (median > promisedMs) process.exitCode = 1;
} finally {
  service.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

async function runRound(round: number): Promise<{ readonly recoveryMs: number; readonly resent: number }> {
  const place = await mkdtemp(path.join(folder, `round-${round}-`));
  await writeFile(path.join(place, 'run.yaml'), JSON.stringify(makeRun()));
  const before = service.count();
  const killed = startRun(place);
  await Promise.race([service.waitForRequests(before + samples / 2), failAtEnd(killed)]);
  const serverPid = await readServerPid(place);
  killed.kill('SIGKILL');
  process.kill(serverPid, 'SIGKILL');
  await Promise.all([once(killed, 'exit'), waitUntilGone(serverPid)]);

  const sentBefore = service.count();
  const startedAt = performance.now();
  const again = startRun(place);
  const ended = once(again, 'exit');
  await Promise.race([service.waitForRequests(sentBefore + 1), failAtEnd(again)]);
  const recoveryMs = performance.now() - startedAt;
  const [exitCode] = (await ended) as [number | null];
  const resent = service.count() - before - samples;
  if (exitCode !== 0) throw new Error(`The command that went on ended with ${exitCode}:\n${written}`);
  if (resent < 0 || resent > concurrency)
    throw new Error(`${resent} queries were sent again, of ${concurrency} in flight.`);
  return { recoveryMs, resent };
}

function startRun(place: string): ChildProcess {
  const { STET_STORE: _store, ...environment } = process.env;
  const command = spawn(process.execPath, [main, 'run', '-f', 'run.yaml', '--json'], {
    cwd: place,
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  command.stderr.on('data', (text: Buffer) => {
    written = text.toString();
  });
  return command;
}

async function failAtEnd(command: ChildProcess): Promise<never> {
  const [exitCode] = (await once(command, 'exit')) as [number | null];
  throw new Error(`The command ended with ${exitCode} before it had sent what was waited for:\n${written}`);
}

async function readServerPid(place: string): Promise<number> {
  const record: unknown = JSON.parse(await readFile(path.join(place, '.stet', 'temporal', 'server.json'), 'utf8'));
  const pid = typeof record === 'object' && record !== null && 'pid' in record ? Number(record.pid) : Number.NaN;
  if (!Number.isInteger(pid)) throw new Error('The record of the server names no process.');
  return pid;
}

async function waitUntilGone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(5);
  }
}

/** A service on the loopback, in this process, so that the arrival of a query is known when it happens. */
async function startService() {
  let received = 0;
  let waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      received++;
      for (const { resolve } of waiting.filter(({ count }) => count <= received)) resolve();
      waiting = waiting.filter(({ count }) => count > received);
      setTimeout(() => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(
          '{"id":"mock","model":"mock","choices":[{"index":0,"message":{"role":"assistant","content":"4"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":1}}',
        );
      }, answerMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    count: () => received,
    waitForRequests: (count: number) =>
      new Promise<void>((resolve) => {
        if (received >= count) resolve();
        else waiting.push({ count, resolve });
      }),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Segments are sealed and half open at the kill: what has to be read again is a real journal. */
function makeRun() {
  const model = { max_concurrent_requests: concurrency, config: overHttp(service.baseUrl) };
  return makeSumsRun({ model, source: { type: 'inline', samples: makeSums(samples) } });
}

function findMedian(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length / 2;
  const [lower = 0, upper = lower] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (lower + upper) / 2;
}
