import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  openStet,
  type PlanDocument,
  type RunDocument,
  type RunSummaryDocument,
  type SampleDocument,
  type Stet,
} from '../../embedded/index.ts';
import {
  answerCapital,
  type CapitalRunOptions,
  exactScorer,
  looseScorer,
  makeCapitalRun,
} from '../support/capital-run.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { runCli, runCliJson } from '../support/run-cli.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// One store, and what a user does with it day by day: plan, run, look closer, change something, run again.

const rows = 20;
const secret = 'sk-very-secret-0123456789';
const environment = { LAB_KEY: secret };
const command = ['run', '-f', 'run.yaml'];

// Each command starts a server of its own, which a busy machine may take long for.
vi.setConfig({ testTimeout: 90_000 });

let server: OpenAiTestServer;
let folder: TemporaryFolder;
let first: RunDocument;
let neighbour: Stet;

const makeRun = (options: Partial<CapitalRunOptions> = {}) =>
  makeCapitalRun({ baseUrl: server.baseUrl, rows, connection: { api_key: '$LAB_KEY' }, ...options });
const json = <Document>(...commandArguments: string[]) =>
  runCliJson<Document>(commandArguments, { cwd: folder.path, environment });
const text = (...commandArguments: string[]) => runCli(commandArguments, { cwd: folder.path, environment });

beforeAll(async () => {
  server = await startOpenAiTestServer({ answer: ({ prompt }) => answerCapital(prompt) });
  folder = await makeTemporaryFolder();
  await folder.write('run.yaml', makeRun());
  const result = await json<RunDocument>(...command, '--label', 'first');
  expect(result.code, result.stderr).toBe(0);
  first = result.document;
  // Another process with the same store: as long as it lives, commands find a server running and are quicker.
  neighbour = await openStet({ store: `${folder.path}/.stet`, environment: { ...process.env, ...environment } });
  await (await neighbour.run(makeRun({ rows: 1 }))).result();
}, 90_000);

beforeEach(() => folder.write('run.yaml', makeRun()));

afterAll(async () => {
  await neighbour?.close();
  await server?.close();
  await folder?.[Symbol.asyncDispose]();
});

describe('run', () => {
  it('prints one document with everything that is promised of it', () => {
    expect(first).toMatchObject({
      run: expect.stringMatching(/^[a-z0-9]+$/),
      evaluation: 'capitals-eval',
      label: 'first',
      status: 'completed',
      cache_policy: 'reuse',
      duration_ms: expect.any(Number),
      model_queries: { sent: rows, retried: 0, saved: 0 },
      tasks: [
        {
          key: 'plain',
          task_result: expect.any(String),
          status: 'completed',
          reuse: 'none',
          reused_from: null,
          samples: { total: rows, errors: 0 },
          model_queries: { sent: rows, retried: 0, saved: 0 },
          metrics: { accuracy: 0.9 },
          result_digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
          why: null,
        },
      ],
      origin: { arguments: [...command, '--label', 'first', '--json'] },
    });
  });

  it('takes everything from the store the second time, and says so to people, too', async () => {
    const before = server.count();
    const again = await text(...command);
    expect(again.code, again.stderr).toBe(0);
    expect(server.count()).toBe(before);
    expect(again.stdout).toMatch(/plain\s+completed\s+full/);
    expect(again.stdout).toContain(`0 queries sent, ${rows} saved by reuse`);
    const { document } = await json<RunDocument>('show', 'latest');
    expect(document.tasks[0]).toMatchObject({
      reuse: 'full',
      reused_from: first.tasks[0]?.task_result,
      result_digest: first.tasks[0]?.result_digest,
      why: [],
    });
  });

  it.each([
    { name: '--num-samples', options: ['--num-samples', '5'], total: 5, sent: 5 },
    {
      name: '--set',
      options: ['--set', 'models[0].generation.temperature=0.5', '--set', 'run_config.num_samples=3'],
      total: 3,
      sent: 3,
    },
    { name: '--cache-policy', options: ['--cache-policy', 'no-cache'], total: rows, sent: rows },
  ])('obeys $name', async ({ options, total, sent }) => {
    const before = server.count();
    const { code, document } = await json<RunDocument>(...command, ...options);
    expect(code).toBe(0);
    expect(document.tasks).toMatchObject([{ reuse: 'none', samples: { total }, model_queries: { sent } }]);
    expect(server.count() - before).toBe(sent);
  });

  it('obeys --only, and lets STET_CACHE_POLICY say what the file does not', async () => {
    const specifications = ['one', 'two'].map((key) => ({ key, task_key: 'capital-qa', model_key: 'small' }));
    await folder.write('run.yaml', makeRun({ specifications }));
    const options = { cwd: folder.path, environment: { ...environment, STET_CACHE_POLICY: 'no-cache' } };
    const before = server.count();
    const { document } = await runCliJson<RunDocument>([...command, '--only', 'two'], options);
    expect(document.cache_policy).toBe('no-cache');
    expect(document.tasks.map(({ key, reuse }) => [key, reuse])).toEqual([['two', 'none']]);
    expect(server.count() - before).toBe(rows);
    const overridden = await runCliJson<RunDocument>([...command, '--cache-policy', 'reuse'], options);
    expect(overridden.document.tasks.map(({ key, reuse }) => [key, reuse])).toEqual([
      ['one', 'full'],
      ['two', 'full'],
    ]);
  });

  it('with --frozen exits with 3 in place of sending, and runs where nothing has to be sent', async () => {
    const before = server.count();
    await folder.write('run.yaml', makeRun({ generation: { temperature: 0.9 } }));
    const { runs: runsBefore } = (await json<{ runs: RunSummaryDocument[] }>('list')).document;
    const closed = await json<{ error: { code: string } }>(...command, '--frozen');
    expect(closed.code).toBe(3);
    expect(closed.document.error.code).toBe('frozen');
    expect(closed.stderr).toContain('Model "small": generation.temperature changed from 0 to 0.9');
    expect((await json<{ runs: RunSummaryDocument[] }>('list')).document.runs.length).toBe(runsBefore.length);

    await folder.write('run.yaml', makeRun({ scorers: [looseScorer] }));
    const open = await json<RunDocument>(...command, '--frozen');
    expect(open.code, open.stderr).toBe(0);
    expect(open.document.tasks[0]?.reuse).toBe('partial');
    expect(server.count()).toBe(before);
  });
});

