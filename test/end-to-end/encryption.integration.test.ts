import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunDocument } from '../../client/run-document.ts';
import { openStet } from '../../embedded/index.ts';
import { rekey } from '../../embedded/rekey-store.ts';
import type { RunFileInput } from '../../evaluation/spec/run-file.ts';
import { makeKeyText } from '../storage/encryption/make-keys.ts';
import { exactScorer, looseScorer, makeCapitalRun } from '../support/capital-run.ts';
import { findPlainText } from '../support/find-plain-text.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// A mark in whatever a store must not show: the prompt, the rows, the answers, an error, a scorer, an argument.
const marks = {
  prompt: 'MARK-OF-THE-PROMPT',
  row: 'Country 3',
  answer: 'MARK-OF-THE-ANSWER',
  error: 'MARK-OF-THE-ERROR',
  scorer: 'MARK-OF-THE-SCORER',
  argument: 'MARK-OF-AN-ARGUMENT',
};
const allMarks = Object.values(marks);
const keyText = makeKeyText('k1');
const encrypted = { ...process.env, STET_ENCRYPTION_KEYS: keyText };

let folder: TemporaryFolder;
let model: OpenAiTestServer;

beforeAll(async () => {
  folder = await makeTemporaryFolder();
  model = await startOpenAiTestServer({
    answer: ({ prompt }) =>
      prompt.includes('Country 5') ? { status: 400, content: marks.error } : `${marks.answer} to ${prompt}`,
  });
});
afterAll(async () => {
  await model?.close();
  await folder?.[Symbol.asyncDispose]();
});

function makeRun(scorers: readonly Record<string, unknown>[]): RunFileInput {
  return makeCapitalRun({
    baseUrl: model.baseUrl,
    rows: 8,
    systemPrompt: `Name the city only. ${marks.prompt}`,
    scorers,
    maxSampleErrors: 1,
  });
}

const scorers = [exactScorer, { ...looseScorer, text: marks.scorer }];
const otherScorers = [{ ...looseScorer, text: `${marks.scorer} ${marks.answer}` }];

/** The same work on a store: computed, found again, and scored otherwise. */
async function work(store: string, environment: NodeJS.ProcessEnv): Promise<readonly RunDocument[]> {
  const stet = await openStet({ store, environment, segmentSize: 3 });
  try {
    const documents: RunDocument[] = [];
    for (const list of [scorers, scorers, otherScorers]) {
      const run = await stet.run(makeRun(list), { arguments: ['run', '--set', marks.argument] });
      documents.push(await run.result());
    }
    return documents;
  } finally {
    await stet.close();
  }
}

function describe({ status, tasks }: RunDocument) {
  return {
    status,
    tasks: tasks.map(({ key, status: of, reuse, samples, metrics, result_digest, why, model_queries }) => ({
      key,
      of,
      reuse,
      samples,
      metrics,
      result_digest,
      why,
      model_queries,
    })),
  };
}

it('computes and reuses the same on an encrypted store as on a plain one, and shows nothing of it', async () => {
  const plainStore = path.join(folder.path, 'plain');
  const encryptedStore = path.join(folder.path, 'encrypted');
  const onPlain = await work(plainStore, process.env);
  const onEncrypted = await work(encryptedStore, encrypted);
  expect(onEncrypted.map(describe)).toEqual(onPlain.map(describe));
  expect(onPlain.map(({ tasks }) => tasks[0]?.reuse)).toEqual(['none', 'full', 'partial']);
  expect(onPlain[0]?.tasks[0]?.result_digest).toMatch(/^sha256:/);

  expect((await findPlainText(plainStore, allMarks)).some((file) => file.startsWith('store.db'))).toBe(true);
  expect(await findPlainText(encryptedStore, allMarks)).toEqual([]);

  // With another key nothing is opened, sent or mended; with the right one all of it is there.
  const asked = model.count();
  const other = await openStet({
    store: encryptedStore,
    environment: { ...process.env, STET_ENCRYPTION_KEYS: makeKeyText('k1') },
  });
  await expect(other.run(makeRun(scorers))).rejects.toMatchObject({ code: 'encryption-key-wrong' });
  await other.close();
  const again = await openStet({ store: encryptedStore, environment: encrypted });
  expect(await again.cache.verify()).toMatchObject({ sound: true });
  const { tasks } = await (await again.run(makeRun(scorers))).result();
  expect(tasks[0]?.reuse).toBe('full');
  await again.close();
  expect(model.count()).toBe(asked);

  // The plain one becomes an encrypted one, and keeps its results.
  expect(await rekey({ store: plainStore, environment: encrypted })).toMatchObject({ was: 'plain', unreadable: 0 });
  expect(await findPlainText(plainStore, allMarks)).toEqual([]);
  const rekeyed = await openStet({ store: plainStore, environment: encrypted });
  const kept = await (await rekeyed.run(makeRun(otherScorers))).result();
  expect(kept.tasks[0]).toMatchObject({ reuse: 'full', result_digest: onPlain[2]?.tasks[0]?.result_digest });
  await rekeyed.close();
  expect(model.count()).toBe(asked);
  expect(await findPlainText(plainStore, allMarks)).toEqual([]);
}, 180_000);
