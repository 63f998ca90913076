import { describe, expect, expectTypeOf, it } from 'vitest';
import { defineRun } from '../../../client/stet.ts';
import type { RunFileInput } from '../../../evaluation/spec/run-file.ts';
import { failConfig, makeConfig, makeConfigFolder, readConfig, sections, showProblems } from './read-config.ts';

describe('a resolved run', () => {
  it('has sections with defaults, and no evaluation where the file has none', async () => {
    const run = await readConfig('tags: []\n'.replace('tags', 'models'));
    expect(run).toMatchObject({
      evaluation: null,
      runConfig: { num_samples: null, subsampling: 'head', cache_policy: 'reuse', seed: 0 },
      limits: { max_sample_errors: 0, outage_patience_s: 1_800 },
      reuse: { answers: 'off' },
      secrets: {},
      tasks: [],
      warnings: [],
    });
    expect([...run.models.keys()]).toEqual(['latticeflow$placeholder']);
  });

  it('takes a section without content for one that is left out', async () => {
    expect((await readConfig('limits:\nmodels:\nevaluation:\n')).limits).toEqual({
      max_sample_errors: 0,
      outage_patience_s: 1_800,
    });
  });

  it('turns $provider entries into provider connections with keys of their own', async () => {
    const { models } = await readConfig(`models:
  - {$provider: "openai/gpt-4.1-nano"}
  - {$provider: "together/Meta-Llama/Llama 3_8B.", rate_limit: 60, generation: {temperature: 0}}
  - {$provider: anthropic/claude, key: mine, display_name: Mine}
  - {$provider: latticeflow/placeholder}
`);
    expect([...models].map(([key, { config }]) => [key, config])).toEqual([
      [
        'openai$gpt-4-1-nano',
        { connection_type: 'provider_connection', provider_id: 'openai', model_key: 'gpt-4.1-nano' },
      ],
      [
        'together$meta-llama-llama-3_8b',
        { connection_type: 'provider_connection', provider_id: 'together', model_key: 'Meta-Llama/Llama 3_8B.' },
      ],
      ['mine', { connection_type: 'provider_connection', provider_id: 'anthropic', model_key: 'claude' }],
      ['latticeflow$placeholder', { connection_type: 'placeholder' }],
    ]);
    expect(models.get('together$meta-llama-llama-3_8b')).toMatchObject({
      rate_limit: 60,
      generation: { temperature: 0 },
    });
  });

  it('has absolute data paths, relative to the file that declares them', async () => {
    await using folder = await makeConfigFolder({
      'runs/run.yaml':
        'models: {$ref: ../shared/models.yaml}\ndatasets: [{key: d, source: {type: local, file_path: d.csv}}]\n',
      'shared/models.yaml':
        '[{key: r, config: {connection_type: recorded, file_path: r.jsonl}}, {key: t, config: {connection_type: typescript, module: ./t.ts}}]',
    });
    const run = await folder.read({ source: 'run.yaml', workingDirectory: 'runs' });
    expect(run.file).toBe(`${folder.path}/runs/run.yaml`);
    expect(run.models.get('r')?.config).toMatchObject({ file_path: `${folder.path}/shared/r.jsonl` });
    expect(run.models.get('t')?.config).toMatchObject({
      module: `${folder.path}/shared/t.ts`,
      export: 'default',
      options: {},
    });
    expect(run.datasets.get('d')?.source).toMatchObject({ file_path: `${folder.path}/runs/d.csv` });
  });

  it('says where things are written, or what is around them', async () => {
    const run = await readConfig(makeConfig());
    expect(run.locationOf('task', 'qa', ['definition', 'scorers', 0, 'ground_truth'])).toEqual({
      file: 'run.yaml',
      line: 14,
      column: 47,
    });
    expect(run.locationOf('task', 'qa', ['definition', 'actions', 3])).toEqual(
      run.locationOf('task', 'qa', ['definition']),
    );
    expect(run.locationOf('specification', 'first')).toEqual({ file: 'run.yaml', line: 18, column: 7 });
    expect(run.locationOf('model', 'none')).toBeUndefined();
    expect(run.locate(['evaluation', 'key'])).toEqual({ file: 'run.yaml', line: 16, column: 8 });
  });
});