describe('plan', () => {
  it('says what would stand, be sent and why, and changes nothing', async () => {
    await folder.write('run.yaml', makeRun({ scorers: [exactScorer, looseScorer], generation: { temperature: 0.7 } }));
    const look = async () => ({
      blobs: await listFiles('.stet/blobs'),
      server: await readFile(`${folder.path}/.stet/temporal/server.json`, 'utf8'),
      runs: (await json<{ runs: RunSummaryDocument[] }>('list', '--limit', '100')).document.runs,
      requests: server.count(),
    });
    const before = await look();
    const { code, document } = await json<PlanDocument>('plan', '-f', 'run.yaml', '--exit-code');
    expect(code).toBe(4);
    expect(document).toMatchObject({
      evaluation: 'capitals-eval',
      model_queries: { sent: rows, retried: 0, saved: 0 },
      tasks: [{ key: 'plain', reuse: 'none', samples: { total: rows } }],
    });
    expect(document.tasks[0]?.why).toContainEqual(
      expect.objectContaining({ category: 'field', component: 'model', path: '/generation/temperature', after: 0.7 }),
    );
    expect(await look()).toEqual(before);

    await folder.write('run.yaml', makeRun());
    const unchanged = await text('plan', '-f', 'run.yaml', '--exit-code');
    expect(unchanged.code).toBe(0);
    expect(unchanged.stdout).toMatch(/plain\s+full/);
  });
});

describe('show, list, validate and doctor', () => {
  it('go down to one sample: its request, answer, expected value and scores', async () => {
    const { document } = await json<SampleDocument>('show', 'first', 'plain', 'c9');
    expect(document).toMatchObject({ sample_id: 'c9', sample: { country: 'Country 9', capital: 'Capital 9' } });
    const shown = await text('show', 'first', 'plain', 'c9');
    expect(shown.code).toBe(0);
    for (const part of ['Name the city only.', 'Capital of Country 9?', 'Atlantis', 'Capital 9', 'is_correct']) {
      expect(shown.stdout).toContain(part);
    }
    const task = await text('show', first.run.slice(0, 8), 'plain');
    expect(task.stdout).toContain('accuracy');
    expect(task.stdout).toContain('c9');
  });

  it('name what there is where something is not', async () => {
    const run = await text('show', 'frist');
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('run-not-found');
    const task = await text('show', 'first', 'plian');
    expect(task.code).toBe(2);
    expect(task.stderr).toContain('Did you mean "plain"?');
    const sample = await text('show', 'first', 'plain', 'c99');
    expect(sample.code).toBe(2);
    expect(sample.stderr).toContain('"c99"');
  });

  it('list the newest first', async () => {
    const { document } = await json<{ runs: RunSummaryDocument[] }>('list', '--limit', '100');
    const started = document.runs.map((run) => run.started_at);
    expect(started).toEqual(started.toSorted().toReversed());
    expect(document.runs.at(-1)).toMatchObject({ run: first.run, label: 'first', status: 'completed' });
  });

  it('find the file valid and the machine well', async () => {
    const valid = await json<{ valid: boolean }>('validate', '-f', 'run.yaml');
    expect(valid.document).toMatchObject({ valid: true, evaluation: 'capitals-eval' });
    const doctor = await json<{ ok: boolean; checks: { ok: boolean }[] }>('doctor');
    expect(doctor.code, doctor.stdout).toBe(0);
    expect(doctor.document.ok).toBe(true);
    expect(doctor.document.checks.length).toBeGreaterThan(2);
  });
});

describe('the store', () => {
  it('can be read by nobody else, and asks git to leave it alone', async () => {
    const store = path.join(folder.path, '.stet');
    expect((await stat(store)).mode & 0o777).toBe(0o700);
    expect(await readFile(path.join(store, '.gitignore'), 'utf8')).toMatch(/^\*$/m);
    const entries = await readdir(store, { recursive: true, withFileTypes: true });
    const readable: string[] = [];
    for (const entry of entries) {
      const file = path.join(entry.parentPath, entry.name);
      if (((await stat(file)).mode & 0o077) !== 0) readable.push(path.relative(store, file));
    }
    expect(readable).toEqual([]);
  });

  it('holds no value of a secret, nor does anything that was printed; the endpoint got it', async () => {
    expect(new Set(server.requests.map(({ headers }) => headers['authorization']))).toEqual(
      new Set([`Bearer ${secret}`]),
    );
    const holding: string[] = [];
    for (const file of await listFiles('.stet')) {
      const bytes = await readFile(path.join(folder.path, '.stet', file));
      if (bytes.includes(secret)) holding.push(file);
    }
    expect(holding).toEqual([]);
    const shown = await Promise.all([
      text('show', 'first'),
      json('show', 'first', 'plain', 'c9'),
      json('plan', '-f', 'run.yaml'),
    ]);
    for (const { stdout, stderr } of shown) expect(stdout + stderr).not.toContain(secret);
  });
});

async function listFiles(below: string): Promise<string[]> {
  const root = path.join(folder.path, below);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .toSorted();
}
