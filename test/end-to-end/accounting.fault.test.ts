import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openStet, type RunDocument } from '../../embedded/index.ts';
import { exactScorer, makeCapitalRun } from '../support/capital-run.ts';
import { startMeteredService } from '../support/metered-service.ts';
import { startCli } from '../support/run-cli.ts';
import { placeStore } from '../support/stores/place-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// What was sent before a command was killed, or a model given up, is in the accounts of the run.

const rows = 12;
const concurrency = 2;

vi.setConfig({ testTimeout: 120_000 });

let service: Awaited<ReturnType<typeof startMeteredService>>;
let folder: TemporaryFolder;

beforeEach(async () => {
  service = await startMeteredService();
  folder = await makeTemporaryFolder();
});

afterEach(async () => {
  await service.close();
  await folder[Symbol.asyncDispose]();
});

const makeRun = (model: Record<string, unknown> = {}) =>
  makeCapitalRun({
    baseUrl: service.baseUrl,
    rows,
    scorers: [exactScorer],
    maxConcurrentRequests: concurrency,
    model: { price: { input: 1, output: 2 }, ...model },
  });

async function finish(source: ReturnType<typeof makeRun>): Promise<RunDocument> {
  const stet = await openStet({ store: placeStore(`${folder.path}/.stet`), workingDirectory: folder.path });
  try {
    return await (await stet.run(source)).result();
  } finally {
    await stet.close();
  }
}

describe('the usage of a run', () => {
  it('whose command was killed and run again has every answer once, and all but what was in flight', async () => {
    await folder.write('run.yaml', makeRun());
    const release = service.holdAnswers(({ prompt }) => /Country ([6-9]|\d\d)\b/.test(prompt));
    const started = startCli(['run', '-f', 'run.yaml'], { cwd: folder.path });
    await service.waitForHeld(concurrency);
    started.process.kill('SIGKILL');
    await started.ended;
    release();
    const document = await finish(makeRun());
    const book = service.read()['small-1'];
    expect(document).toMatchObject({ status: 'completed', attempt: 1 });
    expect(document.usage).toMatchObject([
      {
        sent: {
          queries: rows,
          prompt_tokens: book.promptTokens - service.heldBook().promptTokens,
          completion_tokens: book.completionTokens - service.heldBook().completionTokens,
        },
        retried: { queries: 0 },
      },
    ]);
    expect(book.requests).toBe(rows + concurrency);
  });

  it('has the queries of a model that was given up, though none of them came to anything', async () => {
    service.setFaults(() => 503);
    const impatient = { ...makeRun({ max_retries: 0 }), limits: { outage_patience_s: 0 } };
    const document = await finish(impatient);
    expect(document).toMatchObject({ status: 'failed', tasks: [{ error: { code: 'model-unusable' } }] });
    const { requests } = service.read()['small-1'];
    const [entry] = document.usage ?? [];
    expect((entry?.sent.queries ?? 0) + (entry?.retried.queries ?? 0)).toBe(requests);
    expect(entry?.sent.cost_micros).toBe('0');
  });
});
