import path from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'libsql';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openStet, type RunDocument } from '../../embedded/index.ts';
import { openStore } from '../../storage/index.ts';
import { answerCapital, exactScorer, makeCapitalRun } from '../support/capital-run.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// One run is killed at one named point after another, each time as far as the same command has come by then, and in the end
// it completes. The points are those at which something is written; `test/support/fault-preload.mjs` knows them.
//
// A dozen of points stands for each kind of moment; STET_TEST_POINTS=all kills at every one.

interface Point {
  readonly at: string;
  readonly when: 'before' | 'after';
  readonly nth?: number;
  /** The Temporal server is killed with the command. */
  readonly server?: boolean;
  /** Always part of the suite. */
  readonly always?: boolean;
}

/** In the order in which a run comes to them. */
const points: readonly Point[] = [
  { at: 'blob-write', when: 'after' },
  { at: 'blob-rename', when: 'after' },
  { at: 'register-process', when: 'after' },
  { at: 'server-file-rename', when: 'before', nth: 2 },
  { at: 'create-run', when: 'before' },
  { at: 'create-run', when: 'after', always: true },
  { at: 'take-run', when: 'after' },
  { at: 'run-started', when: 'before', server: true, always: true },
  { at: 'run-started', when: 'after' },
  { at: 'task-running', when: 'before' },
  { at: 'task-running', when: 'after' },
  { at: 'answer-solve', when: 'before' },
  { at: 'answer-solve', when: 'after' },
  { at: 'outcome-solve', when: 'before', nth: 2, always: true },
  { at: 'outcome-solve', when: 'after', nth: 2, server: true },
  { at: 'blob-write', when: 'before' },
  { at: 'blob-rename', when: 'before', always: true },
  { at: 'blob-sync-folder', when: 'before' },
  { at: 'seal-solve', when: 'before' },
  { at: 'seal-solve', when: 'after', server: true, always: true },
  { at: 'answer-score', when: 'before' },
  { at: 'answer-score', when: 'after' },
  { at: 'outcome-score', when: 'before', always: true },
  { at: 'outcome-score', when: 'after' },
  { at: 'seal-score', when: 'before' },
  { at: 'seal-score', when: 'after' },
  { at: 'summary', when: 'before' },
  { at: 'summary', when: 'after', server: true },
  { at: 'publish', when: 'before', always: true },
  { at: 'publish', when: 'after', server: true, always: true },
  { at: 'run-ended', when: 'before' },
];
// Each starts a command, which a busy machine may take long for.
vi.setConfig({ testTimeout: 120_000 });

const chosen = points.filter(({ always = false }) => always || process.env['STET_TEST_POINTS'] === 'all');

/** From there on there is a run. */
const firstRecorded = points.findIndex(({ at, when }) => at === 'create-run' && when === 'after');

const rows = 12;
/** Of each sample, so that answers are written before it has an outcome. */
const trials = 2;
const concurrency = 4;
/** One of the model and one of the judge for each trial. */
const queries = 2 * trials * rows;
const command = ['run', '-f', 'run.json', '--json'];
const preload = new URL('../support/fault-preload.mjs', import.meta.url);

const judge = {
  key: 'judge',
  type: 'model_as_a_judge_classifier',
  model_key: 'small',
  user_prompt: 'Judge {{ model_output.choices[0].message.content }} for {{ sample.country }}.',
  correct_labels: ['right'],
  incorrect_labels: ['wrong'],
};

let model: OpenAiTestServer;
let folder: TemporaryFolder;
let store: string;
let undisturbed: RunDocument;
/** Queries that the undisturbed run has sent. */
let sentBefore: number;

beforeAll(async () => {
  model = await startOpenAiTestServer({
    answer: ({ prompt }) => ({ content: prompt.startsWith('Judge') ? 'right' : answerCapital(prompt), delayMs: 3 }),
  });
  folder = await makeTemporaryFolder();
  store = path.join(folder.path, '.stet');
  const run = makeCapitalRun({
    baseUrl: model.baseUrl,
    rows,
    numTrials: trials,
    maxConcurrentRequests: concurrency,
    scorers: [exactScorer, judge],
  });
  await folder.write('run.json', run);
  await (await openStore(store, { segmentSize: 3 })).close();
  const stet = await openStet({ store: path.join(folder.path, 'undisturbed'), segmentSize: 3 });
  undisturbed = await (await stet.run(run)).result();
  await stet.close();
  sentBefore = model.count();
});

