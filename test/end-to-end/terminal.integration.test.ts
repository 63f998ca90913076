import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openStet, type Stet } from '../../embedded/index.ts';
import { answerCapital, makeCapitalRun } from '../support/capital-run.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { runCli } from '../support/run-cli.ts';
import { type Dialogue, runInTerminal } from '../support/run-in-terminal.ts';
import { runTool } from '../support/run-tool.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// The command line on a real terminal: a question, its answers, and what the keys mean.

const rows = 10;
const question = 'or start a new run (10)? [R/n] ';
const hasPython = await runTool('python3', ['--version'], { cwd: process.cwd() }).then(
  ({ code }) => code === 0,
  () => false,
);

let server: OpenAiTestServer;
let folder: TemporaryFolder;
let stet: Stet;
let scenario = 0;
let failedRun: string;

beforeAll(async () => {
  server = await startOpenAiTestServer();
  folder = await makeTemporaryFolder();
  stet = await openStet({ store: `${folder.path}/.stet`, workingDirectory: folder.path });
});

afterAll(async () => {
  await stet?.close();
  await server?.close();
  await folder?.[Symbol.asyncDispose]();
});

/** A failed run of the file that is about to be run: two of its ten answers are missing. */
beforeEach(async () => {
  scenario++;
  await folder.write(
    'run.yaml',
    makeCapitalRun({ baseUrl: server.baseUrl, rows, systemPrompt: `Asked ${scenario}. Name the city only.` }),
  );
  server.setHandler(({ prompt }) =>
    /Country (3|7)\?/.test(prompt) ? { status: 400, content: 'no' } : answerCapital(prompt),
  );
  failedRun = (await (await stet.run('run.yaml')).result()).run;
  server.setHandler(({ prompt }) => answerCapital(prompt));
});

async function answer(dialogue: Dialogue) {
  const before = server.count();
  const { code, shown } = await runInTerminal(['run', '-f', 'run.yaml'], { cwd: folder.path, dialogue });
  const [latest] = await stet.list({ limit: 1 });
  return { code, shown, sent: server.count() - before, latest };
}

describe.skipIf(!hasPython)('run on a terminal, of a plan whose newest run has failed', () => {
  it('says what is there and asks; Enter resumes', async () => {
    const { code, shown, sent, latest } = await answer([[question, '\n']]);
    expect(code, shown).toBe(0);
    const id = failedRun.slice(0, 8);
    expect(shown).toMatch(new RegExp(`run ${id} of this plan failed .*, with 8 of 10 answers finished\\.`));
    expect(shown).toContain('goes on, attempt 2: 8 of 10 answers stand, 2 queries to send.');
    expect(sent).toBe(2);
    expect(latest).toMatchObject({ run: failedRun, status: 'completed' });
  });

  it('asks again for what is no answer; n starts a new run', async () => {
    const { code, shown, sent, latest } = await answer([
      [question, 'maybe\n'],
      [question, 'n\n'],
    ]);
    expect(code, shown).toBe(0);
    expect(sent).toBe(rows);
    expect(latest?.run).not.toBe(failedRun);
    expect((await stet.show(failedRun)).status).toBe('failed');
  });

  it('starts nothing on Ctrl-C, and exits with 130', async () => {
    const { code, shown, sent, latest } = await answer([[question, '\u0003']]);
    expect(code, shown).toBe(130);
    expect(sent).toBe(0);
    expect(latest).toMatchObject({ run: failedRun, status: 'failed' });
  });

  it('starts nothing on Ctrl-D, and exits with 2', async () => {
    const { code, shown, sent, latest } = await answer([[question, '\u0004']]);
    expect(code, shown).toBe(2);
    expect(shown).toContain('There was no answer; nothing was started.');
    expect(sent).toBe(0);
    expect(latest).toMatchObject({ run: failedRun, status: 'failed' });
  });

  it('starts nothing when the terminal is closed, and exits with 129', async () => {
    const { code, sent, latest } = await answer([[question, null]]);
    expect(code).toBe(129);
    expect(sent).toBe(0);
    expect(latest).toMatchObject({ run: failedRun, status: 'failed' });
  });

  it('leaves the run open when the terminal is closed while it works, and exits with 129', async () => {
    server.setHandler(() => ({ status: 503, headers: { 'retry-after': '600' } }));
    const { code, latest } = await answer([
      [question, 'r\n'],
      ['goes on, attempt 2', null],
    ]);
    expect(latest).toMatchObject({ run: failedRun, has_owner: false });
    expect(['pending', 'running']).toContain(latest?.status);
    expect(code).toBe(129);
  });
});

describe('run where nobody is at a terminal', () => {
  it('starts anew and says what that forgoes', async () => {
    const before = server.count();
    const { code, stdout, stderr } = await runCli(['run', '-f', 'run.yaml'], { cwd: folder.path });
    expect(code, stderr).toBe(0);
    const id = failedRun.slice(0, 8);
    expect(stderr).toMatch(new RegExp(`stet resume ${id}\`, or --resume here, would send 2 queries in place of 10\\.`));
    expect(stdout).toContain('started.');
    expect(server.count() - before).toBe(rows);
  });
});
