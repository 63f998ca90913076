import { readdir, utimes } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Digest, isDigest } from '../../contracts/digest.ts';
import { openStet, type RunDocument, type Stet, type TaskDocument } from '../../embedded/index.ts';
import type { Plan } from '../../evaluation/plan.ts';
import type { RunFileInput } from '../../evaluation/spec/run-file.ts';
import { readRowManifest } from '../../planning/datasets/row-manifest.ts';
import { listBlobsOfPlan, listBlobsOfRows } from '../../storage/blob-references.ts';
import { openStore } from '../../storage/open-store.ts';
import type { TaskResultRecord } from '../../storage/result-index.ts';
import { digestColumns } from '../../storage/sql/digest-columns.ts';
import { SqliteConnection } from '../../storage/sqlite/connection.ts';
import type { Store } from '../../storage/store.ts';
import {
  answerCapital,
  type CapitalRunOptions,
  looseScorer,
  makeCapitalRun,
  makeRows,
} from '../support/capital-run.ts';
import { type Harm, harmBlob, isSeenBySize } from '../support/harm-blob.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// What is stored comes to harm, in every way and of every kind, and the next run mends it: verdict, queries sent, warning,
// and a digest as if nothing had happened. A run has a task specification for every harm, and one that comes to none;
// different numbers of samples give them different keys, solver outputs and rows.

let server: OpenAiTestServer;
let folder: TemporaryFolder;
let stet: Stet;
let store: Store;
let storeDirectory: string;
let scenario = 0;

beforeAll(async () => {
  server = await startOpenAiTestServer({ answer: ({ prompt }) => answerCapital(prompt) });
  folder = await makeTemporaryFolder();
  storeDirectory = path.join(folder.path, '.stet');
  stet = await openStet({ store: storeDirectory, workingDirectory: folder.path });
  store = await openStore(storeDirectory);
  await folder.write(
    'capitals.jsonl',
    makeRows(20)
      .map((row) => JSON.stringify(row))
      .join('\n'),
  );
});

afterAll(async () => {
  await stet?.close();
  await store?.close();
  await server?.close();
  await folder?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  scenario++;
});

interface Case {
  readonly key: string;
  readonly piece: 'solve' | 'score' | 'manifest' | 'metrics' | 'rows' | 'row-manifest' | 'none';
  readonly harm: Harm;
}

function makeCases(piece: Case['piece'], ...harms: readonly Harm[]): readonly Case[] {
  return harms.map((harm) => ({ key: `${piece}-${harm}`, piece, harm }));
}

const untouched: Case = { key: 'untouched', piece: 'none', harm: 'lost' };

/** The place of a specification among the cases decides how many samples it has. */
const sizeOf = (cases: readonly Case[], { key }: Case) => 2 + cases.findIndex((each) => each.key === key);
const sumSizes = (cases: readonly Case[], counted: readonly Case[]) =>
  counted.reduce((sum, each) => sum + sizeOf(cases, each), 0);

function makeRun(cases: readonly Case[], options: Partial<CapitalRunOptions> = {}): RunFileInput {
  const specifications = cases.map((each) => ({
    key: each.key,
    task_key: 'capital-qa',
    model_key: 'small',
    num_samples: sizeOf(cases, each),
  }));
  const systemPrompt = `Scenario ${scenario}. Name the city only.`;
  const run = makeCapitalRun({ baseUrl: server.baseUrl, systemPrompt, specifications, ...options });
  return { ...run, datasets: [{ key: 'capitals', source: { type: 'local', file_path: 'capitals.jsonl' } }] };
}

interface Outcome {
  readonly run: string;
  readonly tasks: ReadonlyMap<string, TaskDocument>;
  readonly planWarnings: readonly string[];
  readonly sent: number;
}

async function perform(source: RunFileInput): Promise<Outcome> {
  const before = server.count();
  const handle = await stet.run(source);
  let planWarnings: readonly string[] = [];
  for await (const event of handle.events()) if (event.type === 'planned') planWarnings = event.plan.warnings;
  const document: RunDocument = await handle.result();
  expect(document.status).toBe('completed');
  return {
    run: document.run,
    tasks: new Map(document.tasks.map((task) => [task.key, task])),
    planWarnings,
    sent: server.count() - before,
  };
}

