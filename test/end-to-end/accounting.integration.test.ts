import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openStet, type RunDocument, type RunHandle, type Stet } from '../../embedded/index.ts';
import type { RunFileInput } from '../../evaluation/spec/run-file.ts';
import type { UsageAmountDocument, UsageDocument } from '../../evaluation/usage/usage-document.ts';
import { type CapitalRunOptions, exactScorer, looseScorer, makeCapitalRun, makeRows } from '../support/capital-run.ts';
import { startMeteredService } from '../support/metered-service.ts';
import { placeStore } from '../support/stores/place-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// The accounts of runs against those of a service that keeps its own.

const rows = 9;
const price = { input: 0.15, output: 0.6, cached_input: 0.075 };
const judgePrice = { input: 2.5, output: 10 };

let service: Awaited<ReturnType<typeof startMeteredService>>;
let folder: TemporaryFolder;
let stet: Stet;
let scenario = 0;

beforeAll(async () => {
  service = await startMeteredService();
  folder = await makeTemporaryFolder();
  stet = await openStet({
    store: placeStore(`${folder.path}/.stet`),
    workingDirectory: folder.path,
    segmentSize: 5,
  });
});

afterAll(async () => {
  await stet?.close();
  await service?.close();
  await folder?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  scenario++;
  service.setFaults(() => undefined);
});

const judge = {
  key: 'judge',
  type: 'model_as_a_judge_classifier',
  model_key: 'judge',
  user_prompt: 'Judge {{ model_output.choices[0].message.content }} for {{ sample.country }}.',
  correct_labels: ['right'],
  incorrect_labels: ['wrong'],
};

function makeRun(options: Partial<CapitalRunOptions> & { readonly price?: unknown } = {}): RunFileInput {
  const { price: own = price, ...others } = options;
  return makeCapitalRun({
    baseUrl: service.baseUrl,
    rows,
    systemPrompt: `Scenario ${scenario}.`,
    scorers: [judge],
    model: own === null ? {} : { price: own },
    models: [
      {
        key: 'judge',
        price: judgePrice,
        config: { connection_type: 'openai_compatible', base_url: service.baseUrl, model_key: 'judge-1' },
      },
    ],
    ...others,
  });
}

async function run(source: RunFileInput): Promise<RunDocument> {
  return (await stet.run(source)).result();
}

function find(document: Pick<RunDocument, 'usage'>, model: string): UsageDocument {
  const entry = document.usage?.find((candidate) => candidate.model === model);
  if (entry === undefined) throw new Error(`There is no usage of ${model}.`);
  return entry;
}

/** What the service says of everything since `before`, as a document has it. */
function expectSent(document: RunDocument, before: ReturnType<typeof service.read>): void {
  const books = service.readSince(before);
  for (const [model, name, prices] of [
    ['small', 'small-1', price],
    ['judge', 'judge-1', judgePrice],
  ] as const) {
    const book = books[name];
    const entry = document.usage?.find((candidate) => candidate.model === model);
    expect((entry?.sent.queries ?? 0) + (entry?.retried.queries ?? 0)).toBe(book.requests);
    expect(entry?.retried.queries ?? 0).toBe(book.refused);
    expect(entry?.sent ?? noAmount).toMatchObject({
      prompt_tokens: book.promptTokens,
      completion_tokens: book.completionTokens,
      cached_prompt_tokens: book.cachedTokens,
      answers_without_usage: 0,
      cost_micros: costOf(book, prices),
    });
  }
  expect(document.model_queries.sent).toBe(sum(document, 'sent'));
  expect(document.model_queries.retried).toBe(books['small-1'].refused + books['judge-1'].refused);
  expect(document.model_queries.saved).toBe(sum(document, 'stood') + sum(document, 'waited'));
}

const noAmount = {
  prompt_tokens: 0,
  completion_tokens: 0,
  cached_prompt_tokens: 0,
  answers_without_usage: 0,
  cost_micros: '0',
};

const sum = (document: Pick<RunDocument, 'usage'>, part: 'sent' | 'stood' | 'waited'): number =>
  (document.usage ?? []).reduce((total, entry) => total + entry[part].queries, 0);

