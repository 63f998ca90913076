import { describe, expect, it } from 'vitest';
import { failConfig, makeConfig, sections } from './read-config.ts';

interface Case {
  readonly name: string;
  readonly text: string;
  readonly code: string;
  /** Text whose first (or, with `last`, last) occurrence is the place. */
  readonly at: string;
  readonly last?: true;
  readonly message?: string;
  readonly hint?: string;
}

const replace = <Key extends keyof typeof sections>(section: Key, found: string, by: string): string => {
  if (!sections[section].includes(found)) throw new Error(`No ${found}`);
  return makeConfig({ [section]: sections[section].replace(found, by) });
};
const scorer = (text: string): string =>
  replace('tasks', '- {type: string_equals, ground_truth: "{{ sample.a }}"}', text);
const model = (text: string): string => makeConfig({ models: `${sections.models}  - ${text}\n` });

const cases: readonly Case[] = [
  {
    name: 'an unknown section',
    text: makeConfig({}, 'run_confg: {}\n'),
    code: 'config-unknown-key',
    at: 'run_confg',
    hint: 'Did you mean "run_config"?',
  },
  {
    name: 'an unknown key in a union member',
    text: scorer('- {type: string_equals, ground_truth: x, valeu: y}'),
    code: 'config-unknown-key',
    at: 'valeu',
    hint: 'Did you mean "value"?',
  },
  {
    name: 'a key named like a member of every object',
    text: makeConfig({}, 'constructor: 1\n'),
    code: 'config-unknown-key',
    at: 'constructor',
  },
  {
    name: 'a missing key',
    text: scorer('- {type: string_equals}'),
    code: 'config-invalid',
    at: '{type: string_equals}',
    message: '"ground_truth" is missing in tasks[0].definition.scorers[0]; allowed: text.',
  },
  {
    name: 'a missing type',
    text: scorer('- {ground_truth: x}'),
    code: 'config-invalid',
    at: '{ground_truth: x}',
    message: '"type" is missing',
  },
  {
    name: 'an unknown type',
    text: scorer('- {type: string_equal}'),
    code: 'config-invalid',
    at: 'string_equal}',
    hint: 'Did you mean "string_equals"?',
  },
  {
    name: 'a wrong type',
    text: scorer('- [x]'),
    code: 'config-invalid',
    at: '[x]',
    message: 'is a list; allowed: a mapping',
  },
  {
    name: 'text for a number',
    text: makeConfig({}, 'run_config: {num_samples: "10"}\n'),
    code: 'config-invalid',
    at: '"10"',
    message: 'run_config.num_samples is the text "10"; allowed: a whole number.',
    hint: 'Remove the quotes.',
  },
  {
    name: 'a number out of range',
    text: makeConfig({}, 'run_config: {num_samples: 0}\n'),
    code: 'config-invalid',
    at: '0}',
    message: 'allowed: at least 1',
  },
  {
    name: 'a fraction for a whole number',
    text: makeConfig({}, 'run_config: {seed: 1.5}\n'),
    code: 'config-invalid',
    at: '1.5',
    message: 'allowed: a whole number',
  },
  {
    name: 'a number for text',
    text: model('{key: n, version: 1.0, config: {connection_type: placeholder}}'),
    code: 'config-invalid',
    at: '1.0',
    message: 'models[1].version is 1; allowed: text.',
    hint: 'Put quotes around it.',
  },
  {
    name: 'yes for a boolean',
    text: scorer('- {type: includes, text: x, ignore_case: yes}'),
    code: 'config-invalid',
    at: 'yes',
    hint: 'Write true or false, without quotes.',
  },
  {
    name: 'a word that no choice has',
    text: makeConfig({}, 'run_config: {cache_policy: no_cache}\n'),
    code: 'config-invalid',
    at: 'no_cache',
    message: 'allowed: one of reuse, update, no-cache',
    hint: 'Did you mean "no-cache"?',
  },
  {
    name: 'a wrong element of a list of templates',
    text: scorer('- {type: includes, text: [x, 5]}'),
    code: 'config-invalid',
    at: '5]',
    message: 'scorers[0].text[1] is 5; allowed: text.',
  },
  {
    name: 'a pattern that does not compile',
    text: scorer('- {type: regex_match, pattern: "("}'),
    code: 'config-invalid',
    at: '"("',
    message: 'a regular expression',
  },
  {
    name: 'a label in both lists',
    text: scorer(
      '- {type: model_as_a_judge_classifier, model_key: small, user_prompt: x, correct_labels: [A], incorrect_labels: [A]}',
    ),
    code: 'config-invalid',
    at: '[A]}',
    message: 'not in correct_labels',
  },
  {
    name: 'bounds in the wrong order',
    text: scorer('- {type: model_as_a_judge_scorer, model_key: small, user_prompt: x, score_min: 2}'),
    code: 'config-invalid',
    at: '{type: model_as',
    message: 'score_max is left out; allowed: more than score_min',
  },
  {
    name: 'a key with a space',
    text: replace('evaluation', 'key: check', 'key: my check'),
    code: 'config-invalid',
    at: 'my check',
    message: 'letters, digits',
  },
  {
    name: 'an error share above 1',
    text: makeConfig({}, 'limits: {max_sample_errors: 1.5}\n'),
    code: 'config-invalid',
    at: '1.5',
  },
  {
    name: 'a limit of no query at all',
    text: makeConfig({}, 'limits: {queries: 0}\n'),
    code: 'config-invalid',
    at: '0}',
    message: 'at least 1',
  },
  {
    name: 'a limit on cost with a currency',
    text: makeConfig({}, 'limits: {cost: 5 EUR}\n'),
    code: 'config-invalid',
    at: '5 EUR',
  },
  {
    name: 'an age without unit',
    text: makeConfig({}, 'reuse: {max_age: 7 days}\n'),
    code: 'config-invalid',
    at: '7 days',
    message: 'such as 7d',
  },
  {
    name: 'a dataset that is no CSV or JSONL',
    text: replace('datasets', '{type: inline, samples: [{q: one, a: "1"}]}', '{type: local, file_path: x.txt}'),
    code: 'config-invalid',
    at: 'x.txt',
    message: '.csv or .jsonl',
  },
  {
    name: 'an address of another protocol',
    text: model('{key: n, config: {url: "ftp://example.org"}}'),
    code: 'config-invalid',
    at: '"ftp',
    message: 'an http or https address',
  },
  {
    name: 'an unknown dataset',
    text: replace('tasks', '{key: rows}', '{key: row}'),
    code: 'config-unknown-name',
    at: 'row}',
    hint: 'Did you mean "rows"?',
  },
  {
    name: 'an unknown task',
    text: replace('evaluation', 'task_key: qa', 'task_key: qb'),
    code: 'config-unknown-name',
    at: 'qb',
    hint: 'Did you mean "qa"?',
  },
  {
    name: 'an unknown model',
    text: replace('evaluation', 'model_key: small', 'model_key: smal'),
    code: 'config-unknown-name',
    at: 'smal}',
    hint: 'Did you mean "small"?',
  },
  {
    name: 'an unknown judge',
    text: scorer('- {type: model_as_a_judge_scorer, model_key: smaller, user_prompt: x}'),
    code: 'config-unknown-name',
    at: 'smaller',
    hint: 'Did you mean "small"?',
  },
  {
    name: 'an unknown adapter',
    text: model('{key: n, config: {url: "https://example.org", adapter: {key: latticeflow$identiy}}}'),
    code: 'config-unknown-name',
    at: 'latticeflow$identiy',
    hint: 'Did you mean "latticeflow$identity"?',
  },
  {
    name: 'two models of one key',
    text: model('{key: small, config: {connection_type: placeholder}}'),
    code: 'config-duplicate-key',
    at: 'small,',
    last: true,
    message: 'models[1] has the key "small" of models[0] (run.yaml:2).',
  },
  {
    name: 'a model of a built-in key',
    text: model('{key: latticeflow$placeholder, config: {url: "https://example.org"}}'),
    code: 'config-duplicate-key',
    at: 'latticeflow$placeholder',
  },
  {
    name: 'two scorers of one key',
    text: scorer('- {key: s, type: string_equals, ground_truth: x}\n        - {key: s, type: includes, text: x}'),
    code: 'config-duplicate-key',
    at: 's, type: includes',
  },
  {
    name: 'two metrics of one key',
    text: scorer(
      '- {type: includes, text: x, metrics: [{key: m, type: mean, field: a}, {key: m, type: min, field: a}]}',
    ),
    code: 'config-duplicate-key',
    at: 'm, type: min',
  },
  {
    name: 'two specifications of one key',
    text: replace(
      'evaluation',
      'model_key: small}',
      'model_key: small}\n    - {key: first, task_key: qa, model_key: small}',
    ),
    code: 'config-duplicate-key',
    at: 'first',
    last: true,
  },
  {
    name: 'a solver without model',
    text: replace('evaluation', ', model_key: small', ''),
    code: 'config-invalid',
    at: '{key: first',
    message: 'has no model_key',
  },
  {
    name: 'a solver without dataset',
    text: replace('tasks', '      dataset: {key: rows}\n', ''),
    code: 'config-invalid',
    at: 'solver:',
    message: '"dataset" is missing',
  },
  {
    name: 'two cache policies',
    text: makeConfig(
      { evaluation: sections.evaluation.replace('key: check', 'key: check\n  cache_policy: update') },
      'run_config: {cache_policy: reuse}\n',
    ),
    code: 'config-invalid',
    at: 'update',
    message: 'evaluation.cache_policy is update and run_config.cache_policy is reuse.',
  },
  {
    name: 'plain text in models',
    text: model('openai/gpt-5'),
    code: 'config-invalid',
    at: 'openai/gpt-5',
    hint: 'Write {$provider: "<provider>/<model>"} for a model of a provider, or a mapping with key and config.',
  },
  {
    name: 'an unknown provider',
    text: model('{$provider: opena/gpt-5}'),
    code: 'config-unknown-name',
    at: 'opena/',
    hint: 'Did you mean "openai"?',
  },
  { name: 'a provider without model', text: model('{$provider: openai}'), code: 'config-invalid', at: 'openai}' },
  {
    name: 'a model of a hosted platform',
    text: model('{$provider: latticeflow/any}'),
    code: 'config-invalid',
    at: 'latticeflow/any',
  },
  {
    name: 'an unknown key beside $provider',
    text: model('{$provider: openai/gpt-5, generatoin: {}}'),
    code: 'config-unknown-key',
    at: 'generatoin',
    hint: 'Did you mean "generation"?',
  },
  // Not built yet: named, never unknown.
  {
    name: 'a generator',
    text: makeConfig({}, 'dataset_generators: []\n'),
    code: 'not-built-yet',
    at: 'dataset_generators',
    message: 'second release [B]',
  },
  { name: 'policies', text: makeConfig({}, 'policies: []\n'), code: 'not-built-yet', at: 'policies' },
  {
    name: 'a later scorer',
    text: scorer('- {type: rag_checker}'),
    code: 'not-built-yet',
    at: 'rag_checker',
    message: 'later release [C]',
  },
  {
    name: 'a later solver',
    text: replace('tasks', 'single_turn_solver', 'multi_turn_solver'),
    code: 'not-built-yet',
    at: 'multi_turn_solver',
  },
  {
    name: 'a later source',
    text: replace('datasets', 'type: inline', 'type: huggingface'),
    code: 'not-built-yet',
    at: 'huggingface',
  },
  {
    name: 'a later connection',
    text: model('{key: n, config: {connection_type: dify}}'),
    code: 'not-built-yet',
    at: 'dify',
  },
  {
    name: 'an embeddings model',
    text: model('{key: n, task: embeddings, config: {connection_type: placeholder}}'),
    code: 'not-built-yet',
    at: 'embeddings',
  },
  {
    name: 'a later parameter',
    text: replace('tasks', '    definition:', '    config_spec: [{key: r, type: task_result}]\n    definition:'),
    code: 'not-built-yet',
    at: 'task_result',
  },
  {
    name: 'a matrix',
    text: replace('evaluation', 'key: first,', 'key: first, matrix: {},'),
    code: 'not-built-yet',
    at: 'matrix',
  },
  {
    name: 'a repeatability specification',
    text: replace('evaluation', '- {key: first', '- {type: repeatability, key: r}\n    - {key: first'),
    code: 'not-built-yet',
    at: 'repeatability',
  },
  {
    name: 'answers to be reused',
    text: makeConfig({}, 'reuse: {answers: solvers}\n'),
    code: 'config-invalid',
    at: 'solvers}',
  },
  {
    name: 'a system task',
    text: replace('tasks', 'definition:', 'definition:\n      type: system_task'),
    code: 'not-built-yet',
    at: 'system_task',
  },
  // Older spellings: recognised by name.
  {
    name: 'evaluation.num_samples',
    text: replace('evaluation', 'key: check', 'key: check\n  num_samples: 3'),
    code: 'not-built-yet',
    at: 'num_samples',
    hint: 'Write run_config.num_samples.',
  },
  {
    name: 'a specification with dataset_key',
    text: replace('evaluation', 'key: first,', 'key: first, dataset_key: rows,'),
    code: 'not-built-yet',
    at: 'dataset_key',
  },
  {
    name: 'a dataset with file_path',
    text: replace('datasets', 'source: {type: inline, samples: [{q: one, a: "1"}]}', 'file_path: x.csv'),
    code: 'not-built-yet',
    at: 'file_path',
    hint: 'Write source: {type: local, file_path: …}.',
  },
  {
    name: 'a declarative task',
    text: replace('tasks', 'definition:', 'definition:\n      type: declarative_task'),
    code: 'not-built-yet',
    at: 'declarative_task',
  },
  {
    name: 'a predefined task',
    text: replace('tasks', 'definition:', 'definition:\n      type: predefined'),
    code: 'not-built-yet',
    at: 'predefined',
    message: 'no longer accepted',
  },
  {
    name: 'the older message format',
    text: replace('tasks', 'type: single_turn_solver', 'type: single_turn_solver\n        message_format: latticeflow'),
    code: 'not-built-yet',
    at: 'latticeflow',
  },
  {
    name: 'a model with adapter',
    text: model('{key: n, adapter: x, config: {url: "https://example.org"}}'),
    code: 'not-built-yet',
    at: 'adapter',
    hint: 'Write config.adapter.key.',
  },
  {
    name: 'the older fields of multiple choice',
    text: scorer('- {type: string_equals_mcqa, ground_truth_choice_field: x, choices: y}'),
    code: 'not-built-yet',
    at: 'ground_truth_choice_field',
  },
  { name: 'several run configs in one file', text: 'evaluations: []\n', code: 'not-built-yet', at: 'evaluations' },
];

