import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { defineRun, openStet, type RunDocument, type Stet } from '../embedded/index.ts';

// `npm run bench:smoke [samples]`: the engine's own cost, as ratios measured in one run on one machine.

const samples = Number(process.argv[2] ?? 10_000);
const concurrency = 64;

const folder = await mkdtemp(path.join(tmpdir(), 'stet-bench-'));
const rows = Array.from({ length: samples }, (_, index) => ({
  sample_id: `q${index}`,
  question: `${index}+1=?`,
  answer: '4',
}));
await writeFile(path.join(folder, 'rows.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'));
await writeFile(
  path.join(folder, 'model.mjs'),
  'export default async ({ messages }) => messages.length === 1 ? "4" : "";\n',
);

const mock = spawn(process.execPath, [fileURLToPath(new URL('./mock-server.js', import.meta.url))], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const [line] = (await once(mock.stdout, 'data')) as [Buffer];
const baseUrl = line.toString().trim();

const stet = await openStet({ store: path.join(folder, '.stet'), workingDirectory: folder });
try {
  const first = await time(() => execute(stet, makeRun('placeholder', 1)));
  console.log(`start-up with one sample: ${first.ms.toFixed(0)} ms`);

  const placeholder = await time(() => execute(stet, makeRun('placeholder')));
  report('in process, placeholder', placeholder.ms, placeholder.result);

  const typescript = await time(() => execute(stet, makeRun('typescript')));
  report('in process, typescript', typescript.ms, typescript.result);

  await bareLoop(Math.min(samples, 1_000)); // warms the server
  const bare = await time(() => bareLoop(samples));
  console.log(`bare loop over HTTP: ${perSecond(bare.ms)} requests/s`);
  const http = await time(() => execute(stet, makeRun('http')));
  report('through HTTP', http.ms, http.result);
  console.log(`through HTTP / bare loop: ${(http.ms / bare.ms).toFixed(2)}`);

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
  mock.stdin.end();
  await rm(folder, { recursive: true, force: true });
}

function makeRun(kind: 'placeholder' | 'typescript' | 'http', numSamples?: number) {
  const connections = {
    placeholder: { connection_type: 'placeholder' },
    typescript: { connection_type: 'typescript', module: './model.mjs' },
    http: { connection_type: 'openai_compatible', base_url: baseUrl, model_key: 'mock' },
  } as const;
  return defineRun({
    models: [
      {
        key: kind,
        ...(kind === 'http' ? { max_concurrent_requests: concurrency } : {}),
        config: connections[kind],
      },
    ],
    datasets: [{ key: 'rows', source: { type: 'local', file_path: './rows.jsonl' } }],
    tasks: [
      {
        key: 'sums',
        definition: {
          dataset: { key: 'rows' },
          solver: {
            type: 'single_turn_solver',
            input_builder: {
              type: 'chat_completion',
              input_messages: [{ role: 'user', content: 'What is {{ sample.question }}' }],
            },
          },
          scorers: [{ type: 'string_equals', ground_truth: '{{ sample.answer }}' }],
        },
      },
    ],
    evaluation: { key: 'bench', task_specifications: [{ task_key: 'sums', model_key: kind }] },
    ...(numSamples === undefined ? {} : { run_config: { num_samples: numSamples } }),
  });
}

async function execute(client: Stet, run: ReturnType<typeof makeRun>): Promise<RunDocument> {
  const document = await (await client.run(run)).result();
  if (document.status !== 'completed')
    throw new Error(`The run is ${document.status}: ${JSON.stringify(document.tasks[0]?.error)}`);
  return document;
}

/** The same requests with plain `fetch`: what a script without an engine does, storing nothing. */
async function bareLoop(count: number): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const content = `What is ${next++}+1=?`;
      const response = await fetch(`${baseUrl}/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'mock', messages: [{ role: 'user', content }] }),
      });
      await response.json();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
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