/** In thousandths of a millionth of a dollar, of prices with three decimals at most. */
function costOf(
  book: { readonly promptTokens: number; readonly completionTokens: number; readonly cachedTokens: number },
  prices: { readonly input: number; readonly output: number; readonly cached_input?: number },
): string {
  const thousandths =
    (book.promptTokens - book.cachedTokens) * Math.round(prices.input * 1000) +
    book.cachedTokens * Math.round((prices.cached_input ?? prices.input) * 1000) +
    book.completionTokens * Math.round(prices.output * 1000);
  return String(thousandths / 1000);
}

function pickAmount({ queries, prompt_tokens, completion_tokens, cached_prompt_tokens }: UsageAmountDocument) {
  return { queries, prompt_tokens, completion_tokens, cached_prompt_tokens };
}

describe('the usage of a run', () => {
  it('is what the service counted and said, of solver and judge apart, retries included', async () => {
    const before = service.read();
    service.setFaults(({ earlier, prompt }) => (earlier === 0 && /Country [27]\b/.test(prompt) ? 503 : undefined));
    const document = await run(makeRun());
    expect(document.status).toBe('completed');
    expectSent(document, before);
    expect(find(document, 'small')).toMatchObject({
      purpose: 'solver',
      sent: { queries: rows },
      stood: { queries: 0 },
    });
    expect(find(document, 'judge')).toMatchObject({ purpose: 'judge', sent: { queries: rows } });
    expect(find(document, 'small').latency_ms?.p50).toBeGreaterThanOrEqual(1);
    expect(document.tasks[0]?.usage).toEqual(document.usage);
    const totals = { tokens: document.tokens, cost_micros: document.cost_micros };
    expect(await stet.list({ limit: 1 })).toMatchObject([{ run: document.run, ...totals }]);
  });

  it('counts queries that brought no answer, and what was answered before and after', async () => {
    const before = service.read();
    service.setFaults(({ prompt }) => (/Country 3\b/.test(prompt) ? 400 : undefined));
    const document = await run(makeRun({ maxSampleErrors: 1 }));
    expect(document).toMatchObject({ status: 'completed', tasks: [{ samples: { errors: 1 } }] });
    const books = service.readSince(before);
    expect(find(document, 'small').sent.queries).toBe(books['small-1'].requests);
    expect(find(document, 'small').sent.prompt_tokens).toBe(books['small-1'].promptTokens);
    expect(find(document, 'judge').sent.queries).toBe(rows - 1);
  });

  it('is there while the run works, and so is the cost in its progress', async () => {
    const release = service.holdAnswers(({ prompt }) => /Country [4-8]\b/.test(prompt));
    const handle = await stet.run(makeRun({ scorers: [exactScorer] }));
    // Less than a segment: what is journalled counts.
    await expect.poll(async () => sum(await stet.show(handle.id), 'sent'), { timeout: 20_000 }).toBe(4);
    const { cost_micros: soFar, tasks } = await stet.show(handle.id);
    expect(tasks[0]).toMatchObject({ status: 'running', cost_micros: soFar });
    expect(await stet.list({ limit: 1 })).toMatchObject([{ run: handle.id, cost_micros: soFar }]);
    for await (const event of handle.events()) {
      if (event.type === 'progress' && event.tasks[0]?.costMicros === soFar) release();
    }
    const document = await handle.result();
    expect(Number(document.cost_micros)).toBeGreaterThan(Number(soFar));
  });

  it('has no cost of a model without a price, and none of all models then', async () => {
    const document = await run(makeRun({ price: null }));
    expect(find(document, 'small').sent.cost_micros).toBeNull();
    expect(find(document, 'judge').sent.cost_micros).not.toBeNull();
    expect(document.cost_micros).toBeNull();
    expect(document.tokens?.prompt).toBeGreaterThan(0);
  });

  it('says of how many answers the service did not say the tokens', async () => {
    service.setFaults(({ prompt }) => (/Country [5-8]\b/.test(prompt) ? 'no usage' : undefined));
    const document = await run(makeRun({ scorers: [exactScorer] }));
    expect(find(document, 'small').sent).toMatchObject({ queries: rows, answers_without_usage: 4 });
  });
});

