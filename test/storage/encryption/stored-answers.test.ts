import { join } from 'node:path';
import Database from 'libsql';
import { expect, it } from 'vitest';
import { rekey } from '../../../embedded/rekey-store.ts';
import type { KeyRing } from '../../../storage/encryption/key-ring.ts';
import { openStore } from '../../../storage/open-store.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { completeTask, digestOf, makeRun, makeTask } from '../conformance/samples.ts';
import { makeKeyText, makeRing } from './make-keys.ts';

const key = digestOf('a request that somebody may guess');

async function listAnswer(directory: string, keys?: KeyRing): Promise<void> {
  const store = await openStore(directory, keys === undefined ? {} : { keys });
  await store.runs.createRun(makeRun('run'), [makeTask('task')]);
  await completeTask(store, 'task');
  await store.answers.listAnswers('task', [{ key, stage: 'solve', segmentIndex: 0, sampleIndex: 0, scorerKey: '' }]);
  await store.answers.finishListing('task', 'solve');
  expect((await store.answers.findAnswers('solve', [key])).size).toBe(1);
  await store.close();
}

function readKeys(directory: string): readonly string[] {
  const database = new Database(join(directory, 'store.db'));
  const rows = database.prepare('SELECT answer_key FROM stored_answers').all() as { answer_key: string }[];
  database.close();
  return rows.map((row) => row.answer_key);
}

it('keys the index of single answers in an encrypted store, each store otherwise', async () => {
  await using folder = await makeTemporaryFolder();
  const [plain, one, other] = ['plain', 'one', 'other'].map((name) => join(folder.path, name)) as [
    string,
    string,
    string,
  ];
  const ring = makeRing(makeKeyText('k1'));
  await listAnswer(plain);
  await listAnswer(one, ring);
  await listAnswer(other, ring);
  const [plainKey, ...hidden] = [plain, one, other].flatMap(readKeys);
  expect(key).toContain(plainKey);
  for (const hiddenKey of hidden) expect(key).not.toContain(hiddenKey);
  expect(new Set(hidden).size).toBe(2);
});

it('forgets the plain index when a store is encrypted, and makes it again when answers are looked for', async () => {
  await using folder = await makeTemporaryFolder();
  const directory = join(folder.path, '.stet');
  await listAnswer(directory);
  const keyText = makeKeyText('k1');
  await rekey({ store: directory, environment: { STET_ENCRYPTION_KEYS: keyText } });
  expect(readKeys(directory)).toEqual([]);
  const store = await openStore(directory, { keys: makeRing(keyText) });
  const [source] = await store.answers.findSources({ exceptRunId: undefined, limit: 1 });
  expect(source?.listed).toEqual(new Set());
  await store.close();
});
