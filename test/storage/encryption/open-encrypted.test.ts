import { afterEach, expect, it } from 'vitest';
import { openStore } from '../../../storage/open-store.ts';
import type { Store } from '../../../storage/store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { makeRun, makeTask, segmentOf } from '../conformance/samples.ts';
import { makeKeyText, makeRing } from './make-keys.ts';

const k1 = makeKeyText('k1');
const folders: TemporaryFolder[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await folder[Symbol.asyncDispose]();
});

async function makeDirectory(): Promise<string> {
  const folder = await makeTemporaryFolder();
  folders.push(folder);
  return `${folder.path}/.stet`;
}

async function make(directory: string, ...keys: readonly string[]): Promise<void> {
  await (await openStore(directory, keys.length === 0 ? {} : { keys: makeRing(...keys) })).close();
}

const open = (directory: string, ...keys: readonly string[]): Promise<Store> =>
  openStore(directory, keys.length === 0 ? {} : { keys: makeRing(...keys) });

it('makes a new store an encrypted one where keys are configured, and opens it with them only', async () => {
  const directory = await makeDirectory();
  await make(directory, k1);
  await expect(open(directory)).rejects.toMatchObject({
    code: 'encryption-key-missing',
    message: 'The store is encrypted with key "k1", and no key is configured.',
  });
  await expect(open(directory, makeKeyText('k2'))).rejects.toMatchObject({
    code: 'encryption-key-missing',
    message: 'The store is encrypted with key "k1", and the key configured is "k2".',
  });
  await make(directory, makeKeyText('k0'), k1);
});

it('tells a wrong key of the right name from a missing one', async () => {
  const directory = await makeDirectory();
  await make(directory, k1);
  await expect(open(directory, makeKeyText('k1'))).rejects.toMatchObject({ code: 'encryption-key-wrong' });
});

it('refuses keys on a plain store, and says how to encrypt it', async () => {
  const directory = await makeDirectory();
  await make(directory);
  await expect(open(directory, k1)).rejects.toMatchObject({
    code: 'store-not-encrypted',
    hint: expect.stringContaining('stet store rekey') as string,
  });
  await make(directory);
});

it('has the first of many that open a new store at once decide what it is', async () => {
  const directory = await makeDirectory();
  const opened = await Promise.allSettled([open(directory, k1), open(directory, k1), open(directory, k1)]);
  expect(opened.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
  for (const result of opened) if (result.status === 'fulfilled') await result.value.close();
});

it('refuses rows that were moved to another place', async () => {
  const directory = await makeDirectory();
  const store = await open(directory, k1);
  await store.runs.createRun(makeRun('run'), [makeTask('task')]);
  const segment = segmentOf('task');
  const answer = { trial: 0, scorerKey: '', modelKey: 'model', requestDigest: 'request', occurrence: 0 };
  const evidence = { started_at: '2020-01-01T00:00:00.000Z', duration_ms: 1, retries: [] };
  for (const sampleIndex of [0, 1]) {
    await store.journal.appendAnswer(segment, {
      ...answer,
      sampleIndex,
      answer: { output: `answer ${sampleIndex}`, evidence },
    });
  }
  const { default: Database } = await import('libsql');
  const database = new Database(`${directory}/store.db`);
  database.exec(
    'UPDATE journal_answers SET answer = (SELECT answer FROM journal_answers WHERE sample_index = 1) WHERE sample_index = 0',
  );
  database.close();
  await expect(store.journal.load(segment)).rejects.toMatchObject({
    code: 'store-damaged',
    message: 'A row of journal_answers cannot be read: its answer was changed, or written for another row.',
  });
  await store.close();
});

it('takes no plain text for a sealed one', async () => {
  const directory = await makeDirectory();
  const store = await open(directory, k1);
  await store.runs.createRun(makeRun('run'), [makeTask('task')]);
  const { default: Database } = await import('libsql');
  const database = new Database(`${directory}/store.db`);
  database.exec(`UPDATE runs SET origin = '{}'`);
  database.close();
  await expect(store.runs.getRun('run')).rejects.toMatchObject({ code: 'store-damaged' });
  await store.close();
});