describe('what stands', () => {
  it('under full reuse is everything the source had, by the present price and the present key', async () => {
    const first = await run(makeRun());
    const before = service.read();
    const dearer = { input: 3, output: 6 };
    const source = makeRun({ price: dearer });
    const renamed = JSON.parse(JSON.stringify(source).replaceAll('"small"', '"renamed"')) as RunFileInput;
    const second = await run(renamed);
    expect(second.tasks[0]?.reuse).toBe('full');
    expect(service.readSince(before)['small-1'].requests).toBe(0);
    const { stood, sent, waited } = find(second, 'renamed');
    expect(pickAmount(stood)).toEqual(pickAmount(find(first, 'small').sent));
    expect(stood.cost_micros).toBe(String(3 * stood.prompt_tokens + 6 * stood.completion_tokens));
    expect(sent).toMatchObject({ queries: 0, cost_micros: '0' });
    expect(waited.queries).toBe(0);
    expect(second.cost_micros).toBe('0');
    expectSaved(second);
    const third = await run(makeRun());
    expect(find(third, 'small').stood).toEqual(find(first, 'small').sent);
  });

  it('under partial reuse is what the solver had; judges are asked again', async () => {
    const first = await run(makeRun());
    const before = service.read();
    const second = await run(makeRun({ scorers: [judge, looseScorer] }));
    expect(second.tasks[0]?.reuse).toBe('partial');
    expectSent(second, before);
    expect(find(second, 'small')).toMatchObject({ sent: { queries: 0 }, retried: { queries: 0 }, latency_ms: null });
    expect(find(second, 'small').stood).toEqual(find(first, 'small').sent);
    expect(find(second, 'judge').sent.queries).toBe(rows);
    // And further: what stands on what stood.
    const third = await run(makeRun({ scorers: [judge, looseScorer] }));
    expect(find(third, 'small').stood).toEqual(find(first, 'small').sent);
    expect(find(third, 'judge').stood.queries).toBe(rows);
  });

  it('of single answers is what those took, beside what was sent for the others', async () => {
    const first = await run(makeRun({ scorers: [exactScorer] }));
    const before = service.read();
    const edited = makeRows(rows).map((row, index) => (index === 4 ? { ...row, country: 'Country 40' } : row));
    const second = await run(makeRun({ scorers: [exactScorer], samples: edited, reuse: { answers: 'solver' } }));
    const book = service.readSince(before)['small-1'];
    const { sent, stood } = find(second, 'small');
    expect(sent).toMatchObject({ queries: 1, prompt_tokens: book.promptTokens, cost_micros: costOf(book, price) });
    expect(stood.queries).toBe(rows - 1);
    // The row that was edited took 24 tokens before.
    expect(stood.prompt_tokens).toBe(find(first, 'small').sent.prompt_tokens - 24);
    expect(second.answers_stood).toBe(rows - 1);
  });

  it('of a twin is what the first of them sent', async () => {
    const before = service.read();
    const specifications = ['one', 'two'].map((key) => ({ key, task_key: 'capital-qa', model_key: 'small' }));
    const document = await run(makeRun({ specifications }));
    expectSent(document, before);
    const [one, two] = document.tasks.toSorted((left, right) => left.model_queries.saved - right.model_queries.saved);
    expect(find(one ?? {}, 'small').sent.queries).toBe(rows);
    expect(find(two ?? {}, 'small')).toMatchObject({ sent: { queries: 0 }, stood: { queries: rows } });
    expect(find(document, 'small')).toMatchObject({ sent: { queries: rows }, stood: { queries: rows } });
  });

  it('because another run was waited for is told apart from what stood anyway', async () => {
    const release = service.holdAnswers();
    const runs = [await stet.run(makeRun())];
    for (const scorers of [[judge], [judge, looseScorer]]) {
      const waiting = await stet.run(makeRun({ scorers }));
      await untilWaiting(waiting);
      runs.push(waiting);
    }
    release();
    const [computed, whole, part] = await Promise.all(runs.map((started) => started.result()));
    if (computed === undefined || whole === undefined || part === undefined) throw new Error('A run is missing.');
    expect(whole.tasks[0]).toMatchObject({ reuse: 'full', reused_from: computed.tasks[0]?.task_result });
    expect(part.tasks[0]?.reuse).toBe('partial');
    for (const document of [whole, part]) {
      expect(find(document, 'small')).toMatchObject({ sent: { queries: 0 }, stood: { queries: 0 } });
      expect(find(document, 'small').waited).toEqual(find(computed, 'small').sent);
      expectSaved(document);
    }
    expect(find(whole, 'judge').waited).toEqual(find(computed, 'judge').sent);
    // Later nobody has to wait, and the same stands.
    expect(find(await run(makeRun()), 'small')).toMatchObject({ stood: { queries: rows }, waited: { queries: 0 } });
  });
});

