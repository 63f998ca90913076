import { describe, expect, test } from 'vitest';
import type { JsonValue } from '../../../contracts/json.ts';
import { marksOf } from '../../support/zod-arbitrary.ts';
import { changeHost, findChange } from './support/compare-keys.ts';
import { listFieldCases, placements } from './support/placements.ts';

// What the format says enters which key (section 20), said again here: the table in the code must not be its own judge.

type Changes = Readonly<Record<string, JsonValue | undefined>>;
interface Row {
  readonly what: string;
  readonly before?: Changes;
  readonly after: Changes;
}

const definition = 'tasks.0.definition';
const solver = `${definition}.solver`;
const scorer = `${definition}.scorers.0`;
const rule = (expression: string) => ({
  key: 'rule',
  action: 'exclude_from_metrics',
  filter: { op: 'is_true', expression },
});
const samples = 'datasets.0.source.samples';

const solverPart: readonly Row[] = [
  {
    what: 'key of the task',
    after: { 'tasks.0.key': 'renamed', 'evaluation.task_specifications.0.task_key': 'renamed' },
  },
  { what: 'a cell', after: { [`${samples}.0.Alpha`]: 'One' } },
  { what: 'a column that no template uses', after: { [`${samples}.1.Unused`]: 'x' } },
  { what: 'type of a cell', after: { [`${samples}.0.Beta`]: 1 } },
  {
    what: 'order of the rows',
    before: { [samples]: [{ sample_id: 'a' }, { sample_id: 'b' }] },
    after: { [samples]: [{ sample_id: 'b' }, { sample_id: 'a' }] },
  },
  { what: 'a sample id', after: { [`${samples}.0.sample_id`]: 'z' } },
  {
    what: 'a row that the subsample leaves out',
    before: { run_config: { num_samples: 1 } },
    after: { run_config: { num_samples: 1 }, [`${samples}.2.Alpha`]: 'other' },
  },
  {
    what: 'a filter that takes a row away',
    after: { 'datasets.0.source.filters': [{ op: 'is_true', expression: '{{ sample.Spare }}' }] },
  },
  { what: 'which dataset', after: { [`${definition}.dataset.key`]: 'other-rows' } },
  { what: 'a prompt', after: { [`${solver}.input_builder.input_messages.0.content`]: 'Name {{ sample.Alpha }}.' } },
  { what: 'role of a message', after: { [`${solver}.input_builder.input_messages.0.role`]: 'system' } },
  { what: 'type of the solver', after: { [solver]: { type: 'pass_through_solver', trace_column: 'Alpha' } } },
  { what: 'num_samples', after: { run_config: { num_samples: 2 } } },
  { what: 'num_samples equal to the number of rows', after: { run_config: { num_samples: 3 } } },
  {
    what: 'num_samples beyond the number of rows',
    before: { run_config: { num_samples: 3 } },
    after: { run_config: { num_samples: 4 } },
  },
  { what: 'subsampling', after: { run_config: { subsampling: 'random' } } },
  { what: 'seed, under head too', after: { run_config: { seed: 7 } } },
  { what: 'num_trials of the run config', after: { run_config: { trials_config: { num_trials: 2 } } } },
  { what: 'num_trials of the specification', after: { 'evaluation.task_specifications.0.trials': { num_trials: 2 } } },
  { what: 'num_trials of the task', after: { [`${definition}.trials`]: { num_trials: 2 } } },
  { what: 'num_samples of the specification', after: { 'evaluation.task_specifications.0.num_samples': 2 } },
  { what: 'subsampling of the specification', after: { 'evaluation.task_specifications.0.subsampling': 'random' } },
];

