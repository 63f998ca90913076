import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ExplainStageDocument, openStet, type RunDocument, type Stet } from '../../embedded/index.ts';
import type { RunFileInput } from '../../evaluation/spec/run-file.ts';
import { listBlocks, readPages } from '../docs/read-pages.ts';
import {
  answerCapital,
  type CapitalRunOptions,
  exactScorer,
  looseScorer,
  makeCapitalRun,
} from '../support/capital-run.ts';
import { type OpenAiTestServer, startOpenAiTestServer, type TestHandler } from '../support/openai-test-server.ts';
import { placeStore } from '../support/stores/place-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// Where every piece came from, and what a plan says of work that somebody else is at.

const rows = 4;
let server: OpenAiTestServer;
let folder: TemporaryFolder;
let stet: Stet;
let scenario = 0;

const answerWell: TestHandler = ({ prompt, index }) => ({
  content: answerCapital(prompt),
  headers: { 'x-request-id': `request-${index}` },
});

beforeAll(async () => {
  server = await startOpenAiTestServer({ answer: answerWell });
  folder = await makeTemporaryFolder();
  stet = await openStet({ store: placeStore(`${folder.path}/.stet`), workingDirectory: folder.path });
});

afterAll(async () => {
  await stet?.close();
  await server?.close();
  await folder?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  scenario++;
  server.setHandler(answerWell);
});

function makeFile(options: Partial<CapitalRunOptions> = {}): RunFileInput {
  return makeCapitalRun({ baseUrl: server.baseUrl, systemPrompt: `Scenario ${scenario}.`, rows, ...options });
}

async function run(source: RunFileInput, label?: string): Promise<RunDocument> {
  const handle = await stet.run(source, label === undefined ? {} : { label });
  return handle.result();
}

async function explainTask(run: string, sample?: string) {
  const { tasks } = await stet.explain(run, { task: 'plain', ...(sample === undefined ? {} : { sample }) });
  const [task] = tasks;
  if (task === undefined) throw new Error('The run has one task.');
  return task;
}

