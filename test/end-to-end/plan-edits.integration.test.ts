import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStet, type PlanTaskDocument, type RunDocument, type Stet } from '../../embedded/index.ts';
import type { RunFileInput } from '../../evaluation/spec/run-file.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { placeStore } from '../support/stores/place-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// One run, and then what `plan` says of the file after a single edit: exactly the edited field, and what has to be asked.

const samples = 4;
/** Of one sample: the solver, and the two scorers that ask a judge. */
const solver = samples;
const judges = 2 * samples;

let server: OpenAiTestServer;
let folder: TemporaryFolder;
let stet: Stet;
let base: RunDocument;

beforeAll(async () => {
  server = await startOpenAiTestServer({
    answer: ({ body, prompt }) =>
      body.model === 'judge-1'
        ? makeReply('{"prediction": "good", "score": 5}')
        : makeReply(`Re: ${prompt}`, { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 }),
  });
  folder = await makeTemporaryFolder();
  stet = await openStet({ store: placeStore(`${folder.path}/.stet`), workingDirectory: folder.path });
  base = await (await stet.run(makeFile() as unknown as RunFileInput)).result();
});

afterAll(async () => {
  await stet?.close();
  await server?.close();
  await folder?.[Symbol.asyncDispose]();
});

function makeReply(content: string, usage?: object) {
  const choices = [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }];
  return { body: { choices, ...(usage === undefined ? {} : { usage }) } };
}

interface File {
  models: Record<string, unknown>[];
  datasets: { source: { samples: Record<string, unknown>[] } & Record<string, unknown> }[];
  tasks: { definition: { solver: Record<string, unknown>; scorers: Record<string, unknown>[] } }[];
  [field: string]: unknown;
}

function makeFile(): File {
  const connection = { connection_type: 'openai_compatible', base_url: server.baseUrl };
  const rows = Array.from({ length: samples }, (_, index) => ({
    sample_id: `s${index}`,
    question: `Question ${index}?`,
    expected: `Question ${index}`,
  }));
  return {
    models: [
      {
        key: 'small',
        generation: { temperature: 0, max_tokens: 50 },
        price: { input: 1, output: 2 },
        rate_limit: 60_000,
        config: { ...connection, model_key: 'small-1', custom_headers: { 'x-team': 'a' } },
      },
      { key: 'judge', generation: { temperature: 0 }, config: { ...connection, model_key: 'judge-1' } },
    ],
    datasets: [{ key: 'rows', display_name: 'Rows', source: { type: 'inline', samples: rows } } as never],
    tasks: [
      {
        key: 'qa',
        display_name: 'Questions',
        config_spec: [{ key: 'tone', type: 'string', default_value: 'short' }],
        definition: {
          dataset: { key: 'rows' },
          solver: {
            type: 'single_turn_solver',
            input_builder: {
              type: 'chat_completion',
              input_messages: [
                { role: 'system', content: 'Be << config.tone >>.' },
                { role: 'user', content: 'Answer: {{ sample.question }}' },
              ],
            },
          },
          scorers: [
            {
              key: 'exact',
              type: 'includes',
              text: '{{ sample.expected }}',
              metrics: [{ type: 'mean', field: 'is_correct', name: 'accuracy' }],
            },
            {
              key: 'quality',
              type: 'model_as_a_judge_classifier',
              model_key: 'judge',
              user_prompt: 'Is it good? {{ solver_output.output }}',
              correct_labels: ['good'],
              incorrect_labels: ['bad'],
            },
            {
              key: 'grade',
              type: 'model_as_a_judge_scorer',
              model_key: 'judge',
              user_prompt: 'Grade it: {{ solver_output.output }}',
              score_min: 1,
              score_max: 5,
            },
          ],
          actions: [
            {
              key: 'skip-empty',
              action: 'exclude_from_metrics',
              filter: { op: 'equals', expression: '{{ sample.question }}', value: '' },
            },
          ],
        },
      } as never,
    ],
    evaluation: {
      key: 'edits',
      task_specifications: [{ key: 'main', task_key: 'qa', model_key: 'small', task_config: { tone: 'short' } }],
    },
    run_config: { num_samples: 10, seed: 0 },
    secrets: {},
  };
}

/** Changes the value at a path of keys and places; undefined takes it out. */
function set(path: string, value: unknown): (file: File) => void {
  return (file) => {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    let holder: unknown = file;
    for (const key of keys) holder = Reflect.get(holder as object, key);
    if (value === undefined) Reflect.deleteProperty(holder as object, last);
    else Reflect.set(holder as object, last, value);
  };
}

const definition = 'tasks.0.definition';
const scorers = `${definition}.scorers`;
const messages = `${definition}.solver.input_builder.input_messages`;

