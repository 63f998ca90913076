import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openStet, type Stet } from '../../embedded/index.ts';
import type { RunFileInput } from '../../evaluation/spec/run-file.ts';
import { type OpenAiTestServer, startOpenAiTestServer, type TestHandler } from '../support/openai-test-server.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// Single samples for real: a server that counts, and a folder that must stay as it is.

const apiKey = 'a-key-that-nobody-may-see';
const answerWell: TestHandler = ({ prompt }) => (prompt.includes('Rate') ? '1' : 'Bern');

let server: OpenAiTestServer;
let folder: TemporaryFolder;
let stet: Stet;

beforeAll(async () => {
  server = await startOpenAiTestServer();
  folder = await makeTemporaryFolder();
  stet = await openStet({ workingDirectory: folder.path, environment: { MODEL_KEY: apiKey } });
});

afterAll(async () => {
  await stet?.close();
  await server?.close();
  await folder?.[Symbol.asyncDispose]();
});

beforeEach(() => server.setHandler(answerWell));

function makeRun(change: Partial<RunFileInput> = {}): RunFileInput {
  return {
    models: [
      {
        key: 'small',
        price: { input: 1, output: 2 },
        config: {
          connection_type: 'openai_compatible',
          base_url: server.baseUrl,
          model_key: 'small-1',
          api_key: '$MODEL_KEY',
        },
      },
    ],
    datasets: [
      {
        key: 'capitals',
        source: {
          type: 'inline',
          samples: [
            { sample_id: 'swiss', country: 'Switzerland', city: 'Bern' },
            { sample_id: 'french', country: 'France', city: 'Paris' },
            { sample_id: '1', country: 'Italy', city: 'Rome' },
          ],
        },
      },
    ],
    tasks: [
      {
        key: 'capitals',
        definition: {
          dataset: { key: 'capitals' },
          solver: {
            type: 'single_turn_solver',
            input_builder: {
              type: 'chat_completion',
              input_messages: [{ role: 'user', content: 'Capital of {{ sample.country }}?' }],
            },
          },
          scorers: [
            { key: 'exact', type: 'string_equals', ground_truth: '{{ sample.city }}' },
            {
              key: 'judge',
              type: 'model_as_a_judge_scorer',
              model_key: 'small',
              user_prompt: 'Rate {{ trace.get_last_assistant_text() }}.',
            },
          ],
          actions: [
            {
              key: 'rest',
              action: 'exclude_from_metrics',
              filter: { op: 'equals', expression: '{{ sample.country }}', value: 'France' },
            },
          ],
        },
      },
    ],
    evaluation: {
      key: 'tried',
      task_specifications: [
        { key: 'first', task_key: 'capitals', model_key: 'small' },
        { key: 'second', task_key: 'capitals', model_key: 'small' },
      ],
    },
    ...change,
  } as RunFileInput;
}

