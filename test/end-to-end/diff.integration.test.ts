import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DiffDocument, MetricDiffDocument, TaskDiffDocument } from '../../client/diff/diff-document.ts';
import { openStet, type Stet } from '../../embedded/index.ts';
import type { RunFileInput } from '../../evaluation/spec/run-file.ts';
import { answerCapital, type CapitalRunOptions, makeCapitalRun } from '../support/capital-run.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { placeStore } from '../support/stores/place-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// Two results side by side, over a real store. Country n is answered rightly but for every tenth one; with the word "curt"
// in the prompt also every fifth one is wrong, and "deaf" refuses country 3.

let server: OpenAiTestServer;
let folder: TemporaryFolder;
let stet: Stet;

beforeAll(async () => {
  server = await startOpenAiTestServer({
    answer: ({ prompt, body }) => {
      const asked = `${prompt} ${JSON.stringify(body)}`;
      const index = Number(/Country (\d+)/.exec(asked)?.[1]);
      if (asked.includes('deaf') && index === 3) return { status: 400, content: 'no' };
      return asked.includes('curt') && index % 5 === 0 ? 'Atlantis' : answerCapital(prompt);
    },
  });
  folder = await makeTemporaryFolder();
  stet = await openStet({ store: placeStore(`${folder.path}/.stet`), workingDirectory: folder.path });
});

afterAll(async () => {
  await stet?.close();
  await server?.close();
  await folder?.[Symbol.asyncDispose]();
});

const makeRun = (options: Partial<CapitalRunOptions> = {}): RunFileInput =>
  makeCapitalRun({ baseUrl: server.baseUrl, rows: 40, maxSampleErrors: 10, ...options });

async function run(source: RunFileInput, label?: string): Promise<string> {
  const handle = await stet.run(source, label === undefined ? {} : { label });
  const { status, run: id } = await handle.result();
  expect(status).toBe('completed');
  return id;
}

function only(diff: DiffDocument): { task: TaskDiffDocument; metric: MetricDiffDocument } {
  const [task] = diff.tasks;
  const [metric] = task?.metrics ?? [];
  if (task === undefined || metric === undefined) throw new Error('Nothing was compared.');
  return { task, metric };
}

