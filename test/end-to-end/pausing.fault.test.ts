import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStet } from '../../embedded/index.ts';
import { makeCapitalRun } from '../support/capital-run.ts';
import { type HalfAnsweringModel, startHalfAnsweringModel } from '../support/half-answering-model.ts';
import { startKillableRuns } from '../support/killable-runs.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { untilPaused } from '../support/until-paused.ts';

const rows = 24;
const concurrency = 4;
const answered = 10;

let model: HalfAnsweringModel;
let folder: TemporaryFolder;

beforeAll(async () => {
  model = await startHalfAnsweringModel();
  folder = await makeTemporaryFolder();
});

afterAll(async () => {
  await model?.close();
  await folder?.[Symbol.asyncDispose]();
});

describe('a paused run that is killed with its server', () => {
  it.each(['kept', 'lost'])(
    'is still paused when it is taken up, with the database of Temporal %s',
    { timeout: 120_000 },
    async (database) => {
      const store = path.join(folder.path, database);
      const run = makeCapitalRun({ baseUrl: model.atPath(database), rows, maxConcurrentRequests: concurrency });
      const file = await folder.write(`${database}.json`, run);
      const countSent = () => model.requests.filter((request) => request.path.includes(`/${database}/`)).length;
      model.holdBackAfter(answered);
      const runs = await startKillableRuns(store, [file]);
      const [id = ''] = runs.ids;
      await model.untilHeld(concurrency);
      {
        const other = await openStet({ store, workingDirectory: folder.path });
        expect((await other.pause(id)).paused_at).not.toBeNull();
        await untilPaused(store, id);
        await other.close();
      }
      await runs.kill({ server: true });
      model.answerAll();
      if (database === 'lost') await rm(path.join(store, 'temporal'), { recursive: true });
      expect(countSent()).toBe(answered + concurrency);

      const stet = await openStet({ store, workingDirectory: folder.path });
      try {
        const handle = await stet.run(file);
        expect(handle).toMatchObject({ id, attached: true });
        await untilPaused(store, id);
        expect(countSent()).toBe(answered + concurrency);
        await stet.unpause(id);
        expect(await handle.result()).toMatchObject({ status: 'completed', paused_at: null });
        // What was in flight is sent again, and nothing else.
        expect(countSent()).toBe(rows + concurrency);
      } finally {
        await stet.close();
      }
    },
  );
});