const scoringPart: readonly Row[] = [
  {
    what: 'an aggregator of trials',
    after: {
      [`${definition}.trials`]: {
        num_trials: 1,
        score_aggregators: [{ score_name: 'is_correct', aggregator: { function: 'pass@k', k: 2 } }],
      },
    },
  },
  { what: 'a ground truth', after: { [`${scorer}.ground_truth`]: '{{ sample.Beta }}' } },
  { what: 'type of a scorer', after: { [`${scorer}.type`]: 'numeric_equals' } },
  { what: 'key of a scorer', after: { [`${scorer}.key`]: 'renamed' } },
  { what: 'purpose of a scorer', after: { [`${scorer}.purpose`]: 'qa' } },
  { what: 'a scorer less', after: { [`${definition}.scorers`]: [] } },
  {
    what: 'order of the scorers',
    before: {
      [`${definition}.scorers`]: [
        { type: 'includes', key: 'a', text: 'x' },
        { type: 'includes', key: 'b', text: 'x' },
      ],
    },
    after: {
      [`${definition}.scorers`]: [
        { type: 'includes', key: 'b', text: 'x' },
        { type: 'includes', key: 'a', text: 'x' },
      ],
    },
  },
  { what: 'a metric', after: { [`${scorer}.metrics`]: [{ type: 'max', field: 'is_correct' }] } },
  { what: 'no metrics', after: { [`${scorer}.metrics`]: [] } },
  {
    what: 'name of a metric',
    before: { [`${scorer}.metrics`]: [{ type: 'mean', field: 'is_correct' }] },
    after: { [`${scorer}.metrics`]: [{ type: 'mean', field: 'is_correct', name: 'share' }] },
  },
  {
    what: 'key of a metric',
    before: { [`${scorer}.metrics`]: [{ type: 'mean', field: 'is_correct' }] },
    after: { [`${scorer}.metrics`]: [{ type: 'mean', field: 'is_correct', key: 'share' }] },
  },
  { what: 'an action rule', after: { [`${definition}.actions`]: [rule('{{ sample.Spare }}')] } },
  {
    what: 'filter of an action rule',
    before: { [`${definition}.actions`]: [rule('{{ sample.Spare }}')] },
    after: { [`${definition}.actions`]: [rule('{{ scores.first.is_correct }}')] },
  },
  {
    what: 'key of an action rule',
    before: { [`${definition}.actions`]: [rule('{{ sample.Spare }}')] },
    after: { [`${definition}.actions`]: [{ ...rule('{{ sample.Spare }}'), key: 'renamed' }] },
  },
  { what: 'prompt of a judge', after: { [`${definition}.scorers.1.user_prompt`]: 'Judge {{ trace }}' } },
  { what: 'which model judges', after: { [`${definition}.scorers.1.model_key`]: 'subject' } },
];

const noPart: readonly Row[] = [
  { what: 'run_config.cache_policy', after: { run_config: { cache_policy: 'no-cache' } } },
  { what: 'evaluation.cache_policy', after: { 'evaluation.cache_policy': 'update' } },
  { what: 'limits', after: { limits: { max_sample_errors: 0.5 } } },
  { what: 'reuse', after: { reuse: { max_age: '7d', answers: 'off' } } },
  { what: 'key of the evaluation', after: { 'evaluation.key': 'renamed' } },
  { what: 'key of the specification', after: { 'evaluation.task_specifications.0.key': 'renamed' } },
  {
    what: 'key of the evaluated model',
    after: { 'models.0.key': 'renamed', 'evaluation.task_specifications.0.model_key': 'renamed' },
  },
  { what: 'key of the judge', after: { 'models.1.key': 'renamed', [`${definition}.scorers.1.model_key`]: 'renamed' } },
  { what: 'key of the dataset', after: { 'datasets.0.key': 'renamed', [`${definition}.dataset.key`]: 'renamed' } },
  { what: 'key of an adapter', after: { 'model_adapters.0.key': 'renamed', 'models.0.config.adapter.key': 'renamed' } },
  ...['evaluation', 'tasks.0', 'models.0', 'datasets.0', 'model_adapters.0'].flatMap((place) =>
    ['display_name', 'description', 'long_description'].map((field) => ({
      what: `${place}.${field}`,
      after: { [`${place}.${field}`]: 'Words.' },
    })),
  ),
  { what: 'display name of the specification', after: { 'evaluation.task_specifications.0.display_name': 'Words.' } },
  { what: 'display name of a scorer', after: { [`${scorer}.display_name`]: 'Words.' } },
  ...[
    'evaluation.tags',
    'tasks.0.tags',
    'datasets.0.tags',
    'evaluation.use_cases',
    'evaluation.domains',
    'evaluation.providers',
  ].map((place) => ({
    what: place,
    after: { [place]: ['words'] },
  })),
  { what: 'tasks of the task', after: { 'tasks.0.tasks': ['custom'] } },
  { what: 'provider of an adapter', after: { 'model_adapters.0.provider': 'somebody' } },
  { what: 'a declared parameter', after: { 'tasks.0.config_spec': [], 'evaluation.config_spec': [] } },
  { what: 'message_format', after: { [`${solver}.message_format`]: 'open_responses' } },
  {
    what: 'the model of a solver that cannot call it',
    before: { [solver]: { type: 'pass_through_solver', trace_column: 'Alpha' } },
    after: {
      [solver]: { type: 'pass_through_solver', trace_column: 'Alpha' },
      'evaluation.task_specifications.0.model_key': 'judge',
    },
  },
  { what: 'the variable of a secret', after: { 'secrets.FIRST': '$ELSEWHERE' } },
  { what: 'a secret that nothing uses', after: { 'secrets.THIRD': '$THIRD' } },
  {
    what: 'a model that nothing asks',
    after: { models: [...placeholders('subject', 'judge', 'idle')] },
    before: { models: [...placeholders('subject', 'judge')] },
  },
];