function verdicts({ tasks }: Outcome): Record<string, unknown> {
  return Object.fromEntries([...tasks].map(([key, { reuse }]) => [key, reuse]));
}

function expectVerdicts(
  outcome: Outcome,
  cases: readonly Case[],
  verdictOf: (each: Case) => TaskDocument['reuse'],
): void {
  expect(verdicts(outcome)).toEqual(Object.fromEntries(cases.map((each) => [each.key, verdictOf(each)])));
}

function digests({ tasks }: Outcome): Record<string, unknown> {
  return Object.fromEntries([...tasks].map(([key, task]) => [key, task.result_digest]));
}

async function harmResults(run: string, cases: readonly Case[]): Promise<void> {
  const plan = await readPlan(run);
  for (const result of await store.results.listTaskResults(run)) {
    const { piece, harm } = cases.find(({ key }) => key === result.key) ?? untouched;
    for (const digest of await findDigests(plan, result, piece)) await harmBlob(storeDirectory, digest, harm);
  }
}

async function findDigests(plan: Plan, result: TaskResultRecord, piece: Case['piece']): Promise<readonly Digest[]> {
  const rowManifest = plan.tasks.find(({ key }) => key === result.key)?.dataset.manifest;
  switch (piece) {
    case 'solve':
    case 'score':
      return (await store.results.listSegments(result.taskResultId, piece)).map(({ blob }) => blob.digest);
    case 'manifest':
    case 'metrics':
      return result[piece] === null ? [] : [result[piece].digest];
    case 'row-manifest':
      return rowManifest === undefined ? [] : [rowManifest];
    case 'rows': {
      if (rowManifest === undefined) return [];
      return listBlobsOfRows(await readRowManifest(store.content, rowManifest)).map(({ digest }) => digest);
    }
    case 'none':
      return [];
  }
}

async function readPlan(run: string): Promise<Plan> {
  const { plan } = await store.runs.getRun(run);
  return JSON.parse(new TextDecoder().decode(await store.content.get(plan))) as Plan;
}

async function countSamples(run: string, task: string): Promise<number> {
  let count = 0;
  for await (const sample of stet.samples(run, { task })) if (sample.solved !== null && sample.scored !== null) count++;
  return count;
}

const damageWarning = expect.stringMatching(/lost or damaged/) as unknown;

describe('results that came to harm', () => {
  const cases: readonly Case[] = [
    ...makeCases('solve', 'lost', 'truncated', 'folder', 'unreadable', 'flipped'),
    ...makeCases('score', 'lost', 'emptied', 'replaced', 'flipped'),
    ...makeCases('manifest', 'lost', 'flipped'),
    // Equal metrics are one blob; every tenth answer is wrong, so these are those of no other number of samples.
    ...makeCases('metrics', 'flipped'),
    untouched,
  ];
  /** What a look-up sees: of segments the sizes, manifest and metrics it reads. */
  const isSeen = ({ piece, harm }: Case) => isSeenBySize(harm) || piece === 'manifest' || piece === 'metrics';
  const verdictOf = ({ piece }: Case) => (piece === 'none' ? 'full' : piece === 'solve' ? 'none' : 'partial');

  it('are mended by the next run, of which others stand, and stay so', { timeout: 180_000 }, async () => {
    const first = await perform(makeRun(cases));
    expect(first.sent).toBe(sumSizes(cases, cases));
    await harmResults(first.run, cases);

    const second = await perform(makeRun(cases));
    expectVerdicts(second, cases, (each) => (isSeen(each) ? verdictOf(each) : 'full'));
    const solvedAnew = cases.filter((each) => each.piece === 'solve' && isSeen(each));
    expect(second.sent).toBe(sumSizes(cases, solvedAnew));
    for (const each of cases.filter((one) => isSeen(one) && one.piece !== 'none')) {
      expect(second.tasks.get(each.key)).toMatchObject({ warnings: [damageWarning], why: [{ category: 'damaged' }] });
    }
    expect(second.tasks.get('untouched')?.warnings).toEqual([]);
    expect(digests(second)).toEqual(digests(first));

    // What only reading shows: a verification reads it, or somebody who looks at a sample.
    await expect(countSamples(first.run, 'score-flipped')).rejects.toMatchObject({ code: 'blob-damaged' });
    const { sound, damaged } = await stet.cache.verify();
    expect(sound).toBe(false);
    const flipped = damaged.filter(({ concerns }) => concerns.some(({ task }) => task?.endsWith('-flipped')));
    const consequence = expect.stringContaining('computes it anew') as unknown;
    expect(flipped.find(({ piece }) => piece === 'solver-outputs')).toMatchObject({
      problem: 'damaged',
      consequence,
      concerns: [
        { run: first.run, task: 'solve-flipped', reusable: 'none' },
        { run: second.run, task: 'solve-flipped', reusable: null },
      ],
    });
    expect(damaged.flatMap(({ concerns }) => concerns.map(({ task }) => task))).not.toContain('untouched');

    const third = await perform(makeRun(cases));
    expectVerdicts(third, cases, (each) => (isSeen(each) ? 'full' : verdictOf(each)));
    expect(third.sent).toBe(sizeOf(cases, cases.find(({ key }) => key === 'solve-flipped') ?? untouched));
    expect(digests(third)).toEqual(digests(first));

    // A collection removes what was put aside and nothing that a look-up takes.
    await ageAllBlobs();
    await stet.cache.gc({ graceMs: 0 });
    const fourth = await perform(makeRun(cases));
    expectVerdicts(fourth, cases, () => 'full');
    expect(digests(fourth)).toEqual(digests(first));
  });
});

