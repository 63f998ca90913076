import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openStet } from '../embedded/index.ts';
import { startTemporalServer } from './servers/temporal-server.ts';
import { measureBareLoop } from './sums/bare-loop.ts';
import { makeSums, makeSumsRun, overHttp } from './sums/make-sums-run.ts';
import { startMock } from './sums/start-mock.ts';

// `npm run bench:workers [samples] [store]`: what a second worker brings against a model that takes 50 ms, and how well a
// limit holds that both share. The store is a new SQLite directory, or the `postgres://…` that is named.

const samples = Number(process.argv[2] ?? 6_000);
const namedStore = process.argv[3];
const modelMs = 50;
const slotsPerWorker = 50;
const limits = { slots: 40, perSecond: 200 } as const;

const folder = await mkdtemp(path.join(tmpdir(), 'stet-bench-workers-'));
const store = namedStore ?? path.join(folder, '.stet');
const children: ChildProcess[] = [];
const temporal = await startTemporalServer();
const { address } = temporal;
const { baseUrl, process: mock } = await startMock(modelMs);
children.push(mock);
const environment = { ...process.env, STET_STORE: store, TEMPORAL_ADDRESS: address };
const stet = await openStet({ store, temporal: { address }, workingDirectory: folder, command: 'bench' });
let runs = 0;

try {
  console.log(`${cpus().length} cores, ${samples} samples a run, a model that takes ${modelMs} ms`);
  const one = [await startWorker()];
  await measure('warming', one, { max_concurrent_requests: slotsPerWorker }, 1_000);
  const alone = await measure('one worker', one, { max_concurrent_requests: slotsPerWorker });
  const asked = await measureBareLoop(baseUrl, samples, limits.slots);
  const slots = { max_concurrent_requests: limits.slots };
  const aloneBySlots = await measure('one worker, as many slots as will be shared', one, slots);
  const both = [...one, await startWorker()];
  // Neither is compared while its code is still being compiled.
  await measure('warming the second', both, { max_concurrent_requests: 2 * slotsPerWorker }, 2_000);
  const together = await measure('two workers', both, { max_concurrent_requests: 2 * slotsPerWorker });
  console.log(
    `throughput, two workers / one: ${(together.perSecond / alone.perSecond).toFixed(2)} (wanted: 1.8 at least)`,
  );
  console.log(
    `processor time per sample, two workers / one: ${(together.cpuMs / alone.cpuMs).toFixed(2)} (wanted: 1.1 at most)`,
  );

  const bySlots = await measure('two workers, shared slots', both, slots);
  const ofOne = describeShare(bySlots.perSecond, aloneBySlots.perSecond);
  console.log(`  ${ofOne} of one worker with the same ${limits.slots} slots (wanted: 95 % at least)`);
  // Its timers are late, and it takes time to be asked: what the slots give to somebody who does nothing but ask.
  console.log(`  ${describeShare(bySlots.perSecond, asked)} of ${asked.toFixed(0)}/s, a bare loop in as many lanes`);
  const byRate = await measure(
    'two workers, shared rate',
    both,
    { rate_limit: 60 * limits.perSecond }, // a minute
    20 * limits.perSecond,
  );
  console.log(`  ${describeShare(byRate.perSecond, limits.perSecond)} of rate_limit: ${60 * limits.perSecond}`);
} finally {
  await stet.close();
  for (const child of children.toReversed()) child.kill('SIGKILL');
  await temporal[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
process.exit(0);

interface Figures {
  /** From the first request to the last, the first tenth left out: until then a model is felt out. */
  readonly perSecond: number;
  /** Of the workers, per sample. */
  readonly cpuMs: number;
}

async function measure(
  name: string,
  workers: readonly ChildProcess[],
  limit: { readonly max_concurrent_requests?: number; readonly rate_limit?: number },
  count = samples,
): Promise<Figures> {
  await fetch(`${new URL(baseUrl).origin}/arrivals`);
  const before = await readCpuMs(workers);
  const handle = await stet.run(makeRun(limit, count), { detach: true });
  const document = await handle.result();
  if (document.status !== 'completed') throw new Error(`${name}: ${JSON.stringify(document.tasks[0]?.error)}`);
  const cpuMs = ((await readCpuMs(workers)) - before) / count;
  const arrivals = ((await (await fetch(`${new URL(baseUrl).origin}/arrivals`)).json()) as number[]).toSorted(
    (a, b) => a - b,
  );
  const steady = arrivals.slice(Math.floor(arrivals.length / 10), Math.floor((9 * arrivals.length) / 10));
  const durationMs = (steady.at(-1) ?? 0) - (steady[0] ?? 0);
  const perSecond = (1_000 * (steady.length - 1)) / durationMs;
  console.log(
    `${name}: ${perSecond.toFixed(0)} queries/s, ${cpuMs.toFixed(2)} ms of processor time per sample, ${document.duration_ms} ms in all, ${arrivals.length} queries`,
  );
  return { perSecond, cpuMs };
}

function makeRun(limit: object, count: number) {
  runs += 1;
  const samples = makeSums(count, `${runs}: `);
  return makeSumsRun({ model: { ...limit, config: overHttp(baseUrl) }, source: { type: 'inline', samples } });
}

function describeShare(found: number, wanted: number): string {
  return `${((100 * found) / wanted).toFixed(1)} %`;
}

async function startWorker(): Promise<ChildProcess> {
  const main = fileURLToPath(new URL('../cli/main.js', import.meta.url));
  const worker = spawn(process.execPath, [main, 'worker', '--max-segments', '8'], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.push(worker);
  const lines = createInterface({ input: worker.stderr });
  for await (const line of lines) if (line.startsWith('Working: ')) break;
  worker.stderr.resume();
  return worker;
}

/** Processor time of processes, milliseconds; where the system does not tell, 0. */
async function readCpuMs(processes: readonly ChildProcess[]): Promise<number> {
  const each = processes.map(async ({ pid }) => {
    const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    // the name in parentheses may itself hold spaces: count the fields from behind it; ticks are hundredths of a second
    const fields = status?.slice(status.lastIndexOf(')') + 2).split(' ') ?? [];
    return 10 * (Number(fields[11] ?? 0) + Number(fields[12] ?? 0));
  });
  return (await Promise.all(each)).reduce((sum, one) => sum + one, 0);
}
