import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'libsql';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { openStet, type RunDocument } from '../../embedded/index.ts';
import { answerCapital, makeCapitalRun } from '../support/capital-run.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import type { Acknowledgement } from '../support/power-loss/acknowledgement.ts';
import { listViolations } from '../support/power-loss/check-store.ts';
import { type CrashOptions, isLeftOut, listCrashes } from '../support/power-loss/crashes.ts';
import { Disk } from '../support/power-loss/disk.ts';
import type { Recording } from '../support/power-loss/operation-log.ts';
import { createRandom } from '../support/power-loss/random.ts';
import { createRecorder, listDifferences, storeName } from '../support/power-loss/recorder.ts';
import { stopWhileCopying } from '../support/power-loss/stop-while-copying.ts';
import { chooseSeed, survey } from '../support/power-loss/survey.ts';
import { waitForServerEnd } from '../support/power-loss/wait-for-server-end.ts';
import { makeImageFolder, writeImage } from '../support/power-loss/write-image.ts';
import { startCli } from '../support/run-cli.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { waitForRequests } from '../support/wait-for-requests.ts';

// Whole evaluations: what a power cut leaves of their store is verified, and the same command goes on from it.

const rows = 24;
const concurrency = 4;
/** Two evaluations one after the other, on a machine that has much else to do. */
const hookTimeoutMs = 180_000;
const seed = chooseSeed();
const random = createRandom(seed);
let images: string;
let tools: TemporaryFolder;
let runFile: string;
let model: OpenAiTestServer;
let copied: CopiedStore;

interface CopiedStore {
  /** Where its evaluation came to its end … */
  readonly store: string;
  /** … with this digest. */
  readonly digest: unknown;
  readonly copy: string;
  /** Queries that the model had got when it was copied. */
  readonly asked: number;
}

beforeAll(async () => {
  images = makeImageFolder();
  tools = await makeTemporaryFolder();
  model = await startOpenAiTestServer({ answer: ({ prompt }) => ({ content: answerCapital(prompt), delayMs: 3 }) });
  runFile = join(images, 'run.yaml');
  const run = makeCapitalRun({ baseUrl: model.baseUrl, rows, maxConcurrentRequests: concurrency });
  await writeFile(runFile, JSON.stringify(run));
  copied = await copyAtWork();
}, hookTimeoutMs);
afterAll(async () => {
  await model.close();
  await tools[Symbol.asyncDispose]();
  await rm(images, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }); // a server may still be ending
});

/** Runs the evaluation on a store, and says what the model was asked meanwhile. */
async function goOn(store: string): Promise<{ readonly document: RunDocument; readonly asked: readonly string[] }> {
  const askedBefore = model.count();
  const stet = await openStet({ store, workingDirectory: images });
  try {
    const document = await (await stet.run(runFile)).result();
    return { document, asked: model.requests.slice(askedBefore).map(({ prompt }) => prompt) };
  } finally {
    await stet.close();
  }
}

async function readDigest(store: string): Promise<unknown> {
  const stet = await openStet({ store, workingDirectory: images });
  const { tasks } = await stet.show('latest');
  await stet.close();
  return tasks[0]?.result_digest;
}

