import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, expect, it } from 'vitest';
import type { Digest } from '../../../contracts/digest.ts';
import { rekey } from '../../../embedded/rekey-store.ts';
import { columnContents } from '../../../storage/encryption/column-contents.ts';
import { openStore } from '../../../storage/open-store.ts';
import type { Store } from '../../../storage/store.ts';
import { findPlainText } from '../../support/find-plain-text.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { makeJournalAnswer, makeProcess, makeRun, makeTask, segmentOf } from '../conformance/samples.ts';
import { pathOf } from '../open-temporary-store.ts';
import { makeKeyText, makeRing } from './make-keys.ts';
import { fillWithMarks, leaveLeftovers, mark, readMarks } from './marked-store.ts';

const [k1, k2] = [makeKeyText('k1'), makeKeyText('k2')];
const open = new Set<Store>();

afterEach(async () => {
  for (const store of open) await store.close();
  open.clear();
});

async function openWith(directory: string, ...keys: readonly string[]): Promise<Store> {
  const store = await openStore(directory, keys.length === 0 ? {} : { keys: makeRing(...keys) });
  open.add(store);
  return store;
}

async function close(store: Store): Promise<void> {
  open.delete(store);
  await store.close();
}

/** Of every column that is classified as content, by `table.column`. */
function mapContent<T>(map: (table: string, column: string) => T): Record<string, T> {
  return Object.fromEntries(
    Object.entries(columnContents).flatMap(([table, columns]) =>
      Object.entries(columns).flatMap(([column, content]) =>
        content === 'content' ? [[`${table}.${column}`, map(table, column)]] : [],
      ),
    ),
  );
}

/** Whether there is a text of such a form in each of these columns. */
function findTexts(directory: string, pattern: string): Record<string, boolean> {
  const database = new Database(join(directory, 'store.db'));
  const found = mapContent((table, column) => {
    const rows = database.prepare(`SELECT 1 FROM ${table} WHERE ${column} LIKE '${pattern}' LIMIT 1`).all();
    return rows.length > 0;
  });
  database.close();
  return found;
}

const rekeyWith = (store: string, ...keys: readonly string[]) =>
  rekey({ store, environment: { STET_ENCRYPTION_KEYS: keys.join(',') } });

it('encrypts a plain store: everything is read as before, and no plain text is left anywhere in its directory', async () => {
  await using folder = await makeTemporaryFolder();
  const directory = join(folder.path, '.stet');
  const plain = await openWith(directory);
  const marked = await fillWithMarks(plain);
  const before = await readMarks(plain, marked);
  await close(plain);
  await leaveLeftovers(directory, marked);
  expect(findTexts(directory, `%${mark}%`)).toEqual(mapContent(() => true));
  expect((await findPlainText(directory, [mark])).length).toBeGreaterThan(10);

  expect(await rekeyWith(directory, k1)).toMatchObject({
    was: 'plain',
    key: 'k1',
    retiredKeys: [],
    blobs: { count: 12 },
    unreadable: 0,
    leftovers: 2,
  });
  expect(await findPlainText(directory, [mark])).toEqual([]);
  expect(findTexts(directory, 'sealed:%')).toEqual(mapContent(() => true));
  await expect(openStore(directory)).rejects.toMatchObject({ code: 'encryption-key-missing' });
  const encrypted = await openWith(directory, k1);
  expect(await readMarks(encrypted, marked)).toEqual(before);
  // What is written from now on is sealed as well, also while it lies in the log of the database.
  await encrypted.content.put(Buffer.from(`${mark} written later`));
  await encrypted.results.addWarnings('task', [`${mark} added later`]);
  expect(await findPlainText(directory, [mark])).toEqual([]);
});

it('changes keys beside open stores; afterwards the old key is not needed, and blobs have their names', async () => {
  await using folder = await makeTemporaryFolder();
  const directory = join(folder.path, '.stet');
  const store = await openWith(directory, k1, k2);
  const marked = await fillWithMarks(store);
  const before = await readMarks(store, marked);
  const names = [...marked.blobs.keys()].map((digest) => store.blobs.nameOf(digest));

  expect(await rekeyWith(directory, k2, k1)).toMatchObject({
    was: 'encrypted',
    key: 'k2',
    retiredKeys: ['k1'],
    blobs: { count: 12 },
    unreadable: 0,
  });
  // It has been open all the time, and writes with the new key from now on.
  expect(await readMarks(store, marked)).toEqual(before);
  await store.results.addWarnings('task', ['written by a process that was open']);
  const late = await store.content.put(Buffer.from('put by a process that was open'));
  await close(store);

  const reopened = await openWith(directory, k2);
  expect(await readMarks(reopened, marked)).toMatchObject({
    tasks: [{ warnings: [mark, 'written by a process that was open'] }, {}],
  });
  expect(Buffer.from(await reopened.content.get(late.digest)).toString()).toBe('put by a process that was open');
  expect([...marked.blobs.keys()].map((digest) => reopened.blobs.nameOf(digest))).toEqual(names);
  expect(await findPlainText(directory, [mark])).toEqual([]);
  await expect(openStore(directory, { keys: makeRing(k1) })).rejects.toMatchObject({ code: 'encryption-key-missing' });
});