describe('data of a plan that came to harm', () => {
  it('is read and stored anew, with a warning: rows and the list of them', { timeout: 120_000 }, async () => {
    const cases = [
      ...makeCases('rows', 'lost', 'truncated', 'folder', 'flipped'),
      ...makeCases('row-manifest', 'lost', 'flipped'),
      untouched,
    ];
    const first = await perform(makeRun(cases));
    await harmResults(first.run, cases);
    // The rows are wanted again, by another scorer, which finds the solver outputs.
    const second = await perform(makeRun(cases, { scorers: [looseScorer] }));
    expectVerdicts(second, cases, () => 'partial');
    expect(second.sent).toBe(0);
    expect(second.planWarnings).toEqual([expect.stringContaining('Its stored rows are lost or damaged')]);
    for (const each of cases) expect(await countSamples(first.run, each.key)).toBe(sizeOf(cases, each));
    const third = await perform(makeRun(cases));
    expect(third).toMatchObject({ sent: 0, planWarnings: [] });
    expect(digests(third)).toEqual(digests(first));
  });

  it('is stored anew by the next run of the file: plan, recording and module', async () => {
    await folder.write('model.mjs', 'export async function ask() { return "Capital 0"; }\n');
    await folder.write('recording.jsonl', '{"content": "Capital 0"}\n');
    const models = [
      { key: 'recorded', config: { connection_type: 'recorded', file_path: 'recording.jsonl' } },
      { key: 'module', config: { connection_type: 'typescript', module: 'model.mjs', export: 'ask' } },
    ];
    const specifications = models.map(({ key }) => ({ key, task_key: 'capital-qa', model_key: key, num_samples: 3 }));
    const first = await perform(makeRun([], { models, specifications }));
    const { plan } = await store.runs.getRun(first.run);
    const pieces = listBlobsOfPlan(await readPlan(first.run)).filter(({ kind }) => kind !== 'row-manifest');
    expect(pieces.map(({ kind }) => kind).toSorted()).toEqual(['module', 'recording']);
    for (const { digest, kind } of pieces) {
      await harmBlob(storeDirectory, digest, kind === 'module' ? 'flipped' : 'unreadable');
    }
    await harmBlob(storeDirectory, plan, 'lost');
    // Under `update` both models are asked again, and have what they answer from.
    const again = await perform(makeRun([], { models, specifications, cachePolicy: 'update' }));
    expect(digests(again)).toEqual(digests(first));
    const reused = await perform(makeRun([], { models, specifications }));
    expect(verdicts(reused)).toEqual({ recorded: 'full', module: 'full' });
    expect(await countSamples(first.run, 'module')).toBe(3); // by the plan, which is back
  });
});

