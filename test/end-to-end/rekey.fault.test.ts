import path from 'node:path';
import { expect, it } from 'vitest';
import { openStet } from '../../embedded/index.ts';
import { rekey } from '../../embedded/rekey-store.ts';
import { makeKeyText } from '../storage/encryption/make-keys.ts';
import { answerCapital, makeCapitalRun } from '../support/capital-run.ts';
import { startOpenAiTestServer } from '../support/openai-test-server.ts';
import { startCli } from '../support/run-cli.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { waitForRequests } from '../support/wait-for-requests.ts';

const rows = 12;
const [k1, k2] = [makeKeyText('k1'), makeKeyText('k2')];
const withKeys = (...keys: readonly string[]) => ({ STET_ENCRYPTION_KEYS: keys.join(',') });

it('leaves a run open whose process was not given the new key, and goes on with every answer that is stored', async () => {
  await using folder = await makeTemporaryFolder();
  const store = path.join(folder.path, '.stet');
  // The first three answers come at once, the others when keys have changed.
  let release = (): void => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await using model = await startOpenAiTestServer({
    answer: async ({ prompt, index }) => {
      if (index >= 3) await released;
      return answerCapital(prompt);
    },
  });
  const run = makeCapitalRun({ baseUrl: model.baseUrl, rows, maxConcurrentRequests: 1 });
  await folder.write('run.json', run);

  const command = startCli(['run', '-f', 'run.json', '--store', store], {
    cwd: folder.path,
    environment: withKeys(k1),
  });
  await waitForRequests(model, 4, command);
  expect(await rekey({ store, environment: withKeys(k2, k1) })).toMatchObject({ key: 'k2', retiredKeys: ['k1'] });
  release();
  const { code, stderr } = await command.ended;
  expect(code).toBe(2);
  expect(stderr).toContain('The store is encrypted with key "k2", and the key configured is "k1".');

  const stet = await openStet({
    store,
    environment: { ...process.env, ...withKeys(k2) },
    workingDirectory: folder.path,
  });
  const continued = await stet.run(path.join(folder.path, 'run.json'));
  expect(continued.attached).toBe(true);
  expect(await continued.result()).toMatchObject({
    status: 'completed',
    tasks: [{ samples: { total: rows, errors: 0 } }],
  });
  await stet.close();
  // Sent twice: at most what was in flight.
  expect(model.count()).toBeLessThanOrEqual(rows + 1);
}, 180_000);