afterAll(async () => {
  await model?.close();
  await folder?.[Symbol.asyncDispose]();
});

/** The same command, to be killed at a point; without one it runs to its end. */
function runCommand(point?: Point): Promise<CliResult> {
  const fault = point && {
    ...point,
    act: point.server === true ? 'kill-all' : 'kill',
    server: path.join(store, 'temporal', 'server.json'),
  };
  const environment: Record<string, string> =
    fault === undefined
      ? {}
      : { NODE_OPTIONS: `--import ${fileURLToPath(preload)}`, STET_TEST_FAULTS: JSON.stringify([fault]) };
  return runCli(command, { cwd: folder.path, environment });
}

/** Answers that are in the store: those of sealed segments, of outcomes, and of samples that have no outcome yet. */
function countStoredAnswers(): number {
  const database = new Database(path.join(store, 'store.db'));
  try {
    database.exec('PRAGMA busy_timeout = 5000');
    const [row] = database
      .prepare(
        `SELECT (SELECT coalesce(sum(queries_sent), 0) FROM segments)
           + (SELECT coalesce(sum(queries_sent), 0) FROM journal_outcomes)
           + (SELECT count(*) FROM journal_answers AS a WHERE NOT EXISTS (
               SELECT 1 FROM journal_outcomes AS o WHERE o.task_result_id = a.task_result_id AND o.stage = a.stage
                 AND o.segment_index = a.segment_index AND o.sample_index = a.sample_index)) AS count`,
      )
      .all() as { count: number }[];
    return row?.count ?? Number.NaN;
  } finally {
    database.close();
  }
}

describe('a run that is killed wherever something is written', () => {
  const lost: number[] = [];
  const ids = new Set<string>();

  it.each(
    chosen.map((point) => [`${point.when} ${point.at}${point.server ? ', with the server' : ''}`, point] as const),
  )('stays open when killed %s, and costs nothing until the same command comes', async (_name, point) => {
    const killed = await runCommand(point);
    expect(killed.signal, killed.stderr + killed.stdout).toBe('SIGKILL');
    const sent = model.count() - sentBefore;
    const stored = countStoredAnswers();
    const lostHere = sent - stored - lost.reduce((sum, one) => sum + one, 0);
    expect(lostHere).toBeGreaterThanOrEqual(0);
    expect(lostHere).toBeLessThanOrEqual(concurrency);
    lost.push(lostHere);
    const stet = await openStet({ store, workingDirectory: folder.path });
    try {
      for (const { run, status, has_owner: hasOwner } of await stet.list()) {
        ids.add(run);
        expect({ status: ['pending', 'running'].includes(status), hasOwner }).toEqual({
          status: true,
          hasOwner: false,
        });
        expect((await stet.show(run)).run).toBe(run);
      }
      expect(ids.size).toBe(points.indexOf(point) < firstRecorded ? 0 : 1);
      await stet.plan('run.json');
    } finally {
      await stet.close();
    }
    expect(model.count() - sentBefore).toBe(sent);
  });

  it('completes with the same command under its id, with the result of a run that nobody disturbed', async () => {
    const completed = await runCommand();
    expect(completed.code, completed.stderr).toBe(0);
    const document = JSON.parse(completed.stdout) as RunDocument;
    expect([document.run]).toEqual([...ids]);
    expect(document).toMatchObject({ status: 'completed', attempt: 1, tasks: [{ reuse: 'none', warnings: [] }] });
    expect(document.tasks[0]?.metrics).toEqual(undisturbed.tasks[0]?.metrics);
    expect(document.tasks[0]?.result_digest).toBe(undisturbed.tasks[0]?.result_digest);
    const resent = lost.reduce((sum, one) => sum + one, 0);
    expect(sentBefore).toBe(queries);
    expect(model.count() - sentBefore).toBe(queries + resent);
  });
});
