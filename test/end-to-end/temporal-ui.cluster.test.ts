import { mkdir, readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeEvaluationWorkflowId, makeTaskResultWorkflowId } from '../../contracts/ids.ts';
import { openStet, type RunHandle, type Stet } from '../../embedded/index.ts';
import { openStore } from '../../storage/index.ts';
import { makeGate } from '../activities/fake-models.ts';
import { openBrowser } from '../support/browser.ts';
import { answerCapital, makeCapitalRun } from '../support/capital-run.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// What an operator sees of a run at work in Temporal's own web pages, in a real browser.

const answered = 10;
/** Pages that are wanted as pictures: a folder. */
const pictures = process.env['STET_TEST_PICTURES'];

let server: OpenAiTestServer;
let folder: TemporaryFolder;
let stet: Stet;
let handle: RunHandle;
let browser: Browser;
let page: Page;
let pages: string;
let workflowIds: { readonly evaluation: string; readonly task: string };
const gate = makeGate();

beforeAll(async () => {
  let arrived = 0;
  server = await startOpenAiTestServer({
    async answer({ prompt }) {
      if (++arrived > answered) await gate.promise;
      return answerCapital(prompt);
    },
  });
  folder = await makeTemporaryFolder();
  const storeDirectory = `${folder.path}/.stet`;
  stet = await openStet({ store: storeDirectory, ui: true, segmentSize: 5, temporal: 'embedded' });
  handle = await stet.run(makeCapitalRun({ baseUrl: server.baseUrl, maxConcurrentRequests: 4 }));
  const record = JSON.parse(await readFile(`${storeDirectory}/temporal/server.json`, 'utf8')) as { uiPort: number };
  pages = `http://127.0.0.1:${record.uiPort}/namespaces/default/workflows`;
  const store = await openStore(storeDirectory);
  const storeId = await store.runs.getStoreId();
  const [task] = await store.results.listTaskResults(handle.id);
  await store.close();
  if (task === undefined) throw new Error('The run has no task.');
  workflowIds = {
    evaluation: makeEvaluationWorkflowId({ storeId, runId: handle.id }),
    task: makeTaskResultWorkflowId({ ...task, storeId, verdict: 'none' }),
  };
  browser = await openBrowser();
  page = await browser.newPage({ viewport: { width: 1_400, height: 1_000 } });
  page.setDefaultTimeout(45_000);
});

afterAll(async () => {
  gate.open();
  await browser?.close();
  await handle?.result();
  await stet?.close();
  await server?.close();
  await folder?.[Symbol.asyncDispose]();
});

/** Opens one tab of the page of a workflow. */
async function openTab(workflowId: string, tab: string): Promise<void> {
  await page.goto(`${pages}/${encodeURIComponent(workflowId)}`);
  await page
    .getByRole('tab', { name: tab })
    .or(page.getByRole('link', { name: tab }))
    .first()
    .click();
}

/** Markdown is shown in frames of its own. */
async function readText(): Promise<string> {
  const frames = page.frames().map((frame) =>
    frame
      .locator('body')
      .innerText({ timeout: 1_000 })
      .catch(() => ''),
  );
  return (await Promise.all(frames)).join('\n');
}

async function expectTexts(...texts: readonly RegExp[]): Promise<void> {
  for (const text of texts) await expect.poll(readText, { timeout: 45_000 }).toMatch(text);
}

async function takePicture(name: string): Promise<void> {
  if (pictures === undefined) return;
  await mkdir(pictures, { recursive: true });
  await page.screenshot({ path: `${pictures}/${name}.png` });
}

describe("Temporal's web pages", () => {
  it('show on the page of a run what it is, how far it has come, and what its tasks do', async () => {
    await openTab(workflowIds.evaluation, 'User Metadata');
    await expectTexts(/evaluation capitals-eval/, /1 task, 20 samples, policy/);
    await expectTexts(/10 of 20 samples solved/, /10 queries sent, 0 retried/, /tasks: 1 running/);
    await takePicture('evaluation');
  });

  it('show on the page of a task result its segments, and what those in progress do', async () => {
    await openTab(workflowIds.task, 'User Metadata');
    await expectTexts(/task plain/, /of 4 segments/);
    await takePicture('task-result');
    await openTab(workflowIds.task, 'Pending Activities');
    await expectTexts(/solveSegment/, /"stage": "solve"/, /"of": 5/);
    await takePicture('pending-activities');
    await openTab(workflowIds.task, 'Event History');
    await expectTexts(/solve segment \d of 4/, /decide under the lock/);
    await takePicture('event-history');
  });

  it('say that a run is paused', async () => {
    await stet.pause(handle.id);
    await openTab(workflowIds.evaluation, 'User Metadata');
    await expectTexts(/paused since .*: nothing new is sent/, /stet unpause/);
    await takePicture('paused');
    await stet.unpause(handle.id);
  });

  it('find a run by its search attributes', async () => {
    const search = async (query: string) => {
      await page.goto(`${pages}?query=${encodeURIComponent(query)}`);
    };
    await search("StetEvaluation = 'capitals-eval' AND StetStatus = 'running' AND WorkflowType = 'evaluationWorkflow'");
    await page.getByRole('link', { name: workflowIds.evaluation }).waitFor({ state: 'visible' });
    expect(await page.getByRole('link', { name: workflowIds.task }).count()).toBe(0);
    await takePicture('list');
    await search("StetModel = 'small' AND StetTask = 'plain' AND WorkflowType = 'taskResultWorkflow'");
    await page.getByRole('link', { name: workflowIds.task }).waitFor({ state: 'visible' });
    await search("StetEvaluation = 'another'");
    await expectTexts(/No Workflows/i);
  });
});