describe('an explanation', () => {
  it('follows what stands through every generation of reuse', async () => {
    const solved = await run(makeFile(), `solved ${scenario}`);
    const scored = await run(makeFile({ scorers: [looseScorer] }));
    const alias = await run(makeFile({ scorers: [looseScorer] }));
    const task = await explainTask(alias.run);
    expect(task).toMatchObject({ key: 'plain', reuse: 'full', why: [], samples: { total: rows, errors: 0 } });
    expect(task.steps.map((step) => [step.run, step.contribution, step.is_current])).toEqual([
      [alias.run, 'nothing', false],
      [scored.run, 'scores', true],
      [solved.run, 'everything', true],
    ]);
    expect(task.steps.map(({ result_digest: digest }) => digest)).toEqual([
      task.result_digest,
      task.result_digest,
      solved.tasks[0]?.result_digest,
    ]);
    expect(task.steps[2]).toMatchObject({
      label: `solved ${scenario}`,
      task: 'plain',
      status: 'completed',
      attempt: 1,
    });
    expect(task.steps.map(({ differences }) => differences.length)).toEqual([0, 1, 0]);
    expect(task.steps[1]?.differences[0]).toMatchObject({
      component: 'scorers',
      path: '/0',
      sentence: expect.stringContaining('string_equals to includes'),
    });
    const whole = await stet.explain(alias.run);
    expect(whole).toMatchObject({ run: alias.run, status: 'completed', mends: null, tasks: [task] });
  });

  it('goes down to the answers of one sample, with their segment, run, attempt and request', async () => {
    const solved = await run(makeFile());
    const { index } = server.requests.find(
      ({ prompt, body }) => prompt.includes('Country 2?') && JSON.stringify(body).includes(`Scenario ${scenario}.`),
    ) ?? { index: -1 };
    const scored = await run(makeFile({ scorers: [looseScorer] }));
    const { sample } = await explainTask(scored.run, 'c2');
    expect(sample).toMatchObject({ sample_id: 'c2', sample_index: 2, segment_index: 0 });
    const [solve, score] = sample?.stages ?? [];
    expect(solve).toMatchObject({ stage: 'solve', run: solved.run, attempt: 1, errors: [] });
    expect(solve?.task_result).toBe(solved.tasks[0]?.task_result);
    expect(solve?.answers).toMatchObject([
      { trial: 0, scorer: null, model: 'small', request_id: `request-${index}`, retried: 0, origin: null },
    ]);
    expect(score).toMatchObject({ stage: 'score', run: scored.run, attempt: 1, answers: [] });
    expect(solve?.blob).toMatch(/^sha256:/);
    const again = await explainTask(solved.run, 'c2');
    expect(again.sample?.stages[0]).toEqual(solve);
  });

  it('tells samples that were tried again from those that stand', async () => {
    const refuse: TestHandler = (request) =>
      request.prompt.includes('Country 1?') ? { status: 400, content: 'no' } : answerWell(request);
    server.setHandler(refuse);
    const first = await run(makeFile({ maxSampleErrors: 2 }));
    expect(first.tasks[0]?.samples.errors).toBe(1);
    server.setHandler(answerWell);
    const mended = await (await stet.resume(first.run, { errors: true })).result();
    const makers = async (sample: string) => {
      const task = await explainTask(mended.run, sample);
      expect(task.steps.map((step) => [step.run, step.contribution])).toEqual([
        [mended.run, 'retries'],
        [first.run, 'everything'],
      ]);
      return (task.sample?.stages ?? []).map((stage: ExplainStageDocument) => stage.run);
    };
    expect(await makers('c1')).toEqual([mended.run, mended.run]);
    expect((await makers('c2'))[0]).toBe(first.run);
    const { sample } = await explainTask(first.run, 'c1');
    expect(sample?.stages[0]?.errors).toMatchObject([{ error_type: expect.any(String) }]);
  });

  it('names what there is where something is not', async () => {
    const { run: id } = await run(makeFile());
    await expect(stet.explain('nowhere')).rejects.toMatchObject({ code: 'run-not-found' });
    await expect(stet.explain(id, { task: 'plian' })).rejects.toMatchObject({
      code: 'run-not-found',
      hint: 'Did you mean "plain"?',
    });
    await expect(stet.explain(id, { task: 'plain', sample: 'c99' })).rejects.toMatchObject({ code: 'run-not-found' });
    await expect(stet.explain(id, { sample: 'c1' })).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('a file against a run', () => {
  it('differs in exactly the edited fields', async () => {
    const { run: id } = await run(makeFile());
    const same = await stet.explainAgainst(makeFile(), id);
    expect(same).toMatchObject({ run: id, is_same: true, gone: [], tasks: [{ key: 'plain', differences: [] }] });
    const other = await stet.explainAgainst(makeFile({ generation: { temperature: 1 }, cachePolicy: 'update' }), id);
    expect(other).toMatchObject({
      is_same: false,
      cache_policy: { before: 'reuse', after: 'update' },
      tasks: [{ key: 'plain', against: 'plain', is_same_solver_key: false, is_same_result_key: false }],
    });
    expect(other.tasks[0]?.differences.map(({ sentence }) => sentence)).toEqual([
      'Model "small": generation.temperature changed from 0 to 1.',
    ]);
    const rescored = await stet.explainAgainst(makeFile({ scorers: [exactScorer, looseScorer] }), id);
    expect(rescored.tasks[0]).toMatchObject({ is_same_solver_key: true, is_same_result_key: false });
    const renamed = [{ key: 'renamed', task_key: 'capital-qa', model_key: 'small' }];
    expect(await stet.explainAgainst(makeFile({ specifications: renamed }), id)).toMatchObject({
      is_same: false,
      gone: ['plain'],
      tasks: [{ key: 'renamed', against: 'plain', is_same_result_key: true, differences: [] }],
    });
  });
});

describe('a plan of what another run is at work on', () => {
  it('waits, says for whom, and expects no query for what will stand', async () => {
    let open: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    server.setHandler(async (request) => {
      await gate;
      return answerWell(request);
    });
    const before = server.requests.length;
    const handle = await stet.run(makeFile());
    await expect.poll(() => server.requests.length, { timeout: 30_000, interval: 10 }).toBeGreaterThan(before);
    const [same] = (await stet.plan(makeFile())).tasks;
    expect(same).toMatchObject({
      reuse: 'none',
      waits_for: {
        run: handle.id,
        task: 'plain',
        stands: 'all',
        stage: 'solve',
        done: 0,
        total: rows,
        has_owner: true,
      },
      model_queries: { sent: 0, retried: 0, saved: rows },
    });
    const [rescored] = (await stet.plan(makeFile({ scorers: [looseScorer] }))).tasks;
    expect(rescored).toMatchObject({ waits_for: { run: handle.id, stands: 'outputs' }, model_queries: { sent: 0 } });
    for (const other of [{ generation: { temperature: 1 } }, { cachePolicy: 'update' }] as const) {
      const [task] = (await stet.plan(makeFile(other))).tasks;
      expect(task).toMatchObject({ waits_for: null, model_queries: { sent: rows } });
    }
    open();
    await handle.result();
    const [after] = (await stet.plan(makeFile())).tasks;
    expect(after).toMatchObject({ reuse: 'full', waits_for: null, source: { run: handle.id } });
  });
});

describe('a plan of what a run has left that nobody works on', () => {
  it('expects what is missing, which is what the run that takes it up then asks', async () => {
    let open: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const before = server.requests.length;
    server.setHandler(async (request) => {
      if (request.index > before) await gate;
      return answerWell(request);
    });
    const file = makeFile({ maxConcurrentRequests: 1 });
    const handle = await stet.run(file);
    await expect.poll(() => server.requests.length, { timeout: 30_000, interval: 10 }).toBe(before + 2);
    const drained = handle.drain();
    open();
    await drained;
    const sent = server.requests.length - before;
    const [task] = (await stet.plan(file)).tasks;
    expect(task).toMatchObject({
      reuse: 'none',
      waits_for: { run: handle.id, has_owner: false, stands: 'all', done: sent, total: rows },
      model_queries: { sent: rows - sent, saved: sent },
    });
    const taken = await stet.run(file);
    expect(taken.id).toBe(handle.id);
    await taken.result();
    expect(server.requests.length - before).toBe(rows);
  });
});

describe('the pages on planning and explaining', () => {
  it.each(['docs/plan.md', 'docs/explain.md'])('hold code that works: %s', async (name) => {
    const specifications = [{ key: 'answers', task_key: 'capital-qa', model_key: 'small' }];
    const file = makeFile({ specifications });
    await folder.write('run.yaml', JSON.stringify(file));
    await run(file);
    await run(file);
    const page = (await readPages()).find((candidate) => candidate.name === name);
    const blocks = listBlocks(page?.text ?? '', 'ts');
    expect(blocks).toHaveLength(1);
    for (const block of blocks) {
      const body = block.replace(/^import .*$/m, '').replaceAll('hours-07', 'c1');
      const printed: unknown[][] = [];
      const module = await folder.write(
        `${path.basename(name)}.mjs`,
        `export const work = async (openStet, console) => {${body}};`,
      );
      const { work } = (await import(pathToFileURL(module).href)) as {
        readonly work: (open: () => Promise<object>, console: object) => Promise<void>;
      };
      const open = async () =>
        new Proxy(stet, { get: (target, key) => (key === 'close' ? async () => {} : Reflect.get(target, key)) });
      await work(open, { log: (...values: unknown[]) => printed.push(values) });
      expect(printed.length).toBeGreaterThan(0);
    }
  });
});

describe('a store that is only asked', () => {
  it('keeps every byte of every file, whatever is planned and explained', async () => {
    const store = path.join(folder.path, 'asked');
    const local = await openStet({ store, workingDirectory: folder.path });
    const { run: id } = await (await local.run(makeFile())).result();
    await local.close();
    const opened = await openStet({ store, workingDirectory: folder.path });
    await opened.list(); // whoever opens it first brings what lies in the log into the database
    await opened.close();
    const sent = server.requests.length;
    const before = await readFiles(store);
    const asked = await openStet({ store, workingDirectory: folder.path });
    // Its digest is not known yet, and would be noted by a run.
    const data = fileURLToPath(new URL('../../examples/quickstart/questions.jsonl', import.meta.url));
    const other = makeFile({ scorers: [{ ...exactScorer, ground_truth: '{{ sample.expected }}' }] }) as unknown as {
      datasets: unknown;
    };
    other.datasets = [{ key: 'capitals', source: { type: 'local', file_path: data } }];
    const prompted = JSON.parse(JSON.stringify(other).replaceAll('sample.country', 'sample.question')) as RunFileInput;
    for (const source of [makeFile(), prompted, withAnswers(makeFile({ rows: rows + 1 }))]) await asked.plan(source);
    await asked.explain(id, { task: 'plain', sample: 'c1' });
    await asked.explainAgainst(prompted, id);
    await asked.close();
    expect(await readFiles(store)).toEqual(before);
    expect(server.requests).toHaveLength(sent);
  });
});

function withAnswers(file: RunFileInput): RunFileInput {
  return { ...file, reuse: { answers: 'all' } };
}

/** Digest of each file, by its path; of the log of the database not its index, which is but memory that processes share. */
async function readFiles(root: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('-shm'))
    .map((entry) => path.join(entry.parentPath, entry.name));
  const digests = await Promise.all(
    files.toSorted().map(async (file) => [
      path.relative(root, file),
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
    ]),
  );
  return Object.fromEntries(digests) as Readonly<Record<string, string>>;
}
