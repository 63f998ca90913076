import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStet, type RunDocument, type Stet } from '../../embedded/index.ts';
import { describeThisProcess } from '../../embedded/process-registry.ts';
import type { ProcessRecord } from '../../storage/run-log.ts';
import { exactScorer, looseScorer, makeCapitalRun } from '../support/capital-run.ts';
import { type HalfAnsweringModel, startHalfAnsweringModel } from '../support/half-answering-model.ts';
import { killServer, startKillableRuns } from '../support/killable-runs.ts';
import { openPlacedStore, placeStore } from '../support/stores/place-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// Half-done runs of every policy are killed with their server by `kill -9`. Whoever may go on with them does, sends what was
// in flight and nothing else twice; whoever may not, leaves them alone.

const rows = 24;
const concurrency = 4;

let model: HalfAnsweringModel;
let folder: TemporaryFolder;
let store: string;
let stet: Stet;
let notices: string[] = [];
/** Killed runs by the name of their file. */
const killed = new Map<string, string>();

const here = describeThisProcess('run');
const elsewhere = { host: 'container-4711', startMark: 'another boot pid:[1]|5' };
interface Owner {
  readonly isTakenUp: boolean;
  readonly record?: Partial<ProcessRecord>;
  /** Seconds since its last sign of life. */
  readonly silentForS?: number;
}
/** Owners that killed runs are given, and whether they are gone. */
const owners: readonly (readonly [string, Owner])[] = [
  ['a later process under the same pid', { record: { startMark: `${here.startMark}0` }, isTakenUp: true }],
  ['a process before the last start of this machine', { record: { startMark: 'another boot|5' }, isTakenUp: true }],
  ['silent for over a minute in another container', { record: elsewhere, silentForS: 61, isTakenUp: true }],
  ['giving signs of life in another container', { record: elsewhere, silentForS: 0, isTakenUp: false }],
  ['a live process of this machine', { isTakenUp: false }],
];
const nameOwned = (owner: string): string => `owned-${owners.findIndex(([one]) => one === owner)}`;

const names = ['reuse', 'update', 'no-cache', 'resumed', 'shared'];
const allNames = [...names, ...owners.map(([owner]) => nameOwned(owner))];

beforeAll(async () => {
  model = await startHalfAnsweringModel();
  folder = await makeTemporaryFolder();
  store = placeStore(path.join(folder.path, '.stet'));
  await write('reuse');
  await write('update', { cachePolicy: 'update' });
  await write('no-cache', { cachePolicy: 'no-cache' });
  await write('resumed', { cachePolicy: 'no-cache' });
  await write('shared');
  for (const [owner] of owners) await write(nameOwned(owner), { cachePolicy: 'no-cache' });
  await write('waiting', { baseUrl: model.atPath('shared'), scorers: [looseScorer] });
  await write('other', { rows: 6 });

  model.holdBackAfter(10);
  const runs = await startKillableRuns(store, allNames.map(fileOf));
  await model.untilHeld(allNames.length * concurrency);
  await runs.kill({ server: true });
  model.answerAll();
  allNames.forEach((name, index) => killed.set(name, runs.ids[index] ?? ''));
  stet = await openStet({ store, workingDirectory: folder.path, onNotice: (message) => notices.push(message) });
});

afterAll(async () => {
  await stet?.close();
  await model?.close();
  await folder?.[Symbol.asyncDispose]();
});

const fileOf = (name: string): string => path.join(folder.path, `${name}.json`);

async function write(name: string, options: object = {}): Promise<void> {
  const run = makeCapitalRun({
    baseUrl: model.atPath(name),
    rows,
    maxConcurrentRequests: concurrency,
    scorers: [exactScorer],
    ...options,
  });
  await folder.write(`${name}.json`, run);
}

/** What the models of that file were asked. */
function countSent(name: string): number {
  return model.requests.filter((request) => request.path.startsWith(`/v1/${name}/`)).length;
}

/** Runs `goOn` and expects it to send what the killed run had not sent, and once more what it had in flight. */
async function expectToGoOn(name: string, goOn: () => Promise<RunDocument>): Promise<RunDocument> {
  const id = killed.get(name) ?? '';
  const { tasks } = await stet.show(id);
  const answered = tasks[0]?.model_queries.sent ?? Number.NaN;
  const sentBefore = model.count();
  const document = await goOn();
  expect(document).toMatchObject({ run: id, status: 'completed', attempt: 1 });
  expect(document.tasks[0]?.metrics).toEqual({ accuracy: 22 / rows });
  expect(document.model_queries.sent).toBe(rows);
  expect(model.count() - sentBefore).toBe(rows - answered);
  return document;
}

