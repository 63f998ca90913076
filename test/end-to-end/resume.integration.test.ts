import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  openStet,
  type ResumableRun,
  type RunDocument,
  type RunHandle,
  type Stet,
  type TaskDocument,
} from '../../embedded/index.ts';
import type { RunFileInput } from '../../evaluation/spec/run-file.ts';
import { makeGate } from '../activities/fake-models.ts';
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

// Runs that have failed, were cancelled, or completed with errors, and what goes on with them: queries counted.

const rows = 20;

let server: OpenAiTestServer;
let folder: TemporaryFolder;
let stet: Stet;
let scenario = 0;

const answerWell: TestHandler = ({ prompt }) => answerCapital(prompt);
const isRefused = (prompt: string): boolean => /Country (3|7)\?/.test(prompt);
const refuseTwo: TestHandler = ({ prompt }) =>
  isRefused(prompt) ? { status: 400, content: 'no' } : answerCapital(prompt);

/** Judges answers by asking the model itself. */
const judge = {
  key: 'judge',
  type: 'model_as_a_judge_classifier',
  model_key: 'small',
  user_prompt: 'Judge {{ model_output.choices[0].message.content }} for {{ sample.country }}.',
  correct_labels: ['right'],
  incorrect_labels: ['wrong'],
};
const isJudging = (prompt: string): boolean => prompt.startsWith('Judge');
const answerJudge: TestHandler = ({ prompt }) => (isJudging(prompt) ? 'right' : answerCapital(prompt));

const otherModel = () => ({
  key: 'other',
  config: { connection_type: 'openai_compatible', base_url: server.baseUrl, model_key: 'other-1' },
});

const digestOf = ({ result_digest }: TaskDocument) => result_digest;