describe('a task specification', () => {
  const withSpecifications = (...specifications: readonly string[]) =>
    makeConfig({
      evaluation: `evaluation:\n  key: check\n  task_specifications:\n${specifications.map((text) => `    - ${text}\n`).join('')}`,
    });

  it('without key goes by its task, numbered where that occurs more than once', async () => {
    const one = withSpecifications('{task_key: qa, model_key: small}');
    expect((await readConfig(one)).tasks.map(({ key }) => key)).toEqual(['qa']);
    const several = withSpecifications(
      '{task_key: qa, model_key: small}',
      '{key: own, task_key: qa, model_key: small}',
      '{task_key: qa, model_key: small}',
    );
    expect((await readConfig(several)).tasks.map(({ key }) => key)).toEqual(['qa_1', 'own', 'qa_2']);
    const clash = withSpecifications('{task_key: qa, model_key: small}', '{key: qa_1, task_key: qa, model_key: small}');
    expect(await failConfig(clash)).toMatchObject([{ code: 'config-duplicate-key', location: { line: 19 } }]);
  });

  it('beats the run config, which beats the task', async () => {
    const base = withSpecifications(
      '{key: a, task_key: qa, model_key: small, num_samples: 2, subsampling: random, trials: {num_trials: 4}}',
      '{key: b, task_key: qa, model_key: small}',
    );
    const withTrials = base.replace('      solver:', '      trials: {num_trials: 2}\n      solver:');
    const run = await readConfig(
      `${withTrials}run_config: {num_samples: 9, seed: 1, trials_config: {num_trials: 3}}\n`,
    );
    expect(run.tasks.map(({ runConfig }) => runConfig)).toEqual([
      { num_samples: 2, subsampling: 'random', seed: 1, num_trials: 4 },
      { num_samples: 9, subsampling: 'head', seed: 1, num_trials: 3 },
    ]);
    expect((await readConfig(withTrials)).tasks.map(({ runConfig }) => runConfig.num_trials)).toEqual([4, 2]);
    expect((await readConfig(base)).tasks.map(({ runConfig }) => runConfig.num_trials)).toEqual([4, 1]);
  });

  it('takes its values from the scope of the evaluation', async () => {
    const text = `${withSpecifications(
      '{key: a, task_key: qa, model_key: << config.m >>, num_samples: << config.n >>, subsampling: << config.s >>}',
    ).replace(
      'key: check',
      'key: check\n  config_spec:\n    - {key: m, type: model}\n    - {key: n, type: int, nullable: true}\n    - {key: s, type: string, default_value: random}',
    )}config: {m: small}\nrun_config: {num_samples: 4}\n`;
    const [task] = (await readConfig(text)).tasks;
    expect(task).toMatchObject({ modelKey: 'small', runConfig: { num_samples: 4, subsampling: 'random' } });
    expect(await failConfig(text.replace('{m: small}', '{m: small, x: 1}'))).toMatchObject([
      { code: 'config-unknown-name', message: expect.stringContaining('"x" in config') },
    ]);
  });

  it('needs a model only where the solver calls one', async () => {
    const tasks = sections.tasks.replace(
      /type: single_turn_solver\n.*\n/,
      'type: pass_through_solver\n        trace_column: t\n',
    );
    const evaluation = sections.evaluation.replace(', model_key: small', '');
    const [task] = (await readConfig(makeConfig({ tasks, evaluation }))).tasks;
    expect(task).not.toHaveProperty('modelKey');
    const [ignoring] = (await readConfig(makeConfig({ tasks }))).tasks;
    expect(ignoring).not.toHaveProperty('modelKey');
  });
});

describe('a run config as an object', () => {
  const input = defineRun({
    models: [
      { key: 'small', config: { connection_type: 'recorded', file_path: 'r.jsonl' } },
      { $provider: 'openai/gpt-5' },
    ],
    datasets: [{ key: 'rows', source: { type: 'inline', samples: [{ q: 'one' }] } }],
    tasks: [
      {
        key: 'qa',
        config_spec: [{ key: 'n', type: 'float' }],
        definition: {
          dataset: { key: 'rows' },
          solver: {
            type: 'single_turn_solver',
            input_builder: { type: 'chat_completion', input_messages: [{ role: 'user', content: 'yes' }] },
          },
          scorers: [{ type: 'numeric_equals', ground_truth: '1', tolerance: '<< config.n >>' }],
        },
      },
    ],
    evaluation: { key: 'e', task_specifications: [{ task_key: 'qa', model_key: 'small', task_config: { n: 0.5 } }] },
  });

  it('goes the same way, without places', async () => {
    await using folder = await makeConfigFolder({});
    const run = await folder.read({ source: input });
    expect(run).toMatchObject({
      file: null,
      warnings: [],
      tasks: [{ key: 'qa', definition: { scorers: [{ tolerance: 0.5 }] } }],
    });
    expect(run.models.get('small')?.config).toMatchObject({ file_path: `${folder.path}/r.jsonl` });
    expect(run.locationOf('model', 'small')).toBeUndefined();
  });

  it('has its problems named by their paths', async () => {
    await using folder = await makeConfigFolder({});
    const problems = await folder.fail({ source: { ...input, run_config: { num_samples: 0 } } });
    expect(showProblems(problems)).toEqual([' config-invalid: run_config.num_samples is 0; allowed: at least 1.']);
    const circle: Record<string, unknown> = {};
    circle['config'] = circle;
    expect(await folder.fail({ source: circle as RunFileInput })).toMatchObject([{ code: 'config-invalid' }]);
    expect(await folder.fail({ source: { config: { x: () => 1 } } as unknown as RunFileInput })).toMatchObject([
      { message: expect.stringContaining('no function') },
    ]);
  });

  it('is typed, with placeholders for every value and text for secrets', () => {
    expectTypeOf<{ run_config: { num_samples: '<< config.n >>' } }>().toExtend<RunFileInput>();
    expectTypeOf<{
      models: [{ key: 'm'; config: { url: 'https://example.org'; api_key: '$KEY' } }];
    }>().toExtend<RunFileInput>();
    expectTypeOf<{ run_config: { num_samples: 'ten' } }>().not.toExtend<RunFileInput>();
  });
});
