import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { searchAttributes } from '../../contracts/search-attributes.ts';
import { openStet, type Stet } from '../../embedded/index.ts';
import { answerCapital, looseScorer, makeCapitalRun } from '../support/capital-run.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { connectStoreTemporal, type StoreTemporal } from '../support/store-temporal.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const page = await readFile(new URL('../../docs/monitoring.md', import.meta.url), 'utf8');

let server: OpenAiTestServer;
let folder: TemporaryFolder;
let stet: Stet;
let temporal: StoreTemporal;

/** A run that completed, one that was partly and one that was fully reused, and one that failed. */
beforeAll(async () => {
  server = await startOpenAiTestServer({ answer: ({ prompt }) => answerCapital(prompt) });
  folder = await makeTemporaryFolder();
  stet = await openStet({ store: `${folder.path}/.stet`, workingDirectory: folder.path });
  const options = { baseUrl: server.baseUrl, rows: 3 };
  await complete(makeCapitalRun(options));
  await complete(makeCapitalRun({ ...options, scorers: [looseScorer] }));
  await complete(makeCapitalRun(options));
  server.setHandler(() => ({ status: 400, content: 'no' }));
  await complete(makeCapitalRun({ ...options, systemPrompt: 'Refuse.' }));
  temporal = await connectStoreTemporal(`${folder.path}/.stet`);
});

afterAll(async () => {
  await temporal?.[Symbol.asyncDispose]();
  await stet?.close();
  await server?.close();
  await folder?.[Symbol.asyncDispose]();
});

async function complete(run: Parameters<Stet['run']>[0]): Promise<void> {
  await (await stet.run(run)).result();
}

/** Lists lag behind. */
async function expectCount(query: string, count: number): Promise<void> {
  await expect.poll(async () => (await temporal.client.workflow.count(query)).count, { timeout: 20_000 }).toBe(count);
}

describe('saved queries of the page', () => {
  const [block = ''] = /```sql\n([\s\S]*?)```/.exec(page)?.slice(1) ?? [];
  const queries = block
    .split('\n\n')
    .map((entry) => entry.trim().split('\n'))
    .map(([title = '', ...query]) => [title.replace(/^-- /, ''), query.join(' ')] as const);

  it('are found', () => {
    expect(queries.length).toBeGreaterThan(6);
  });

  it.each(queries)('are understood by a server: %s', async (_title, query) => {
    const { count } = await temporal.client.workflow.count(query);
    expect(count).toBeGreaterThanOrEqual(0);
  });

  it('find what they say', async () => {
    const [, failed = ''] = queries.find(([title]) => title.includes('failed')) ?? [];
    await expectCount(failed, 1);
    const [, errors = ''] = queries.find(([title]) => title.includes('errors')) ?? [];
    await expectCount(errors, 1);
    const [, none = ''] = queries.find(([title]) => title.includes('everything')) ?? [];
    await expectCount(none, 2);
  });
});

describe('search attributes', () => {
  it('of the page are those that servers are set up with', () => {
    const documented = [...page.matchAll(/^\| `(Stet\w+)` +\| (\w+) /gm)].map(([, name, type]) => [
      name,
      type?.toUpperCase(),
    ]);
    expect(Object.fromEntries(documented)).toEqual(searchAttributes);
  });

  it('tell runs and task results apart by what became of them', async () => {
    const runs = "WorkflowType = 'evaluationWorkflow'";
    const tasks = "WorkflowType = 'taskResultWorkflow'";
    await expectCount(`${runs} AND StetStatus = 'completed' AND StetTrigger = 'command' AND StetPolicy = 'reuse'`, 3);
    for (const [reuse, count] of [
      ['none', 2],
      ['partial', 1],
      ['full', 1],
    ] as const) {
      await expectCount(`${runs} AND StetReuse = '${reuse}' AND StetEvaluation = 'capitals-eval'`, count);
    }
    await expectCount(`${tasks} AND StetReuse = 'partial' AND StetErrors = 0 AND StetStatus = 'completed'`, 1);
    await expectCount(`${tasks} AND StetModel = 'small' AND StetTask = 'plain' AND StetSamples = 3`, 3);
    await expectCount(`${runs} AND StetErrors = 3 AND StetStatus = 'failed'`, 1);
    expect((await temporal.client.workflow.count("StetStatus = 'running'")).count).toBe(0);
  });
});