it('loses nothing that is written while keys change', async () => {
  await using folder = await makeTemporaryFolder();
  const directory = join(folder.path, '.stet');
  const first = await openWith(directory, k1, k2);
  await first.runs.createRun(makeRun('run'), [makeTask('task')]);
  const writers = [first, await openWith(directory, k1, k2), await openWith(directory, k2, k1)];
  const stored = new Map<Digest, string>();
  for (let index = 0; index < 40; index++) {
    stored.set((await first.content.put(Buffer.from(`old ${index}`))).digest, `old ${index}`);
  }
  const answered: number[] = [];
  let isRekeyed = false;
  let begin = (): void => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  let next = 0;
  const write = async (store: Store): Promise<void> => {
    // Some before, some beside, some after it.
    for (let after = 0; after < 5; after += isRekeyed ? 1 : 0) {
      const index = next++;
      const text = `blob ${index}`;
      const { digest } = await store.content.put(Buffer.from(text));
      stored.set(digest, text);
      await store.journal.appendAnswer(segmentOf('task'), makeJournalAnswer(text, { sampleIndex: index }));
      if (answered.push(index) === 6) begin();
    }
  };
  const rotate = async (): Promise<void> => {
    await begun;
    await rekeyWith(directory, k2, k1);
    isRekeyed = true;
  };
  await Promise.all([...writers.map(write), rotate()]);
  for (const store of writers) await close(store);
  expect(answered.length).toBeGreaterThan(20);

  const reopened = await openWith(directory, k2);
  for (const [digest, text] of stored) {
    expect(Buffer.from(await reopened.content.get(digest)).toString()).toBe(text);
  }
  const { answers } = await reopened.journal.load(segmentOf('task'));
  expect(answers.map(({ sampleIndex }) => sampleIndex)).toEqual(answered.toSorted((left, right) => left - right));
});

it('has a process that lacks the new key say so, taking nothing for lost', async () => {
  await using folder = await makeTemporaryFolder();
  const directory = join(folder.path, '.stet');
  const store = await openWith(directory, k1);
  const marked = await fillWithMarks(store);
  const [digest] = marked.blobs.keys();
  if (digest === undefined) throw new Error('no blob');
  const name = store.blobs.nameOf(digest);
  await rekeyWith(directory, k2, k1);

  const missing = { code: 'encryption-key-missing' };
  await expect(store.content.get(digest)).rejects.toMatchObject(missing);
  await expect(store.content.put(Buffer.from('more'))).rejects.toMatchObject(missing);
  await expect(store.runs.getRun('run')).rejects.toMatchObject(missing);
  await expect(store.results.addWarnings('task', ['more'])).rejects.toMatchObject(missing);
  await expect(store.housekeeping.verify()).rejects.toMatchObject(missing);
  const reopened = await openWith(directory, k2);
  expect(await reopened.blobs.find(name)).toBeDefined();
  expect(Buffer.from(await reopened.content.get(digest)).toString()).toBe(marked.blobs.get(digest));
});

it('takes a blob of which a bit was changed, or that lies under the name of another, for damaged', async () => {
  await using folder = await makeTemporaryFolder();
  const directory = join(folder.path, '.stet');
  const store = await openWith(directory, k1);
  const put = async (text: string) => (await store.content.put(Buffer.from(text))).digest;
  const pathOfBlob = (digest: Parameters<typeof store.blobs.nameOf>[0]) =>
    pathOf(directory, `sha256:${store.blobs.nameOf(digest)}`);
  const [first, second, third] = [await put('first'), await put('second'), await put('third')];
  await rename(pathOfBlob(first), pathOfBlob(second));
  // In the name of the key: a key that the store has never had is not a key that is missing.
  const stored = await store.blobs.readStored(store.blobs.nameOf(third));
  const changed = Buffer.from(stored ?? []);
  changed[5] = (changed[5] ?? 0) ^ 1;
  await writeFile(pathOfBlob(third), changed);

  await expect(store.content.get(second)).rejects.toMatchObject({ code: 'blob-damaged' });
  await expect(store.content.get(third)).rejects.toMatchObject({ code: 'blob-damaged' });
  expect(await put('third')).toBe(third);
  expect(Buffer.from(await store.content.get(third)).toString()).toBe('third');
});

it('encrypts no plain store that somebody is at work on, and stops who opened it before', async () => {
  await using folder = await makeTemporaryFolder();
  const directory = join(folder.path, '.stet');
  const store = await openWith(directory);
  await store.runs.registerProcess({ ...makeProcess('worker'), host: 'elsewhere', seenAt: new Date().toISOString() });
  await expect(rekeyWith(directory, k1)).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringContaining('run (pid 4711 on elsewhere)') as string,
  });
  await store.runs.removeProcess('worker');
  await rekeyWith(directory, k1);
  await expect(store.runs.registerProcess(makeProcess('late'))).rejects.toMatchObject({
    code: 'encryption-key-missing',
  });
});

it('asks for a key, and for a store', async () => {
  await using folder = await makeTemporaryFolder();
  const directory = join(folder.path, '.stet');
  await expect(rekeyWith(directory, k1)).rejects.toMatchObject({ code: 'usage' });
  await close(await openWith(directory));
  await expect(rekey({ store: directory, environment: {} })).rejects.toMatchObject({ code: 'usage' });
});

it('has nothing to do the second time', async () => {
  await using folder = await makeTemporaryFolder();
  const directory = join(folder.path, '.stet');
  const store = await openWith(directory, k1);
  await fillWithMarks(store);
  expect(await rekeyWith(directory, k1)).toMatchObject({ was: 'encrypted', texts: 0, blobs: { count: 0 } });
});