beforeAll(async () => {
  server = await startOpenAiTestServer({ answer: answerWell });
  folder = await makeTemporaryFolder();
  stet = await openStet({ store: placeStore(`${folder.path}/.stet`), workingDirectory: folder.path, segmentSize: 5 });
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

const capital = (options: Partial<CapitalRunOptions> = {}): RunFileInput =>
  makeCapitalRun({
    baseUrl: server.baseUrl,
    rows,
    systemPrompt: `Resumed ${scenario}. Name the city only.`,
    maxConcurrentRequests: 4,
    ...options,
  });

/** What a call sent, and the document it ended with. */
async function finish(begin: Promise<RunHandle> | (() => Promise<RunHandle>)) {
  const before = server.count();
  const document = await (await (typeof begin === 'function' ? begin() : begin)).result();
  return { document, task: getTask(document), sent: server.count() - before };
}

function getTask(document: RunDocument, index = 0) {
  const task = document.tasks[index];
  if (task === undefined) throw new Error(`The run has no task ${index}.`);
  return task;
}

const run = (source: RunFileInput, options: Parameters<Stet['run']>[1] = {}) => finish(() => stet.run(source, options));
const resume = (id: string, options: Parameters<Stet['resume']>[1] = {}) => finish(() => stet.resume(id, options));

async function runBadly(options: Partial<CapitalRunOptions> = {}) {
  server.setHandler(refuseTwo);
  const done = await run(capital(options));
  server.setHandler(answerWell);
  return done;
}

async function getUndisturbedDigest(options: Partial<CapitalRunOptions> = {}) {
  return (await run(capital({ ...options, cachePolicy: 'no-cache' }))).task.result_digest;
}

/** A run with half of its answers, and nothing in flight, that is stopped. */
async function stopHalfWay(
  begin: () => Promise<RunHandle>,
  stop: (handle: RunHandle) => Promise<unknown>,
  half = rows / 2,
): Promise<RunHandle> {
  const stopping = makeGate();
  let answered = 0;
  const reached = makeGate();
  server.setHandler(async ({ prompt }) => {
    if (answered++ < half) return answerCapital(prompt);
    reached.open();
    await stopping.promise;
    return { status: 503, content: 'later' }; // its retry is what a stop abandons
  });
  const handle = await begin();
  await reached.promise;
  const stopped = stop(handle);
  stopping.open();
  await stopped;
  server.setHandler(answerWell);
  return handle;
}

describe('resume of a failed run', () => {
  it('sends what failed and nothing else, and comes to the result of an undisturbed run', async () => {
    const failed = await runBadly();
    expect(failed.document.status).toBe('failed');
    expect(failed.sent).toBe(rows);
    const resumed = await resume(failed.document.run);
    expect(resumed.sent).toBe(2);
    expect(resumed.document).toMatchObject({ run: failed.document.run, status: 'completed', attempt: 2 });
    expect(resumed.task).toMatchObject({ task_result: failed.task.task_result, status: 'completed', error: null });
    // Every query that has left, those of the attempt that failed included.
    expect(resumed.task.model_queries).toEqual({ sent: rows + 2, retried: 0, saved: 0 });
    expect(resumed.task.result_digest).toBe(await getUndisturbedDigest());
  });

  it('takes a full hit first', async () => {
    const failed = await runBadly();
    const other = await run(capital());
    expect(other.sent).toBe(rows);
    const resumed = await resume(failed.document.run);
    expect(resumed.sent).toBe(0);
    expect(resumed.task).toMatchObject({ reuse: 'full', reused_from: other.task.task_result, status: 'completed' });
  });

  it('goes on with its own answers once it has judged some, and sends no judge query twice', async () => {
    const judged = { scorers: [judge] };
    server.setHandler(({ prompt }) => {
      if (!isJudging(prompt)) return answerCapital(prompt);
      return prompt.endsWith('for Country 12.') ? { status: 400, content: 'no' } : 'right';
    });
    const failed = await run(capital(judged));
    expect(failed.document.status).toBe('failed');
    expect(failed.sent).toBe(2 * rows);
    server.setHandler(answerJudge);
    // Completed meanwhile: the same solver key with another scoring section.
    expect((await run(capital())).sent).toBe(rows);
    const resumed = await resume(failed.document.run);
    expect(resumed.task.reuse).toBe('none');
    expect(resumed.sent).toBe(1);
  });
});

describe('resume of a run that was cancelled before it had scored', () => {
  it('lets solver outputs that stand elsewhere save the rest', async () => {
    const cancelled = await stopHalfWay(
      () => stet.run(capital()),
      (handle) => handle.cancel(),
    );
    await run(capital({ scorers: [looseScorer] }));
    const resumed = await resume(cancelled.id);
    expect(resumed.sent).toBe(0);
    expect(resumed.task).toMatchObject({ reuse: 'partial', status: 'completed' });
  });
});

describe('resume with a run file', () => {
  const broken = { ...exactScorer, ground_truth: '{{ sample.captial }}' };

  it('mends a broken scorer and sends no solver query', async () => {
    const failed = await run(capital({ scorers: [broken] }));
    expect(failed.document.status).toBe('failed');
    expect(failed.sent).toBe(rows);
    const resumed = await resume(failed.document.run, { source: capital() });
    expect(resumed.sent).toBe(0);
    expect(resumed.document).toMatchObject({ run: failed.document.run, status: 'completed', attempt: 2 });
    expect(resumed.task).toMatchObject({ task_result: failed.task.task_result, metrics: { accuracy: 0.9 } });
    expect(resumed.task.result_digest).toBe(await getUndisturbedDigest());
    // It is what a run of the mended file finds from now on.
    expect((await run(capital())).task).toMatchObject({ reuse: 'full', reused_from: failed.task.task_result });
  });

  it('drops the scores of another scoring section, judges again, and keeps the answers', async () => {
    server.setHandler(answerJudge);
    const failed = await run(capital({ scorers: [judge, broken] }));
    expect(failed.sent).toBe(2 * rows);
    const resumed = await resume(failed.document.run, { source: capital({ scorers: [judge] }) });
    expect(resumed.sent).toBe(rows);
    expect(resumed.document.status).toBe('completed');
  });

  it('keeps scores where the scoring section is the same, and takes limits and pace from the file', async () => {
    server.setHandler(refuseTwo);
    const failed = await run(capital());
    const resumed = await resume(failed.document.run, { source: capital({ maxSampleErrors: 2 }) });
    expect(resumed.sent).toBe(2);
    expect(resumed.document.status).toBe('completed');
    expect(resumed.task.samples.errors).toBe(2);
  });

  it('leaves what had completed as it was, and gives the run a result with the mended scorer', async () => {
    const specifications = [
      { key: 'first', task_key: 'capital-qa', model_key: 'small' },
      { key: 'second', task_key: 'capital-qa', model_key: 'other' },
    ];
    const options = { specifications, models: [otherModel()] };
    server.setHandler(({ prompt, body }) =>
      body.model === 'other-1' && isRefused(prompt) ? { status: 400, content: 'no' } : answerCapital(prompt),
    );
    const failed = await run(capital(options));
    expect(failed.document.tasks.map(({ status }) => status)).toEqual(['completed', 'failed']);
    expect(failed.sent).toBe(2 * rows);
    server.setHandler(answerWell);
    const mended = { ...options, scorers: [looseScorer] };
    const resumed = await resume(failed.document.run, { source: capital(mended) });
    expect(resumed.sent).toBe(2);
    expect(resumed.document.tasks.map(({ key, status, reuse }) => [key, status, reuse])).toEqual([
      ['first', 'completed', 'partial'],
      ['second', 'completed', 'none'],
    ]);
    expect(getTask(resumed.document).reused_from).toBe(failed.task.task_result);
    expect(getTask(resumed.document, 1).task_result).toBe(getTask(failed.document, 1).task_result);
    const undisturbed = await run(capital({ ...mended, cachePolicy: 'no-cache' }));
    expect(resumed.document.tasks.map(digestOf)).toEqual(undisturbed.document.tasks.map(digestOf));
    // The completed one stands for whoever has its scoring section.
    const again = await run(capital({ models: [otherModel()], specifications: specifications.slice(0, 1) }));
    expect(again.task).toMatchObject({ reuse: 'full', reused_from: failed.task.task_result });
    expect(again.sent).toBe(0);
  });

  it('under update solves nothing again either', async () => {
    const failed = await run(capital({ scorers: [broken], cachePolicy: 'update' }));
    const resumed = await resume(failed.document.run, { source: capital({ cachePolicy: 'update' }) });
    expect(resumed.sent).toBe(0);
    expect(resumed.document.status).toBe('completed');
  });

  it('goes on with an open run that nobody works on', async () => {
    const open = await stopHalfWay(
      () => stet.run(capital({ scorers: [broken] })),
      (handle) => handle.drain(),
    );
    expect((await stet.show(open.id)).status).toBe('running');
    const resumed = await resume(open.id, { source: capital() });
    expect(resumed.sent).toBe(rows / 2);
    expect(resumed.document).toMatchObject({ run: open.id, status: 'completed', attempt: 2 });
    expect(resumed.task.result_digest).toBe(await getUndisturbedDigest());
  });

  it('refuses other work, names what differs, and changes nothing', async () => {
    const failed = await runBadly();
    const before = await stet.show(failed.document.run);
    const sent = server.count();
    const refuse = (options: Partial<CapitalRunOptions>) =>
      expect(stet.resume(failed.document.run, { source: capital(options) })).rejects;
    await refuse({ systemPrompt: 'Name the town.' }).toMatchObject({
      code: 'resume-mismatch',
      message: expect.stringMatching(
        /"plain" is solved otherwise .*Solver: input_builder\.input_messages\[0\]\.content changed from .* to "Name the town\."/,
      ) as string,
    });
    await refuse({ cachePolicy: 'update' }).toMatchObject({
      code: 'resume-mismatch',
      message: expect.stringContaining('cache_policy is update') as string,
      hint: 'Add --cache-policy reuse.',
    });
    const renamed = [{ key: 'renamed', task_key: 'capital-qa', model_key: 'small' }];
    const error = await stet.resume(failed.document.run, { source: capital({ specifications: renamed }) }).then(
      () => undefined,
      (thrown: { problems?: readonly Error[] }) => thrown,
    );
    expect(error?.problems?.map(({ message }) => message)).toEqual([
      expect.stringContaining('has no task specification "renamed"; it has plain.'),
      expect.stringContaining('has the task specification "plain"'),
    ]);
    expect(await stet.show(failed.document.run)).toEqual(before);
    expect(server.count()).toBe(sent);
  });
});

describe('resume of the errors of a completed run', () => {
  const tolerant = { maxSampleErrors: 2 };

  it('tries the failed samples again in a run of its own, whose result replaces the present one', async () => {
    const completed = await runBadly(tolerant);
    expect(completed.document.status).toBe('completed');
    expect(completed.task.samples.errors).toBe(2);
    await expect(stet.resume(completed.document.run)).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('resume --errors') as string,
    });
    const mended = await resume(completed.document.run, { errors: true });
    expect(mended.sent).toBe(2);
    expect(mended.document).toMatchObject({ status: 'completed', mends: completed.document.run, attempt: 1 });
    expect(mended.document.run).not.toBe(completed.document.run);
    expect(mended.task).toMatchObject({
      samples: { total: rows, errors: 0 },
      model_queries: { sent: 2, retried: 0, saved: rows - 2 },
      why: [{ category: 'errors', sentence: expect.stringContaining(completed.document.run) as string }],
      metrics: { accuracy: 0.9 },
    });
    expect(mended.task.result_digest).toBe(await getUndisturbedDigest(tolerant));
    expect(await stet.show(completed.document.run)).toEqual(completed.document);
    const again = await run(capital(tolerant));
    expect(again.task).toMatchObject({ reuse: 'full', reused_from: mended.task.task_result });
    await expect(stet.resume(mended.document.run, { errors: true })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('no failed samples') as string,
    });
  });

  it('lets task results without errors stand, and mends what an alias stands for', async () => {
    const specifications = [
      { key: 'first', task_key: 'capital-qa', model_key: 'small' },
      { key: 'second', task_key: 'capital-qa', model_key: 'other' },
    ];
    const options = { ...tolerant, specifications, models: [otherModel()] };
    server.setHandler(({ prompt, body }) =>
      body.model === 'other-1' && isRefused(prompt) ? { status: 400, content: 'no' } : answerCapital(prompt),
    );
    const completed = await run(capital(options));
    const aliased = await run(capital(options));
    expect(aliased.document.tasks.map(({ reuse }) => reuse)).toEqual(['full', 'full']);
    server.setHandler(answerWell);
    const mended = await resume(aliased.document.run, { errors: true });
    expect(mended.sent).toBe(2);
    expect(
      mended.document.tasks.map(({ reuse, reused_from, samples }) => [reuse, reused_from, samples.errors]),
    ).toEqual([
      ['full', completed.task.task_result, 0],
      ['none', null, 0],
    ]);
  });

  it('tries errors of solver outputs again that were taken over', async () => {
    const solved = await runBadly(tolerant);
    const partial = await run(capital({ ...tolerant, scorers: [looseScorer] }));
    expect(partial.task).toMatchObject({ reuse: 'partial', reused_from: solved.task.task_result });
    const mended = await resume(partial.document.run, { errors: true });
    expect(mended.sent).toBe(2);
    expect(mended.task).toMatchObject({ status: 'completed', samples: { errors: 0 } });
    expect(mended.task.result_digest).toBe(await getUndisturbedDigest({ ...tolerant, scorers: [looseScorer] }));
  });

  it('sends for twins once', async () => {
    const specifications = ['a', 'b'].map((key) => ({ key, task_key: 'capital-qa', model_key: 'small' }));
    const completed = await runBadly({ ...tolerant, specifications });
    const mended = await resume(completed.document.run, { errors: true });
    expect(mended.sent).toBe(2);
    expect(mended.document.tasks.map(({ status, reuse }) => [status, reuse])).toEqual([
      ['completed', 'none'],
      ['completed', 'full'],
    ]);
  });

  it('keeps evidence apart: under no-cache nothing is found afterwards', async () => {
    const completed = await runBadly({ ...tolerant, cachePolicy: 'no-cache' });
    const mended = await resume(completed.document.run, { errors: true });
    expect(mended.document).toMatchObject({ cache_policy: 'no-cache', status: 'completed' });
    expect(mended.sent).toBe(2);
    expect((await run(capital(tolerant))).task.reuse).toBe('none');
  });

  it('stopped half-way goes on with the same call; a run of the file never attaches to it', async () => {
    server.setHandler(({ prompt }) =>
      /Country \d\?/.test(prompt) ? { status: 400, content: 'no' } : answerCapital(prompt),
    );
    const many = { maxSampleErrors: 10 };
    const completed = await run(capital(many));
    expect(completed.task.samples.errors).toBe(10);
    const before = server.requests.length;
    const open = await stopHalfWay(
      () => stet.resume(completed.document.run, { errors: true }),
      (handle) => handle.drain(),
      4,
    );
    const leftBefore = server.requests.length - before;
    expect(await stet.show(open.id)).toMatchObject({ status: 'running', mends: completed.document.run });
    const file = await run(capital(many));
    expect(file.document.run).not.toBe(open.id);
    expect(file.task.reuse).toBe('full');
    const mended = await resume(completed.document.run, { errors: true });
    expect(mended.document).toMatchObject({ run: open.id, status: 'completed' });
    expect(mended.sent).toBe(6);
    // Queries that the stop abandoned have left, too.
    expect(mended.task.model_queries).toEqual({ sent: leftBefore + 6, retried: 0, saved: 10 });
  });
});