describe('an evaluation whose power is cut', () => {
  let recording: Recording<Acknowledgement> | undefined;
  let digest: unknown;
  let differences: readonly string[] = [];

  beforeAll(async () => {
    const recorder = await createRecorder(tools.path);
    if (recorder === undefined) return;
    const folder = join(images, 'recorded');
    await mkdir(folder);
    recording = await recorder.record('run-workload', { folder, arguments: [runFile, '6'] });
    await waitForServerEnd(join(folder, storeName));
    differences = await listDifferences(folder, recording);
    digest = await readDigest(join(folder, storeName));
  }, hookTimeoutMs);

  function getRecording({ skip }: TestContext): Recording<Acknowledgement> {
    return recording ?? skip('calls cannot be recorded here');
  }

  /** Position of the first or last acknowledgement of a kind. */
  function findPosition({ acknowledgements }: Recording<Acknowledgement>, kind: Acknowledgement['kind'], last = false) {
    const ofKind = acknowledgements.filter(({ acknowledgement }) => acknowledgement.kind === kind);
    const position = ofKind.at(last ? -1 : 0)?.position;
    if (position === undefined) throw new Error(`No ${kind} was acknowledged.`);
    return position;
  }

  /** Lays out the store as a power cut leaves it, and lists the samples whose answers it had acknowledged. */
  function cutPower(whole: Recording<Acknowledgement>, name: string, options: Omit<CrashOptions, 'count' | 'random'>) {
    const [crash] = listCrashes(whole, { ...options, count: 1, random });
    if (crash === undefined) throw new Error('The power was not cut.');
    writeImage(crash.image, join(images, name));
    const answered = crash.acknowledged.flatMap((each) => (each.kind === 'answer' ? [each.id.sampleIndex] : []));
    return { store: join(images, name, storeName), answered: new Set(answered) };
  }

  function listAskedAgain(asked: readonly string[], answered: ReadonlySet<number>): readonly string[] {
    return asked.filter((prompt) => answered.has(Number(/Country (\d+)/.exec(prompt)?.[1])));
  }

  it('keeps everything that its store acknowledged', async (context) => {
    const whole = getRecording(context);
    expect(differences).toEqual([]);
    expect(await survey(whole, { seed, images, count: 49 })).toEqual([]);
  });

  it("calls Temporal's database complete only once its tables are on the disk", (context) => {
    const { operations } = getRecording(context);
    const disk = new Disk(isLeftOut);
    const synced: string[] = [];
    for (const operation of operations) {
      if (operation.kind === 'sync-end') synced.push(disk.findPath(operation));
      if (operation.kind === 'write' && operation.data.includes('"isComplete": true')) break;
      disk.do(operation);
    }
    const files = ['temporal.db', 'temporal.db-wal'].map((name) => `${storeName}/temporal/${name}`);
    expect(synced).toEqual(expect.arrayContaining(files));
  });

  it("goes on where it was, also without Temporal's database, and asks nothing again that was answered", async (context) => {
    const whole = getRecording(context);
    const [from, to] = [findPosition(whole, 'answer'), findPosition(whole, 'segment')];
    const { store, answered } = cutPower(whole, 'temporal-lost', { from, to, cuts: ['mixed'] });
    const { document, asked } = await goOn(store);
    expect(document.status).toBe('completed');
    expect(document.tasks[0]?.result_digest).toBe(digest);
    expect(answered.size).toBeGreaterThan(0);
    expect(listAskedAgain(asked, answered)).toEqual([]);
  });

  it('goes on where it was when Temporal has forgotten it', async (context) => {
    const whole = getRecording(context);
    const [from, to] = [findPosition(whole, 'answer'), findPosition(whole, 'outcome', true)];
    const { store, answered } = cutPower(whole, 'temporal-behind', { from, to, cuts: ['only-synced'] });
    // Temporal does not sync its last transactions: after a power cut its database is in order, and older than the run.
    await rm(join(store, 'temporal'), { recursive: true, force: true });
    await cp(join(copied.store, 'temporal'), join(store, 'temporal'), { recursive: true });
    await pretendRestart(join(store, 'temporal', 'temporal.db.json'));
    const { document, asked } = await goOn(store);
    expect(document.status).toBe('completed');
    expect(document.tasks[0]?.result_digest).toBe(digest);
    expect(listAskedAgain(asked, answered)).toEqual([]);
  });

  it("asks nothing again once its result was published, also where Temporal's database has lost its tables", async (context) => {
    const whole = getRecording(context);
    const [from, to] = [findPosition(whole, 'published', true), findPosition(whole, 'run-ended', true)];
    const { store } = cutPower(whole, 'published', { from, to, cuts: ['torn'] });
    await mkdir(join(store, 'temporal'), { recursive: true });
    await cp(join(copied.store, 'temporal', 'temporal.db.json'), join(store, 'temporal', 'temporal.db.json'));
    makeEmptyDatabase(join(store, 'temporal', 'temporal.db'));
    const { document, asked } = await goOn(store);
    expect(document.status).toBe('completed');
    expect(document.tasks[0]?.result_digest).toBe(digest);
    expect(asked).toEqual([]);
  });
});

describe('a store that was copied while an evaluation was at work on it', () => {
  it('opens and verifies', async () => {
    const another = join(images, 'another-copy');
    await cp(copied.copy, another, { recursive: true });
    expect(await listViolations(another, [])).toEqual([]);
  });

  it('goes on where it was, and asks again at most what was in flight', async () => {
    const { document, asked } = await goOn(copied.copy);
    expect(document.status).toBe('completed');
    expect(document.tasks[0]?.result_digest).toBe(copied.digest);
    expect(asked.length).toBeLessThanOrEqual(rows - copied.asked + concurrency);
  });
});

/** Runs the evaluation with the command line and copies its store at some moment. */
async function copyAtWork(): Promise<CopiedStore> {
  const store = join(images, 'copied', storeName);
  const copy = join(images, 'copy');
  await mkdir(join(images, 'copied'));
  const started = startCli(['run', '-f', runFile, '--store', store], { cwd: images });
  await waitForRequests(model, 2 + random.upTo(12), started);
  await stopWhileCopying({ process: started.process, store, place: copy });
  const asked = model.count();
  const { code, stderr } = await started.ended;
  expect(code, stderr).toBe(0);
  await waitForServerEnd(store);
  return { store, copy, asked, digest: await readDigest(store) };
}

function makeEmptyDatabase(path: string): void {
  const database = new Database(path);
  database.exec('PRAGMA journal_mode = WAL');
  database.close();
}

/** The file that says in which start of the machine Temporal's database was last served. */
async function pretendRestart(stampFile: string): Promise<void> {
  const stamp = JSON.parse(await readFile(stampFile, 'utf8')) as Record<string, unknown>;
  await writeFile(stampFile, JSON.stringify({ ...stamp, machineMark: 'an earlier start of this machine' }));
}