describe('two runs', () => {
  it('are compared sample by sample, with what turned round and what changed', async () => {
    const first = await run(makeRun(), 'team/base');
    const second = await run(makeRun({ systemPrompt: 'Be curt.' }));
    const diff = await stet.diff('team/base', second, { failIf: ['accuracy < -0.02', 'accuracy < 0.5'] });
    const { task, metric } = only(diff);
    expect(diff.first.run).toBe(first);
    // Eight of forty turned from right to wrong: 36 right, then 28; McNemar's exact p is 2 · 2⁻⁸.
    expect(metric).toMatchObject({
      metric: 'accuracy',
      first: 0.9,
      second: 0.7,
      method: 'mcnemar',
      interval_method: 'newcombe-paired',
      samples: [40, 40],
      is_beyond_noise: true,
    });
    expect(metric.difference).toBeCloseTo(-0.2, 12);
    expect(metric.p_value).toBeCloseTo(2 ** -7, 12);
    expect(task.samples).toMatchObject({ in_both: 40, are_paired: true, reason: null });
    expect(task.flips).toEqual([
      {
        scorer: 'string_equals',
        score: expect.any(String),
        to_right: { count: 0, samples: [] },
        to_wrong: { count: 8, samples: ['c0', 'c10', 'c15', 'c20', 'c25', 'c30', 'c35', 'c5'] },
      },
    ]);
    expect(task.changes.map(({ component }) => component)).toEqual(['solver']);
    expect(task.first.usage[0]?.sent.queries).toBe(40);
    expect(diff.gates.map(({ verdict }) => verdict)).toEqual(['failed', 'passed']);
  });

  it('that are one and the same result differ in nothing, and it is said', async () => {
    const source = makeRun({ systemPrompt: 'Say it twice.' });
    const diff = await stet.diff(await run(source), await run(source), { failIf: ['accuracy < -0'] });
    const { task, metric } = only(diff);
    expect(metric).toMatchObject({ difference: 0, p_value: 1, is_beyond_noise: false });
    expect(metric.interval?.[0]).toBeLessThan(0);
    expect(metric.interval?.[1]).toBeGreaterThan(0);
    expect(task.changes).toEqual([]);
    expect(task.flips).toEqual([]);
    expect(task.notes.join()).toContain('nothing was measured anew');
    expect(diff.gates[0]?.verdict).toBe('passed');
  });

  it('are compared over the samples that both have, and new errors are named', async () => {
    const first = await run(makeRun({ rows: 30, systemPrompt: 'Grow.' }));
    const second = await run(makeRun({ rows: 40, systemPrompt: 'Grow, deaf.' }));
    const { task, metric } = only(await stet.diff(first, second, { samples: 2 }));
    expect(task.samples).toMatchObject({
      in_both: 30,
      are_paired: true,
      only_in_first: { count: 0 },
      only_in_second: { count: 10, samples: ['c30', 'c31'] },
    });
    expect(task.errors).toEqual({ new: { count: 1, samples: ['c3'] }, gone: { count: 0, samples: [] } });
    expect(metric).toMatchObject({ samples: [29, 29], difference: 0 });
    const { task: back } = only(await stet.diff(second, first));
    expect(back.errors).toMatchObject({ new: { count: 0 }, gone: { count: 1 } });
  });

  it('of several trials are compared by sample: trials of one sample are not independent', async () => {
    const scorers = [
      {
        type: 'string_equals',
        ground_truth: '{{ sample.capital }}',
        metrics: [
          { type: 'mean', field: 'is_correct', name: 'accuracy' },
          { type: 'max', field: 'is_correct', name: 'best' },
        ],
      },
    ];
    const first = await run(makeRun({ rows: 10, numTrials: 3, scorers, systemPrompt: 'Thrice.' }));
    const second = await run(makeRun({ rows: 10, numTrials: 2, scorers, systemPrompt: 'Twice, curt.' }));
    const { task, metric } = only(await stet.diff(first, second));
    expect(metric).toMatchObject({ first: 0.9, second: 0.7, samples: [10, 10] });
    expect(task.flips[0]?.to_wrong.samples).toEqual(['c0', 'c5']);
    expect(task.metrics[1]).toMatchObject({ metric: 'best', difference: null, p_value: null, p_adjusted: null });
    expect(task.metrics[1]?.reason).toContain('one sample');
  });

  it('of datasets that changed and have no ids are compared as two sets: position 3 is another sample now', async () => {
    const withoutIds = (from: number) => {
      const samples = Array.from({ length: 20 }, (_, index) => ({
        country: `Country ${from + index}`,
        capital: `Capital ${from + index}`,
      }));
      return { ...makeRun(), datasets: [{ key: 'capitals', source: { type: 'inline', samples } }] } as RunFileInput;
    };
    const { task, metric } = only(await stet.diff(await run(withoutIds(0)), await run(withoutIds(1))));
    expect(task.samples).toMatchObject({ in_both: 0, are_paired: false, reason: expect.stringContaining('sample_id') });
    expect(metric).toMatchObject({ difference: 0, p_value: 1, method: 'fisher', interval_method: 'newcombe' });
    expect(task.flips).toEqual([]);
    expect(task.changes.map(({ component, path }) => component + path)).toEqual(['dataset/version']);
  });

  it('refuse what cannot be compared, and conditions about nothing', async () => {
    const id = await run(makeRun({ rows: 6, systemPrompt: 'Alone.' }));
    await expect(stet.diff(id, `${id}/plane`)).rejects.toMatchObject({ code: 'usage', hint: 'Did you mean "plain"?' });
    await expect(stet.diff(id, 'nowhere/plain')).rejects.toMatchObject({ code: 'run-not-found' });
    await expect(stet.diff(id, id, { failIf: ['acuracy < -0.1'] })).rejects.toMatchObject({ code: 'usage' });
    await expect(stet.diff(id, id, { failIf: ['accuracy'] })).rejects.toMatchObject({ code: 'usage' });
    await expect(stet.diff(id, id, { confidence: 95 })).rejects.toMatchObject({ code: 'usage' });
    await expect(stet.diff(id, { by: 'model' })).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('model'),
    });
  });
});

describe('specifications of one run', () => {
  /** Two models, and two values of a parameter that the prompt holds. */
  function makeGrid(): RunFileInput {
    const source = makeRun({
      models: [
        {
          key: 'large',
          config: { connection_type: 'openai_compatible', base_url: server.baseUrl, model_key: 'curt-1' },
        },
      ],
      systemPrompt: 'Answer in a << config.tone >> way.',
      specifications: [
        { key: 'small-kind', task_key: 'capital-qa', model_key: 'small', task_config: { tone: 'kind' } },
        { key: 'small-curt', task_key: 'capital-qa', model_key: 'small', task_config: { tone: 'curt' } },
        { key: 'large-kind', task_key: 'capital-qa', model_key: 'large', task_config: { tone: 'kind' } },
      ],
    });
    const [task] = source.tasks as readonly [object];
    return {
      ...source,
      tasks: [{ ...task, config_spec: [{ key: 'tone', type: 'string' }] }],
    } as unknown as RunFileInput;
  }

  it('that differ only in the model, or in a parameter, are compared with the first of them', async () => {
    const id = await run(makeGrid());
    const byModel = await stet.diff(id, { by: 'model' });
    expect(byModel.by).toBe('model');
    expect(byModel.tasks.map(({ first, second }) => [first.task, second.task, first.value, second.value])).toEqual([
      ['small-kind', 'large-kind', 'small', 'large'],
    ]);
    expect(only(byModel).metric.difference).toBeCloseTo(-0.2, 12);
    const byTone = await stet.diff(id, { by: 'tone' });
    expect(byTone.tasks.map(({ first, second }) => [first.task, second.value])).toEqual([['small-kind', 'curt']]);
    await expect(stet.diff(id, { by: 'tune' })).rejects.toMatchObject({ code: 'usage' });
    const named = await stet.diff(`${id}/small-curt`, `${id}/large-kind`);
    expect(only(named).metric).toMatchObject({ difference: 0, method: 'mcnemar' });
    expect(named.correction).toEqual({ method: 'holm', comparisons: 1 });
  });
});