describe('try', () => {
  it('runs the first sample of the first task and shows everything that came of it', async () => {
    const before = server.count();
    const document = await stet.try(makeRun());
    expect(server.count() - before).toBe(2);
    expect(document).toMatchObject({
      task: 'first',
      model: 'small',
      errors: 0,
      error: null,
      model_queries: { sent: 2, retried: 0 },
    });
    const { prompt, completion } = document.tokens;
    expect(prompt).toBeGreaterThan(0);
    expect(document.cost_micros).toBe(String(prompt + 2 * completion));
    expect(document.usage.map(({ purpose, sent }) => [purpose, sent.queries])).toEqual([
      ['solver', 1],
      ['judge', 1],
    ]);
    const [sample] = document.samples;
    expect(document.samples).toHaveLength(1);
    expect(sample).toMatchObject({ sample_id: 'swiss', sample_index: 0, sample: { country: 'Switzerland' } });
    expect(sample?.solved?.trials[0]).toMatchObject({
      output: { trace: { FORMAT: 'open_responses' } },
      queries: [
        {
          model_key: 'small',
          input: { messages: [{ role: 'user', content: 'Capital of Switzerland?' }] },
          evidence: { retries: [], served_model: 'small-1' },
        },
      ],
    });
    expect(sample?.scored?.scores['exact']?.values).toEqual({ is_correct: true });
    expect(sample?.scored?.trials.find(({ scorer_key }) => scorer_key === 'judge')?.queries).toHaveLength(1);
  });

  it('leaves nothing behind: no store, no run, no blob, no file', async () => {
    const listing = await readdir(folder.path);
    await stet.try(makeRun(), { samples: ['swiss', 'french'] });
    expect(await readdir(folder.path)).toEqual(listing);
    expect(listing).toEqual([]);
    expect(await stet.list()).toEqual([]);
  });

  it('takes a sample by its id before its number, several of them, and another task', async () => {
    const before = server.count();
    const document = await stet.try(makeRun(), { task: 'second', samples: ['french', '1', '2'] });
    expect(document.task).toBe('second');
    expect(document.samples.map(({ sample_id }) => sample_id)).toEqual(['french', '1']);
    expect(document.samples[0]?.scored?.action_records).toEqual([{ action: 'exclude_from_metrics', rule_key: 'rest' }]);
    expect(server.count() - before).toBe(document.model_queries.sent);
  });

  it('shows what was asked where no answer came, and the error with its hint', async () => {
    server.setHandler(() => ({ status: 400, content: 'Too long.' }));
    const document = await stet.try(makeRun());
    expect(document).toMatchObject({ errors: 1, error: null, model_queries: { sent: 1, retried: 0 } });
    expect(document.samples[0]).toMatchObject({
      solved: { trials: [{ output: null, error: { stage: 'solver', error_type: 'model-error' } }] },
      unanswered: [
        {
          model_key: 'small',
          trial: 0,
          input: { messages: [{ content: 'Capital of Switzerland?' }] },
          error: { message: expect.stringContaining('Too long.') },
        },
      ],
    });
  });

  it('sends again by the retry rules of the model, and shows each failure', async () => {
    server.setHandler((request) =>
      request.earlier === 0 && request.prompt.includes('Peru')
        ? { status: 503, content: 'Busy.', headers: { 'retry-after': '0' } }
        : answerWell(request),
    );
    const before = server.count();
    const run = makeRun();
    const document = await stet.try(run, { set: [{ path: 'datasets.0.source.samples.0.country', value: 'Peru' }] });
    expect(document.model_queries).toEqual({ sent: 2, retried: 1 });
    expect(server.count() - before).toBe(3);
    expect(document.samples[0]?.solved?.trials[0]?.queries[0]?.evidence.retries).toMatchObject([{ status: 503 }]);
  });

  it('says of a model that cannot be used so once, and keeps what the others gave', async () => {
    const dead = {
      key: 'dead',
      config: { connection_type: 'openai_compatible', base_url: 'http://127.0.0.1:1/v1', model_key: 'none' },
    };
    const run = makeRun();
    const document = await stet.try({
      ...run,
      models: [...(run.models ?? []), dead],
      limits: { outage_patience_s: 0 },
      tasks: JSON.parse(JSON.stringify(run.tasks).replace('"model_key":"small"', '"model_key":"dead"')),
    } as RunFileInput);
    expect(document).toMatchObject({ errors: 1, error: { error_type: 'model-unusable' } });
    expect(document.samples[0]?.solved?.trials[0]?.output).not.toBeNull();
    expect(document.samples[0]).toMatchObject({
      scored: null,
      unanswered: [{ model_key: 'dead', scorer_key: 'judge' }],
    });
  });

  it('never shows the value of a secret', async () => {
    server.setHandler(() => ({ status: 400, content: 'Refused.' }));
    expect(JSON.stringify(await stet.try(makeRun()))).not.toContain(apiKey);
    expect(server.requests.at(-1)?.headers['authorization']).toBe(`Bearer ${apiKey}`);
  });

  it('gives up at once when its signal fires', async () => {
    const stopping = new AbortController();
    const reason = new Error('Enough.');
    server.setHandler(() => {
      stopping.abort(reason);
      return new Promise(() => {});
    });
    await expect(stet.try(makeRun(), { signal: stopping.signal })).rejects.toBe(reason);
  });

  it('refuses what is not there, with the nearest name', async () => {
    await expect(stet.try(makeRun(), { samples: ['swis'] })).rejects.toMatchObject({
      code: 'usage',
      hint: 'Did you mean "swiss"?',
    });
    await expect(stet.try(makeRun(), { task: 'frist' })).rejects.toMatchObject({
      code: 'usage',
      hint: 'Did you mean "first"?',
    });
    const lacking = await openStet({ workingDirectory: folder.path, environment: {} });
    await expect(lacking.try(makeRun())).rejects.toMatchObject({ code: 'config-secret' });
    await lacking.close();
  });
});