const modelIn: readonly { readonly what: string; readonly before?: Changes; readonly after: Changes }[] = [
  { what: 'connection type', after: { config: { connection_type: 'placeholder' } } },
  { what: 'url', after: { 'config.url': 'https://elsewhere.example.org/v1' } },
  { what: 'model_key', after: { 'config.model_key': 'large' } },
  {
    what: 'base_url',
    before: { config: { connection_type: 'openai_compatible', base_url: 'https://a.example.org', model_key: 'm' } },
    after: { config: { connection_type: 'openai_compatible', base_url: 'https://b.example.org', model_key: 'm' } },
  },
  {
    what: 'provider_id',
    before: { config: { connection_type: 'provider_connection', provider_id: 'openai', model_key: 'm' } },
    after: { config: { connection_type: 'provider_connection', provider_id: 'together', model_key: 'm' } },
  },
  {
    what: 'a built-in adapter',
    before: { 'config.adapter': undefined },
    after: { 'config.adapter.key': 'latticeflow$openai_responses' },
  },
  ...['temperature', 'top_p', 'max_tokens', 'seed', 'frequency_penalty', 'presence_penalty'].map((name) => ({
    what: `generation.${name}`,
    after: { generation: { [name]: 1 } },
  })),
  { what: 'generation.stop', after: { generation: { stop: ['x'] } } },
  { what: 'generation.reasoning_effort', after: { generation: { reasoning_effort: 'low' } } },
  { what: 'generation.extra', before: { generation: { extra: { a: 1 } } }, after: { generation: { extra: { a: 2 } } } },
  { what: 'version', after: { version: '2' } },
  { what: 'task', after: { task: 'custom' } },
  {
    what: 'a literal header',
    before: { 'config.custom_headers': { 'X-A': 'one' } },
    after: { 'config.custom_headers': { 'X-A': 'two' } },
  },
  {
    what: 'name of a header',
    before: { 'config.custom_headers': { 'X-A': 'one' } },
    after: { 'config.custom_headers': { 'X-B': 'one' } },
  },
  {
    what: 'name of the secret of a header',
    before: { 'config.custom_headers': { 'X-A': '<< secrets.FIRST >>' } },
    after: { 'config.custom_headers': { 'X-A': '<< secrets.SECOND >>' } },
  },
  {
    what: 'name of the secret of api_key',
    before: { 'config.api_key': '<< secrets.FIRST >>' },
    after: { 'config.api_key': '<< secrets.SECOND >>' },
  },
  { what: 'whether there is a key', after: { 'config.api_key': '<< secrets.FIRST >>' } },
  {
    what: 'names of its secrets',
    before: { secrets: { OWN: '$OWN' } },
    after: { secrets: { OWN: '$OWN', MORE: '$MORE' } },
  },
];

const modelOut: typeof modelIn = [
  ...['rate_limit', 'max_concurrent_requests', 'max_retries', 'request_timeout'].map((field) => ({
    what: field,
    after: { [field]: 3 },
  })),
  { what: 'limit_group', after: { limit_group: 'shared' } },
  { what: 'price', after: { price: { input: 1, output: 2 } } },
  {
    what: 'tls_context',
    after: { 'config.tls_context': { validation_context: { trust_chain_verification: 'accept_untrusted' } } },
  },
  {
    what: 'variable of one of its secrets',
    before: { secrets: { OWN: '$OWN' } },
    after: { secrets: { OWN: '$OTHER' } },
  },
];

