import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { openStet, type RunDocument, type Stet } from '../embedded/index.ts';
import { measureBareLoop } from './sums/bare-loop.ts';
import { makeSums, makeSumsRun, overHttp } from './sums/make-sums-run.ts';
import { startMock } from './sums/start-mock.ts';

// `npm run bench:smoke [samples]`: the engine's own cost, as ratios measured in one run on one machine.

const samples = Number(process.argv[2] ?? 10_000);
const concurrency = 64;

const folder = await mkdtemp(path.join(tmpdir(), 'stet-bench-'));
await writeFile(
  path.join(folder, 'rows.jsonl'),
  makeSums(samples)
    .map((row) => JSON.stringify(row))
    .join('\n'),
);
await writeFile(
  path.join(folder, 'model.mjs'),
  'export default async ({ messages }) => messages.length === 1 ? "4" : "";\n',
);

const mock = await startMock();

const stet = await openStet({ store: path.join(folder, '.stet'), workingDirectory: folder });
try {
  const first = await time(() => execute(stet, makeRun('placeholder', 1)));
  console.log(`start-up with one sample: ${first.ms.toFixed(0)} ms`);

  const placeholder = await time(() => execute(stet, makeRun('placeholder')));
  report('in process, placeholder', placeholder.ms, placeholder.result);

  const typescript = await time(() => execute(stet, makeRun('typescript')));
  report('in process, typescript', typescript.ms, typescript.result);

  await measureBareLoop(mock.baseUrl, Math.min(samples, 1_000), concurrency); // warms the server
  const bare = await measureBareLoop(mock.baseUrl, samples, concurrency);
  console.log(`bare loop over HTTP: ${bare.toFixed(0)} requests/s`);
  const http = await time(() => execute(stet, makeRun('http')));
  report('through HTTP', http.ms, http.result);
  console.log(`through HTTP / bare loop: ${((http.ms * bare) / (1_000 * samples)).toFixed(2)}`);

  const again = await time(() => execute(stet, makeRun('http')));
  console.log(
    `identical re-run: ${again.ms.toFixed(0)} ms, reuse ${again.result.tasks[0]?.reuse}, sent ${again.result.model_queries.sent}`,
  );
  console.log(`cold / identical re-run: ${(http.ms / again.ms).toFixed(0)}`);
  console.log(
    `peak memory: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB (this process: client, worker and models)`,
  );
} finally {
  await stet.close();
  mock.process.kill();
  await rm(folder, { recursive: true, force: true });
}

function makeRun(kind: 'placeholder' | 'typescript' | 'http', numSamples?: number) {
  const models = {
    placeholder: { config: { connection_type: 'placeholder' } },
    typescript: { config: { connection_type: 'typescript', module: './model.mjs' } },
    http: { max_concurrent_requests: concurrency, config: overHttp(mock.baseUrl) },
  } as const;
  return makeSumsRun({ model: models[kind], source: { type: 'local', file_path: './rows.jsonl' }, numSamples });
}

async function execute(client: Stet, run: ReturnType<typeof makeRun>): Promise<RunDocument> {
  const document = await (await client.run(run)).result();
  if (document.status !== 'completed')
    throw new Error(`The run is ${document.status}: ${JSON.stringify(document.tasks[0]?.error)}`);
  return document;
}

async function time<T>(work: () => Promise<T>): Promise<{ readonly ms: number; readonly result: T }> {
  const start = performance.now();
  const result = await work();
  return { ms: performance.now() - start, result };
}

function perSecond(ms: number): string {
  return ((1_000 * samples) / ms).toFixed(0);
}

function report(name: string, ms: number, document: RunDocument): void {
  const accuracy = document.tasks[0]?.metrics?.['accuracy'];
  console.log(
    `${name}: ${perSecond(ms)} samples/s (${samples} samples in ${(ms / 1_000).toFixed(2)} s, accuracy ${accuracy})`,
  );
}
