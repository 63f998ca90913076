import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openStet, type RunDocument, type Stet, type TaskDocument } from '../../embedded/index.ts';
import type { RunFileInput } from '../../evaluation/spec/run-file.ts';
import {
  answerCapital,
  type CapitalRunOptions,
  exactScorer,
  looseScorer,
  makeCapitalRun,
} from '../support/capital-run.ts';
import { type OpenAiTestServer, startOpenAiTestServer, type TestHandler } from '../support/openai-test-server.ts';
import { placeStore } from '../support/stores/place-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// Every verdict of design 3.1, against a real server that counts requests, real Temporal and a real store.

let server: OpenAiTestServer;
let folder: TemporaryFolder;
let stet: Stet;
let scenario = 0;

const answerWell: TestHandler = ({ prompt }) => answerCapital(prompt);
const refuseCountry3: TestHandler = ({ prompt }) =>
  prompt.includes('Country 3?') ? { status: 400, content: 'no' } : answerCapital(prompt);

beforeAll(async () => {
  server = await startOpenAiTestServer({ answer: answerWell });
  folder = await makeTemporaryFolder();
  stet = await openStet({ store: placeStore(`${folder.path}/.stet`), workingDirectory: folder.path });
});

afterAll(async () => {
  await stet?.close();
  await server?.close();
  await folder?.[Symbol.asyncDispose]();
});

// Each test has results of its own: the system prompt counts in the solver key.
beforeEach(() => {
  scenario++;
  server.setHandler(answerWell);
});

function makeRun(options: Partial<CapitalRunOptions> = {}): RunFileInput {
  return makeCapitalRun({
    baseUrl: server.baseUrl,
    systemPrompt: `Scenario ${scenario}. Name the city only.`,
    ...options,
  });
}

async function run(
  source: RunFileInput,
): Promise<{ readonly document: RunDocument; readonly task: TaskDocument; readonly sent: number }> {
  const before = server.requests.length;
  const document = await (await stet.run(source)).result();
  const [task] = document.tasks;
  if (task === undefined) throw new Error('The run has no task.');
  return { document, task, sent: server.requests.length - before };
}

describe('none', () => {
  it('sends exactly one query per sample', async () => {
    const { document, task, sent } = await run(makeRun());
    expect(document.status).toBe('completed');
    expect(task.reuse).toBe('none');
    expect(task.metrics).toEqual({ accuracy: 0.9 });
    expect(sent).toBe(20);
    expect(task.model_queries).toEqual({ sent: 20, retried: 0, saved: 0 });
    expect(task.why).toBeNull();
  });

  it('sends exactly one query per sample and trial', async () => {
    const { task, sent } = await run(makeRun({ numTrials: 3 }));
    expect(sent).toBe(60);
    expect(task.metrics).toEqual({ accuracy: 0.9 });
  });

  it('is found again when the solver part changes, and names the field', async () => {
    await run(makeRun());
    const { task, sent } = await run(makeRun({ generation: { temperature: 0.5 } }));
    expect(task.reuse).toBe('none');
    expect(sent).toBe(20);
    expect(task.why).toMatchObject([
      { category: 'field', component: 'model', path: '/generation/temperature', before: 0, after: 0.5 },
    ]);
  });
});

describe('full', () => {
  it('sends nothing, runs nothing and has the digest of the result that stands', async () => {
    const first = await run(makeRun());
    const again = await run(makeRun());
    expect(again.sent).toBe(0);
    expect(again.task).toMatchObject({
      status: 'completed',
      reuse: 'full',
      reused_from: first.task.task_result,
      model_queries: { sent: 0, retried: 0, saved: 20 },
      metrics: first.task.metrics,
      result_digest: first.task.result_digest,
      why: [],
    });
  });

  it('is never made of an alias: the third run names the first result', async () => {
    const first = await run(makeRun());
    await run(makeRun());
    const third = await run(makeRun());
    expect(third.task.reused_from).toBe(first.task.task_result);
  });

  it('does not mind names and texts', async () => {
    await run(makeRun());
    const renamed = makeRun({
      specifications: [{ key: 'renamed', display_name: 'x', task_key: 'capital-qa', model_key: 'small' }],
    });
    const { task, sent } = await run(renamed);
    expect(task.reuse).toBe('full');
    expect(sent).toBe(0);
  });
});

describe('partial', () => {
  it('sends no solver query when only a scorer changed, and names the source', async () => {
    const first = await run(makeRun());
    const { task, sent } = await run(makeRun({ scorers: [looseScorer] }));
    expect(sent).toBe(0);
    expect(task.reuse).toBe('partial');
    expect(task.reused_from).toBe(first.task.task_result);
    expect(task.model_queries).toEqual({ sent: 0, retried: 0, saved: 20 });
    expect(task.metrics).toEqual({ accuracy: 0.9 });
    expect(task.why?.length).toBeGreaterThan(0);
    expect(task.why?.every((reason) => reason.component === 'scorers')).toBe(true);
  });

  it('asks a changed judge again and the solver not at all', async () => {
    await using judge = await startOpenAiTestServer({ answer: () => '{"prediction": "good"}' });
    const judged = (temperature: number) =>
      makeRun({
        models: [
          {
            key: 'judge',
            generation: { temperature },
            config: { connection_type: 'openai_compatible', base_url: judge.baseUrl, model_key: 'judge-1' },
          },
        ],
        scorers: [
          {
            type: 'model_as_a_judge_classifier',
            model_key: 'judge',
            user_prompt: 'Is {{ trace.get_last_assistant_text() }} right?',
            correct_labels: ['good'],
            incorrect_labels: ['bad'],
          },
        ],
      });
    const first = await run(judged(0));
    expect(first.task.metrics).toEqual({ accuracy: 1 });
    expect(first.sent).toBe(20);
    expect(judge.requests.length).toBe(20);
    const changed = await run(judged(0.2));
    expect(changed.task.reuse).toBe('partial');
    expect(changed.sent).toBe(0);
    expect(judge.requests.length).toBe(40);
    expect(changed.task.model_queries).toEqual({ sent: 20, retried: 0, saved: 20 });
  });
});