describe('runs that were killed half-way', () => {
  it('were stopped with exactly their queries in flight unanswered', async () => {
    const { length: count } = allNames;
    expect(model.count()).toBe(count * (10 + concurrency));
    const shown = await Promise.all([...killed.values()].map((id) => stet.show(id)));
    expect(shown.map(({ status }) => status)).toEqual(allNames.map(() => 'running'));
    const answered = shown.reduce((sum, document) => sum + document.model_queries.sent, 0);
    expect(answered).toBe(count * 10);
  });

  it('are left alone by list, show, plan and a run of another file, which shares their server', async () => {
    const sent = model.count();
    await stet.plan(fileOf('reuse'));
    expect(await stet.list()).toMatchObject(allNames.map(() => ({ status: 'running', has_owner: false })));
    expect(model.count()).toBe(sent);
    const other = await (await stet.run(fileOf('other'))).result();
    expect(other.status).toBe('completed');
    expect(model.count() - sent).toBe(6);
    expect(countSent('other')).toBe(6);
    expect((await stet.list()).filter(({ status }) => status === 'running')).toHaveLength(allNames.length);
  });

  it.each(['reuse', 'update', 'no-cache'])('go on with the same command under the policy %s', async (name) => {
    await expectToGoOn(name, async () => {
      const handle = await stet.run(fileOf(name));
      expect(handle.attached).toBe(true);
      return handle.result();
    });
  });

  it('go on with resume, with the same result as the others and as one that nobody disturbed', async () => {
    const resumed = await expectToGoOn('resumed', async () =>
      (await stet.resume(killed.get('resumed') ?? '')).result(),
    );
    const undisturbed = await (await stet.run(fileOf('no-cache'))).result();
    const documents = await Promise.all(
      ['reuse', 'update', 'no-cache'].map((name) => stet.show(killed.get(name) ?? '')),
    );
    const digests = [resumed, undisturbed, ...documents].map(({ tasks }) => tasks[0]?.result_digest);
    expect(new Set(digests).size).toBe(1);
    expect(digests[0]).toMatch(/^sha256:/);
  });

  it('are taken up by a run that waits for the key they hold', async () => {
    notices = [];
    await expectToGoOn('shared', async () => {
      const waiting = await (await stet.run(fileOf('waiting'))).result();
      expect(waiting).toMatchObject({ status: 'completed', model_queries: { sent: 0 }, tasks: [{ reuse: 'partial' }] });
      return stet.show(killed.get('shared') ?? '');
    });
    expect(notices).toEqual([expect.stringContaining(`Taking up run ${killed.get('shared')}`)]);
  });
});

describe('a killed run whose recorded owner is', () => {
  it.each(owners)('%s', async (owner, { isTakenUp: isDead, record: changes, silentForS = 0 }) => {
    // A store in a database may be shared by machines that have a Temporal each: another's run is left to that one.
    const isShared = process.env['STET_TEST_STORE'] !== undefined;
    const isTakenUp = isDead && !(isShared && changes?.host !== undefined);
    const name = nameOwned(owner);
    const id = killed.get(name) ?? '';
    const opened = await openPlacedStore(store);
    const seenAt = new Date(Date.now() - 1_000 * silentForS).toISOString();
    const record = { ...here, ...changes, processId: randomUUID(), seenAt };
    await opened.runs.registerProcess(record);
    await opened.runs.takeRun(id, record.processId, () => false);
    try {
      const handle = await stet.run(fileOf(name));
      expect({ id: handle.id === id, attached: handle.attached }).toEqual({ id: isTakenUp, attached: isTakenUp });
      expect((await handle.result()).status).toBe('completed');
    } finally {
      await opened.runs.removeProcess(record.processId);
      await opened.close();
    }
  });
});

describe('a Temporal server that is killed under a run', () => {
  it('is started again, which is said once, and nothing is sent twice', async () => {
    await write('served');
    model.holdBackAfter(10);
    notices = [];
    const handle = await stet.run(fileOf('served'));
    await model.untilHeld(concurrency);
    await killServer(store);
    await expect.poll(() => notices, { timeout: 30_000 }).not.toEqual([]);
    model.answerAll();
    expect(await handle.result()).toMatchObject({ status: 'completed', model_queries: { sent: rows } });
    expect(countSent('served')).toBe(rows);
    expect(notices).toEqual(['The embedded Temporal server was gone and has been started again.']);
  });
});