describe('a run that meets a failed or cancelled one of the same plan', () => {
  const cancelHalfWay = (options: Partial<CapitalRunOptions> = {}) =>
    stopHalfWay(
      () => stet.run(capital(options)),
      (handle) => handle.cancel(),
    );

  it('asks with what a resume would save, and resumes it', async () => {
    const cancelled = await cancelHalfWay();
    const asked: ResumableRun[] = [];
    const resumed = await run(capital(), {
      resume(found) {
        asked.push(found);
        return 'resume';
      },
    });
    expect(asked).toMatchObject([
      { run: cancelled.id, status: 'cancelled', queries: { finished: rows / 2, missing: rows / 2, anew: rows } },
    ]);
    expect(resumed.document).toMatchObject({ run: cancelled.id, status: 'completed', attempt: 2 });
    expect(resumed.sent).toBe(rows / 2);
  });

  it('uses nothing of it in a new run', async () => {
    const cancelled = await cancelHalfWay();
    const anew = await run(capital());
    expect(anew.document.run).not.toBe(cancelled.id);
    expect(anew.sent).toBe(rows);
    // Moot by now: a later run of the plan completed.
    const again = await run(capital(), { resume: () => Promise.reject(new Error('Nobody is to be asked.')) });
    expect(again).toMatchObject({ sent: 0, task: { reuse: 'full' } });
  });

  it('applies what the file says now, where it counts in no key', async () => {
    server.setHandler(refuseTwo);
    const failed = await run(capital());
    const resumed = await run(capital({ maxSampleErrors: 2 }), { resume: 'resume' });
    expect(resumed.document).toMatchObject({ run: failed.document.run, status: 'completed' });
    expect(resumed.sent).toBe(2);
  });

  it('under update is moot as soon as a later run has completed', async () => {
    await cancelHalfWay({ cachePolicy: 'update' });
    const anew = await run(capital({ cachePolicy: 'update' }));
    expect(anew.sent).toBe(rows);
    const again = await run(capital({ cachePolicy: 'update' }), { resume: 'resume' });
    expect(again.document.run).not.toBe(anew.document.run);
    expect(again.sent).toBe(rows);
  });
});