describe('policies', () => {
  it('update computes anew and replaces the current result', async () => {
    await run(makeRun());
    const updated = await run(makeRun({ cachePolicy: 'update' }));
    expect(updated.sent).toBe(20);
    expect(updated.task.why).toMatchObject([{ category: 'policy' }]);
    const again = await run(makeRun());
    expect(again.task.reused_from).toBe(updated.task.task_result);
  });

  it('no-cache neither looks up nor leaves anything to be found', async () => {
    const first = await run(makeRun({ cachePolicy: 'no-cache' }));
    expect(first.sent).toBe(20);
    const second = await run(makeRun({ cachePolicy: 'no-cache' }));
    expect(second.sent).toBe(20);
    const reuse = await run(makeRun());
    expect(reuse.task.reuse).toBe('none');
    expect(reuse.sent).toBe(20);
    expect(reuse.task.why).toMatchObject([{ category: 'policy' }]);
  });
});

describe('failures', () => {
  it('never reuses a failed result, neither fully nor partially', async () => {
    server.setHandler(refuseCountry3);
    const failed = await run(makeRun());
    expect(failed.document.status).toBe('failed');
    expect(failed.task.error?.code).toBe('too-many-sample-errors');
    expect(failed.task.metrics_are_partial).toBe(true);
    server.setHandler(answerWell);
    const { task, sent } = await run(makeRun({ scorers: [looseScorer] }));
    expect(task.reuse).toBe('none');
    expect(sent).toBe(20);
  });

  it('resume sends only what failed, and gives what an undisturbed run gives', async () => {
    server.setHandler(refuseCountry3);
    const failed = await run(makeRun());
    expect(failed.document.status).toBe('failed');
    server.setHandler(answerWell);
    const before = server.requests.length;
    const resumed = await (await stet.resume(failed.document.run)).result();
    expect(resumed.status).toBe('completed');
    expect(resumed.attempt).toBe(2);
    expect(server.requests.length - before).toBe(1);
    const undisturbed = await run(makeRun({ cachePolicy: 'no-cache' }));
    expect(resumed.tasks[0]?.result_digest).toBe(undisturbed.task.result_digest);
  });

  it('lets a result stand only within the present error limit', async () => {
    server.setHandler(refuseCountry3);
    const tolerant = await run(makeRun({ maxSampleErrors: 0.1 }));
    expect(tolerant.document.status).toBe('completed');
    expect((await run(makeRun({ maxSampleErrors: 1 }))).task.reuse).toBe('full');
    server.setHandler(answerWell);
    const strict = await run(makeRun());
    expect(strict.task.reuse).toBe('none');
    expect(strict.task.why).toMatchObject([{ category: 'errors' }]);
  });
});

describe('identical work wanted at once', () => {
  it('twins in one run send once and share one outcome', async () => {
    const specifications = ['a', 'b', 'c'].map((key) => ({ key, task_key: 'capital-qa', model_key: 'small' }));
    const { document, sent } = await run(makeRun({ specifications }));
    expect(sent).toBe(20);
    expect(document.tasks.map((task) => String(task.reuse)).sort()).toEqual(['full', 'full', 'none']);
    expect(new Set(document.tasks.map((task) => task.result_digest)).size).toBe(1);
  });

  it('two runs at once send once', async () => {
    const before = server.requests.length;
    const [first, second] = await Promise.all([stet.run(makeRun()), stet.run(makeRun())]);
    const documents = await Promise.all([first.result(), second.result()]);
    expect(server.requests.length - before).toBe(20);
    expect(documents.map((document) => document.status)).toEqual(['completed', 'completed']);
    expect(documents.map((document) => String(document.tasks[0]?.reuse)).sort()).toEqual(['full', 'none']);
  });

  it('two runs with one solver and two scorers send each solver query once', async () => {
    const before = server.requests.length;
    const handles = await Promise.all([
      stet.run(makeRun({ scorers: [exactScorer] })),
      stet.run(makeRun({ scorers: [looseScorer] })),
    ]);
    const documents = await Promise.all(handles.map((handle) => handle.result()));
    expect(server.requests.length - before).toBe(20);
    expect(documents.map((document) => String(document.tasks[0]?.reuse)).sort()).toEqual(['none', 'partial']);
  });
});

describe('sample errors', () => {
  it('an undefined template variable names sample, template and nearest name, and that sample sends nothing', async () => {
    const source = makeRun({
      systemPrompt: `Scenario ${scenario} {% if sample.country == "Country 7" %}{{ sample.countri }}{% endif %}`,
    });
    const { document, task, sent } = await run(source);
    expect(document.status).toBe('failed');
    expect(sent).toBe(19);
    expect(task.samples.errors).toBe(1);
    for await (const sample of stet.samples(document.run, { task: 'plain', sample: 'c7' })) {
      const error = sample.solved?.trials[0]?.error;
      expect(error?.error_type).toBe('template-undefined');
      expect(error?.message).toContain('sample c7');
      expect(error?.message).toContain('countri');
      expect(error?.hint).toContain('country');
    }
  });
});