describe('a run that is taken up again', () => {
  it('counts what every attempt sent, once', async () => {
    const before = service.read();
    service.setFaults(({ prompt }) => (/Country [48]\b/.test(prompt) ? 400 : undefined));
    const failed = await run(makeRun());
    expect(failed.status).toBe('failed');
    expect(find(failed, 'small').sent.queries).toBe(rows);
    service.setFaults(() => undefined);
    const resumed = await (await stet.resume(failed.run)).result();
    expect(resumed.status).toBe('completed');
    const books = service.readSince(before);
    expect(find(resumed, 'small').sent).toMatchObject({
      queries: books['small-1'].requests,
      prompt_tokens: books['small-1'].promptTokens,
      cost_micros: costOf(books['small-1'], price),
    });
    expect(find(resumed, 'judge').sent.queries).toBe(books['judge-1'].requests);
  });

  it('counts what it sent although everything stands elsewhere by then', async () => {
    service.setFaults(({ prompt }) => (/Country 4\b/.test(prompt) ? 400 : undefined));
    const failed = await run(makeRun());
    service.setFaults(() => undefined);
    const other = await run(makeRun({ cachePolicy: 'update' }));
    const resumed = await (await stet.resume(failed.run)).result();
    expect(resumed.tasks[0]).toMatchObject({ reuse: 'full', reused_from: other.tasks[0]?.task_result });
    expect(find(resumed, 'small').sent).toEqual(find(failed, 'small').sent);
    expect(find(resumed, 'small').stood).toEqual(find(other, 'small').sent);
    expect(resumed.model_queries.sent).toBe(failed.model_queries.sent);
  });

  it('with another scoring section counts what judged before, also of results that had completed', async () => {
    const before = service.read();
    const specifications = ['small', 'judge'].map((key) => ({ key, task_key: 'capital-qa', model_key: key }));
    service.setFaults(({ prompt, body }) =>
      body.model === 'judge-1' && prompt.includes('Capital of Country 2?') ? 400 : undefined,
    );
    const failed = await run(makeRun({ specifications }));
    expect(failed.tasks.map(({ status }) => status)).toEqual(['completed', 'failed']);
    service.setFaults(() => undefined);
    const source = makeRun({ specifications, scorers: [judge, looseScorer] });
    const resumed = await (await stet.resume(failed.run, { source })).result();
    expect(resumed.status).toBe('completed');
    const books = Object.values(service.readSince(before));
    expect(sum(resumed, 'sent')).toBe(books.reduce((total, { requests }) => total + requests, 0));
    expect(resumed.model_queries.sent).toBe(sum(resumed, 'sent'));
    expect(resumed.tokens?.prompt).toBe(books.reduce((total, { promptTokens }) => total + promptTokens, 0));
  });

  it('with its errors tried again sends those, and the good samples stand', async () => {
    service.setFaults(({ prompt }) => (/Country [48]\b/.test(prompt) ? 400 : undefined));
    const first = await run(makeRun({ maxSampleErrors: 2, scorers: [exactScorer] }));
    service.setFaults(() => undefined);
    const before = service.read();
    const mended = await (await stet.resume(first.run, { errors: true })).result();
    expectSent(mended, before);
    expect(find(mended, 'small')).toMatchObject({ sent: { queries: 2 }, stood: { queries: rows - 2 } });
    expect(find(mended, 'small').stood.prompt_tokens).toBe(find(first, 'small').sent.prompt_tokens);
  });
});

async function untilWaiting(started: RunHandle): Promise<void> {
  for await (const event of started.events()) {
    if (event.type === 'progress' && event.tasks.some(({ waitsFor }) => waitsFor !== null)) return;
  }
  throw new Error('The run has ended without waiting.');
}

function expectSaved(document: RunDocument): void {
  expect(document.model_queries.saved).toBe(sum(document, 'stood') + sum(document, 'waited'));
}