describe('a wrong run config', () => {
  it.each(cases)(
    'is refused for $name, with one problem at its place',
    async ({ text, code, at, last, message, hint }) => {
      const problems = await failConfig(text);
      const offset = last ? text.lastIndexOf(at) : text.indexOf(at);
      expect(offset).toBeGreaterThanOrEqual(0);
      const before = text.slice(0, offset).split('\n');
      const location = { file: 'run.yaml', line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
      expect(problems.map((problem) => ({ code: problem.code, location: problem.location }))).toEqual([
        { code, location },
      ]);
      if (message !== undefined) expect(problems[0]?.message).toContain(message);
      if (hint !== undefined) expect(problems[0]?.hint).toBe(hint);
    },
  );

  it('calls a task without solver not built yet, whether or not it names a dataset', async () => {
    for (const definition of ['{dataset: {key: rows}}', '{}']) {
      const tasks = `tasks:\n  - {key: qa, definition: ${definition}}\n`;
      expect(await failConfig(makeConfig({ tasks }))).toMatchObject([
        { code: 'not-built-yet', message: expect.stringContaining('without "solver"') },
      ]);
    }
  });

  it('is refused for everything at once, in the order of the lines, used or not', async () => {
    const text = makeConfig(
      { models: `${sections.models}  - {key: n, config: {connection_type: recorded}}\n` },
      'run_config: {num_samples: 0, sede: 1}\n',
    ).replace('{key: rows}', '{key: nothing}');
    expect((await failConfig(text)).map(({ code, location }) => [location?.line, code])).toEqual([
      [3, 'config-invalid'],
      [10, 'config-unknown-name'],
      [20, 'config-invalid'],
      [20, 'config-unknown-key'],
    ]);
  });
});