async function planAfter(edit: (file: File) => void): Promise<PlanTaskDocument> {
  const file = makeFile();
  edit(file);
  const { tasks } = await stet.plan(file as unknown as RunFileInput);
  const [task] = tasks;
  if (task === undefined || tasks.length !== 1) throw new Error('The plan has one task.');
  return task;
}

describe('a plan after one edit', () => {
  it('stands on a run that asked everything', () => {
    expect(base.status).toBe('completed');
    expect(base.model_queries).toMatchObject({ sent: solver + judges, retried: 0, saved: 0 });
    expect(server.requests).toHaveLength(solver + judges);
  });

  it.each<[string, (file: File) => void]>([
    ['the price', set('models.0.price', { input: 3, output: 4 })],
    ['the rate limit', set('models.0.rate_limit', 6)],
    ['the retries', set('models.0.max_retries', 2)],
    ['the display name of the dataset', set('datasets.0.display_name', 'Other rows')],
    ['the display name of the task', set('tasks.0.display_name', 'Other questions')],
    ['the key of the evaluation', set('evaluation.key', 'other')],
    ['the key of the specification', set('evaluation.task_specifications.0.key', 'other')],
    [
      'the key of the model',
      (file) => {
        set('models.0.key', 'renamed')(file);
        set('evaluation.task_specifications.0.model_key', 'renamed')(file);
      },
    ],
    ['the error limit', set('limits', { max_sample_errors: 2 })],
    ['a value written out', set(`${messages}.0.content`, 'Be short.')],
  ])('finds everything standing: %s', async (_, edit) => {
    const task = await planAfter(edit);
    expect(task).toMatchObject({ reuse: 'full', why: [], compared_with: null });
    expect(task.model_queries).toEqual({ sent: 0, retried: 0, saved: solver + judges });
    expect(task.source).toMatchObject({ run: base.run, task: 'main', status: 'completed' });
  });

  it.each<[string, (file: File) => void, string, string]>([
    [
      'the prompt',
      set(`${messages}.1.content`, 'Say: {{ sample.question }}'),
      'solver',
      '/input_builder/input_messages/1/content',
    ],
    [
      'the system message',
      set(`${messages}.0.content`, 'Be kind.'),
      'solver',
      '/input_builder/input_messages/0/content',
    ],
    [
      'a message put between',
      (file) => {
        const list = [
          { role: 'system', content: 'Be << config.tone >>.' },
          { role: 'user', content: 'Hello.' },
        ];
        set(messages, [...list, { role: 'user', content: 'Answer: {{ sample.question }}' }])(file);
      },
      'solver',
      '/input_builder/input_messages/1',
    ],
    [
      'another kind of request',
      set(`${definition}.solver.input_builder`, { type: 'generic', template: '{{ sample.question }}' }),
      'solver',
      '/input_builder',
    ],
    [
      'a config value of the task',
      set('evaluation.task_specifications.0.task_config.tone', 'long'),
      'solver',
      '/input_builder/input_messages/0/content',
    ],
    ['the temperature', set('models.0.generation.temperature', 0.5), 'model', '/generation/temperature'],
    ['the length of answers', set('models.0.generation.max_tokens', undefined), 'model', '/generation/max_tokens'],
    ['the name of the model', set('models.0.config.model_key', 'small-2'), 'model', '/connection/model_key'],
    ['the version of the model', set('models.0.version', '2'), 'model', '/version'],
    ['a header', set('models.0.config.custom_headers.x-team', 'b'), 'model', '/connection/custom_headers/x-team'],
    ['a cell of a row', set('datasets.0.source.samples.2.expected', 'Other'), 'dataset', '/version'],
    ['the order of rows', (file) => void file.datasets[0]?.source.samples.reverse(), 'dataset', '/version'],
    ['the number of samples', set('run_config.num_samples', 3), 'run_config', '/num_samples'],
    ['the seed', set('run_config.seed', 7), 'run_config', '/seed'],
    ['the way of subsampling', set('run_config.subsampling', 'random'), 'run_config', '/subsampling'],
    ['the number of trials', set('run_config.trials_config', { num_trials: 2 }), 'run_config', '/num_trials'],
  ])('names the field, and asks everything again: %s', async (_, edit, component, path) => {
    const task = await planAfter(edit);
    expect(task.reuse).toBe('none');
    expect(task.why?.map((reason) => [reason.category, reason.component, reason.path])).toEqual([
      ['field', component, path],
    ]);
    expect(task.compared_with).toMatchObject({ run: base.run, task: 'main' });
    const { total } = task.samples;
    expect(task.model_queries).toEqual({ sent: 3 * total * task.trials, retried: 0, saved: 0 });
  });

  it.each<[string, (file: File) => void, string, string]>([
    ['a field of a scorer', set(`${scorers}.0.ignore_case`, true), 'scorers', '/0/ignore_case'],
    ['the text of a scorer', set(`${scorers}.0.text`, '{{ sample.question }}'), 'scorers', '/0/text'],
    [
      'another metric',
      (file) => {
        const metrics = [
          { type: 'mean', field: 'is_correct', name: 'accuracy' },
          { type: 'std_dev', field: 'is_correct', name: 'spread' },
        ];
        set(`${scorers}.0.metrics`, metrics)(file);
      },
      'scorers',
      '/0/metrics/1',
    ],
    ['the name of a metric', set(`${scorers}.0.metrics.0.name`, 'share'), 'scorers', '/0/metrics/0/name'],
    [
      'another scorer in front',
      (file) => void file.tasks[0]?.definition.scorers.unshift({ key: 'more', type: 'includes', text: 'Re' }),
      'scorers',
      '/0',
    ],
    ['the order of scorers', (file) => void file.tasks[0]?.definition.scorers.reverse(), 'scorers', ''],
    [
      'the prompt of a judge',
      set(`${scorers}.1.user_prompt`, 'Well? {{ solver_output.output }}'),
      'scorers',
      '/1/user_prompt',
    ],
    ['a label of a judge', set(`${scorers}.1.correct_labels.0`, 'great'), 'scorers', '/1/correct_labels/0'],
    ['the scale of a judge', set(`${scorers}.2.score_max`, 10), 'scorers', '/2/score_max'],
    ['the filter of a rule', set(`${definition}.actions.0.filter.value`, 'x'), 'actions', '/rules/0/filter/value'],
    ['a rule taken out', set(`${definition}.actions`, []), 'actions', '/rules/0'],
  ])('names the field, and asks only the judges: %s', async (_, edit, component, path) => {
    const task = await planAfter(edit);
    expect(task.reuse).toBe('partial');
    expect(task.why?.map((reason) => [reason.category, reason.component, reason.path])).toEqual([
      ['field', component, path],
    ]);
    expect(task.model_queries).toEqual({ sent: judges, retried: 0, saved: solver });
  });

  it('names a change of the judge for every scorer that asks it', async () => {
    const task = await planAfter(set('models.1.generation.temperature', 1));
    expect(task.why?.map(({ sentence }) => sentence)).toEqual([
      'Scorer "quality", judge model: generation.temperature changed from 0 to 1.',
      'Scorer "grade", judge model: generation.temperature changed from 0 to 1.',
    ]);
  });

  it('asks no judge for a scorer that is gone', async () => {
    const task = await planAfter((file) => void file.tasks[0]?.definition.scorers.pop());
    expect(task.why?.map(({ sentence }) => sentence)).toEqual(['Scorer "grade" is gone.']);
    expect(task.model_queries).toEqual({ sent: samples, retried: 0, saved: solver });
  });

  it('names the policy', async () => {
    const task = await planAfter(set('run_config.cache_policy', 'update'));
    expect(task.why).toMatchObject([{ category: 'policy' }]);
    expect(task.model_queries.sent).toBe(solver + judges);
  });

  it('names several fields of one edit, each once', async () => {
    const task = await planAfter((file) => {
      set('models.0.generation.temperature', 1)(file);
      set(`${scorers}.0.ignore_case`, true)(file);
    });
    expect(task.why?.map(({ sentence }) => sentence)).toEqual([
      'Model "small": generation.temperature changed from 0 to 1.',
      'Scorer "exact": ignore_case changed from false to true.',
    ]);
  });

  it('estimates tokens and cost from what the earlier answers took, by the present price', async () => {
    const task = await planAfter((file) => {
      set('run_config.seed', 1)(file);
      set('models.0.price', { input: 3, output: 0.5 })(file);
    });
    const [forSolver, forJudge] = task.usage ?? [];
    expect(forSolver).toMatchObject({
      model: 'small',
      purpose: 'solver',
      sent: { queries: 4, prompt_tokens: 40, completion_tokens: 8, cost_micros: '124' },
      saved: { queries: 0, cost_micros: '0' },
      basis: { run: base.run, task_key: 'qa', queries: 4 },
      no_estimate: null,
    });
    // The judge's service says nothing of tokens, and it has no price.
    expect(forJudge).toMatchObject({
      model: 'judge',
      purpose: 'judge',
      sent: { queries: 8, prompt_tokens: null, cost_micros: null },
      basis: null,
      no_estimate: expect.stringContaining('judge'),
    });
  });

  it('says what reuse saves', async () => {
    const file = makeFile();
    const { expected } = await stet.plan(file as unknown as RunFileInput);
    expect(expected.sent).toMatchObject({ queries: 0, cost_micros: '0', has_all_costs: true });
    expect(expected.saved).toMatchObject({
      queries: solver + judges,
      prompt_tokens: 40,
      completion_tokens: 8,
      cost_micros: '56',
      has_all_costs: false,
    });
  });

  it('has asked nothing', () => {
    expect(server.requests).toHaveLength(solver + judges);
  });
});
