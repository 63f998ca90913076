import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRunContext } from '../client/create-run-context.ts';
import { makePlanDocument } from '../client/make-plan-document.ts';
import type { PlanDocument } from '../client/run-document.ts';
import { createHost } from '../embedded/create-host.ts';
import { countStatements } from './plan/count-statements.ts';
import { type FileOptions, makeFile } from './plan/make-file.ts';
import { storeRun } from './plan/store-run.ts';
import { createDatabase } from './servers/postgres/databases.ts';
import { startPostgres } from './servers/postgres/postgres-server.ts';

// `npm run bench:plan [specifications] [results] [store]`: how long `plan` takes on a large evaluation in a store with
// many results, and what it asks the database. The store is a new SQLite directory, `postgres` for a server of its own, or the
// `postgres://…` that is named.

const specifications = Number(process.argv[2] ?? 1_000);
const results = Number(process.argv[3] ?? 10_000);
const namedStore = process.argv[4];
const generations = Math.ceil(results / specifications);
const rounds = 3;

const folder = await mkdtemp(path.join(tmpdir(), 'stet-bench-plan-'));
const postgres = namedStore === 'postgres' ? await startPostgres() : undefined;
const location =
  postgres === undefined ? (namedStore ?? path.join(folder, '.stet')) : await createDatabase(postgres.address);
try {
  console.log(
    `${cpus().length} cores, ${specifications} task specifications, ${generations * specifications} stored results`,
  );
  await fillStore();
  const newest = generations;
  await measure('nothing edited', { generation: newest });
  await measure('a scorer edited', { generation: newest, scorer: 'edited' });
  await measure('the prompts edited', { generation: newest, prompt: 'Edited' });
  await measure('everything edited', { generation: newest + 1, scorer: 'edited', prompt: 'Edited', maxTokens: 9 });
} finally {
  await postgres?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function fillStore(): Promise<void> {
  const host = createHost({ store: location, workingDirectory: folder });
  const context = createRunContext(host);
  const store = await host.openStore({ create: true });
  if (store === undefined) throw new Error('The store could not be created.');
  const started = performance.now();
  for (let generation = 1; generation <= generations; generation++) {
    const resolved = await context.resolve(makeFile(specifications, { generation }), {});
    const built = await context.build(resolved, store, { dry: false });
    await storeRun({ store, location, built, generation, hasOwnBlobs: generation === generations });
  }
  await host.close();
  console.log(`filled in ${seconds(performance.now() - started)}\n`);
}

/** In a process that has done it before, and once more as a command from its start. */
async function measure(name: string, options: FileOptions): Promise<void> {
  const file = path.join(folder, `${name.replaceAll(' ', '-')}.json`);
  await writeFile(file, JSON.stringify(makeFile(specifications, options)));
  console.log(name);
  for (let round = 1; round <= rounds; round++) {
    const host = createHost({ store: location, workingDirectory: folder });
    const context = createRunContext(host);
    const times: number[] = [performance.now()];
    const cpu = process.cpuUsage();
    const store = await host.openStore({ create: false });
    times.push(performance.now());
    const resolved = await context.resolve(file, {});
    times.push(performance.now());
    const counted = countStatements();
    const built = await context.build(resolved, store, { dry: true });
    times.push(performance.now());
    const planning = counted.take();
    const isAlive = host.isProcessAlive.bind(host);
    const document = await makePlanDocument(built, store, Date.now(), { isAlive });
    times.push(performance.now());
    const looking = counted.take();
    counted.stop();
    await host.close();
    const { user, system } = process.cpuUsage(cpu);
    const [open, read, plan, look] = times.slice(1).map((time, index) => time - (times[index] ?? time));
    console.log(
      `  ${seconds((times.at(-1) ?? 0) - (times[0] ?? 0))} (processor ${seconds((user + system) / 1_000)}): open ${seconds(open)}, read the file ${seconds(read)}, ` +
        `plan ${seconds(plan)} (${planning.length} statements), look up and explain ${seconds(look)} (${looking.length} statements)`,
    );
    if (round === rounds) describe(document, looking);
  }
  const started = performance.now();
  const program = fileURLToPath(new URL('../cli/main.js', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [program, 'plan', '-f', file, '--json', '--store', location], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1e9,
  });
  if (status !== 0) throw new Error(stderr);
  console.log(`  the whole command: ${seconds(performance.now() - started)}\n`);
}

function describe({ tasks, expected }: PlanDocument, statements: readonly string[]): void {
  const verdicts = ['full', 'partial', 'none'].map((verdict) => {
    const count = tasks.filter(({ reuse }) => reuse === verdict).length;
    return `${count} ${verdict}`;
  });
  const explained = tasks.filter(({ why }) => why !== null && why.length > 0).length;
  console.log(`  ${verdicts.join(', ')}; ${explained} explained; ${expected.sent.queries} queries expected`);
  for (const statement of statements) console.log(`    ${statement}`);
}

function seconds(durationMs = 0): string {
  return `${(durationMs / 1_000).toFixed(2)} s`;
}