describe('a garbage collection beside an evaluation', () => {
  it('leaves it what it puts, although all of it had been lying around as garbage', async () => {
    const cases = makeCases('none', 'lost', 'flipped', 'folder');
    const first = await perform(makeRun(cases));
    await stet.cache.remove([first.run]);
    await ageAllBlobs();
    const running = perform(makeRun(cases));
    let isRunning = true;
    const collecting = (async () => {
      const freed: number[] = [];
      while (isRunning) freed.push((await stet.cache.gc()).blobs.count);
      return freed;
    })();
    const second = await running.finally(() => {
      isRunning = false;
    });
    expect((await collecting).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
    expectVerdicts(second, cases, () => 'none');
    expect(digests(second)).toEqual(digests(first));
    for (const each of cases) expect(await countSamples(second.run, each.key)).toBe(sizeOf(cases, each));
    expect((await stet.cache.verify()).damaged.flatMap(({ concerns }) => concerns).map(({ run }) => run)).not.toContain(
      second.run,
    );
  });
});

describe('a result that was taken out', () => {
  it('is computed anew, and the reason says so; its alias stays readable until it goes, too', async () => {
    const cases = [...makeCases('none', 'lost'), untouched];
    const first = await perform(makeRun(cases));
    const alias = await perform(makeRun(cases));
    const removed = await stet.cache.remove([`${first.run}/none-lost`]);
    expect(removed.stayed).toMatchObject([{ by: { run: alias.run, task: 'none-lost' }, what: 'everything' }]);
    const second = await perform(makeRun(cases));
    expect(verdicts(second)).toEqual({ 'none-lost': 'none', untouched: 'full' });
    expect(second.sent).toBe(2);
    expect(second.tasks.get('none-lost')?.why).toMatchObject([
      { category: 'status', sentence: expect.stringContaining('taken out') as unknown },
    ]);
    await stet.cache.gc({ graceMs: 0 });
    expect(await countSamples(alias.run, 'none-lost')).toBe(2);
    const { results } = await stet.cache.list({ task: 'none-lost' });
    const mine = results.filter(({ run }) => [first.run, second.run].includes(run));
    expect(mine.map(({ run, reusable }) => [run, reusable])).toEqual([
      [second.run, 'full'],
      [first.run, 'none'],
    ]);
    await stet.cache.remove([`${alias.run}/none-lost`], { purge: true });
    await stet.cache.gc({ graceMs: 0 });
    await expect(stet.cache.remove([`${first.run}/none-lost`])).rejects.toMatchObject({ code: 'usage' });
    expect(await countSamples(second.run, 'none-lost')).toBe(2);
  });
});

describe('the list of what refers to blobs', () => {
  it('is complete: every digest in the database is classified, and every blob that one of them names is kept', async () => {
    const connection = new SqliteConnection(path.join(storeDirectory, 'store.db'));
    const unclassified: string[] = [];
    const tables = connection
      .prepare<{ name: string }>(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
      .all([]);
    for (const { name: table } of tables) {
      for (const row of connection.prepare<Record<string, unknown>>(`SELECT * FROM ${table}`).all([])) {
        for (const [column, value] of Object.entries(row)) {
          const known: unknown = (digestColumns as Record<string, Record<string, unknown>>)[table]?.[column];
          if (known !== undefined) continue;
          for (const [digest] of String(value).matchAll(/sha256:[0-9a-f]{64}/g)) {
            const names = isDigest(digest) && (await store.content.findSize(digest)) !== undefined;
            if (names) unclassified.push(`${table}.${column}`);
          }
        }
      }
    }
    connection.close();
    expect(tables.length).toBeGreaterThan(8);
    expect([...new Set(unclassified)]).toEqual([]);
  });
});

/** As if everything had been written long ago. */
async function ageAllBlobs(): Promise<void> {
  for (const entry of await readdir(path.join(storeDirectory, 'blobs'), { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) await utimes(path.join(entry.parentPath, entry.name), 1_000, 1_000);
  }
}