describe('the solver key changes, and with it the result key, with', () => {
  test.each(solverPart)('$what', async ({ before = {}, after }) => {
    expect(await findChange(changeHost(before), changeHost(after))).toBe('both');
  });
  test.each(modelIn)("the evaluated model's $what", async ({ before = {}, after }) => {
    expect(await findChange(changeHost(ofModel(0, before)), changeHost(ofModel(0, after)))).toBe('both');
  });
  test.each(['process_input', 'process_output'])('the %s of its adapter', async (field) => {
    const after = changeHost({ [`model_adapters.0.${field}.source_code`]: '{{ body }}.' });
    expect(await findChange(changeHost({}), after)).toBe('both');
  });
});

describe('only the result key changes with', () => {
  test.each(scoringPart)('$what', async ({ before = {}, after }) => {
    expect(await findChange(changeHost(before), changeHost(after))).toBe('result only');
  });
  test.each(modelIn)("a judge's $what", async ({ before = {}, after }) => {
    expect(await findChange(changeHost(ofModel(1, before)), changeHost(ofModel(1, after)))).toBe('result only');
  });
  test.each(['process_input', 'process_output'])('the %s of its adapter', async (field) => {
    const after = changeHost({ [`model_adapters.1.${field}.source_code`]: '{{ body }}.' });
    expect(await findChange(changeHost({}), after)).toBe('result only');
  });
});

describe('no key changes with', () => {
  test.each(noPart)('$what', async ({ before = {}, after }) => {
    expect(await findChange(changeHost(before), changeHost(after))).toBe('none');
  });
  test.each(
    [0, 1].flatMap((index) =>
      modelOut.map((row) => ({ ...row, index, whose: index === 0 ? 'the evaluated model' : 'a judge' })),
    ),
  )('$what of $whose', async ({ index, before = {}, after }) => {
    expect(await findChange(changeHost(ofModel(index, before)), changeHost(ofModel(index, after)))).toBe('none');
  });
});

describe('the table in the code', () => {
  const texts = ['display_name', 'description', 'long_description'];
  /** All that may count nowhere. Whoever adds to it needs a reason that the format gives. */
  const uncounted: Readonly<Record<keyof typeof placements, readonly string[]>> = {
    runFile: ['secrets', 'config', 'policies'],
    runConfig: ['cache_policy'],
    evaluation: ['key', ...texts, 'config_spec', 'cache_policy', 'tags', 'use_cases', 'domains', 'providers'],
    taskSpecification: [
      'type',
      'key',
      'task_key',
      'task_config',
      'model_key',
      'matrix',
      'task_result_log_path',
      'display_name',
    ],
    task: [...texts, 'tasks', 'config_spec', 'tags'],
    definition: [],
    trials: [],
    solver: ['message_format'],
    scorer: ['display_name', 'model_key'],
    model: [
      'key',
      ...texts,
      'rate_limit',
      'max_concurrent_requests',
      'limit_group',
      'max_retries',
      'request_timeout',
      'price',
    ],
    connection: ['tls_context', 'module', 'file_path', 'timeout'],
    adapter: ['key', ...texts, 'provider'],
    dataset: ['key', ...texts, 'tags'],
    source: ['type', 'file_path', 'directory_path', 'path', 'url'],
    limits: ['max_sample_errors', 'queries', 'cost', 'tokens', 'duration_s', 'outage_patience_s'],
    reuse: ['answers', 'max_age'],
  };

  test.each(listFieldCases().filter(({ schema }) => marksOf(schema).notBuiltYet === undefined))(
    'classifies $title as the format does',
    ({ placement, field, classification }) => {
      const [entry] = Object.entries(placements).find(([, candidate]) => candidate === placement) ?? [];
      const mayBeLeftOut = uncounted[entry as keyof typeof placements].includes(field);
      expect(typeof classification === 'object').toBe(mayBeLeftOut);
    },
  );
});

function ofModel(index: number, changes: Changes): Changes {
  return Object.fromEntries(Object.entries(changes).map(([path, value]) => [`models.${index}.${path}`, value]));
}

function placeholders(...keys: readonly string[]) {
  return keys.map((key) => ({ key, config: { connection_type: 'placeholder' } }));
}
