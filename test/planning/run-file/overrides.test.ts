import { describe, expect, it } from 'vitest';
import { failConfig, makeConfig, readConfig, sections, showProblems } from './read-config.ts';

const evaluation = `${sections.evaluation}    - {key: second, task_key: qa, model_key: small, num_samples: 5}\n`;
const models = `${sections.models}  - {$provider: openai/gpt-5}\n`;
const text = makeConfig({ evaluation, models });

describe('--set', () => {
  it.each([
    ['run_config.num_samples', 10],
    ['config', {}],
    ['models[0].generation.temperature', 0.5],
    ['models.openai$gpt-5.generation.temperature', 0.5],
    ['models.small.version', 'v2'],
    ['tasks.qa.definition.scorers[0].key', 'k'],
    ['tasks.qa.definition.scorers.0.key', 'k'],
    ['evaluation.task_specifications.first.task_config', {}],
    ['datasets.rows.source.samples[0]."odd name"', 1],
  ])('changes %s', async (path, value) => {
    await expect(readConfig(text, { set: [{ path, value }] })).resolves.toBeDefined();
  });

  it('takes effect before validation, in order', async () => {
    const run = await readConfig(text, {
      set: [
        { path: 'run_config.num_samples', value: 1 },
        { path: 'run_config.num_samples', value: 2 },
        { path: 'tasks.qa.definition.scorers[0].type', value: 'includes' },
        { path: 'tasks.qa.definition.scorers[0].text', value: 'x' },
        { path: 'tasks.qa.definition.scorers[0].ground_truth', value: null },
      ],
    }).catch((error: unknown) => error);
    // `ground_truth` belongs to another type now: an override cannot remove a key.
    expect(run).toMatchObject({ code: 'config-unknown-key', location: { line: 15 } });
    const changed = await readConfig(text, { set: [{ path: 'run_config.num_samples', value: 2 }] });
    expect(changed.tasks.map(({ runConfig }) => runConfig.num_samples)).toEqual([2, 5]);
  });

  it('is named as the place of a value that does not fit', async () => {
    const problems = await failConfig(text, { set: [{ path: 'run_config.num_samples', value: 'ten' }] });
    expect(problems).toMatchObject([{ code: 'config-invalid', location: { file: '--set run_config.num_samples' } }]);
  });

  it.each([
    ['run_confg.num_samples', 'config-unknown-key', 'Did you mean "run_config"?'],
    ['run_config.num_sample', 'config-unknown-key', 'Did you mean "num_samples"?'],
    ['run_config.seed.x', 'config-unknown-key', undefined],
    ['tasks.qb.definition', 'config-unknown-name', 'Did you mean "qa"?'],
    ['models[2].key', 'config-unknown-name', 'Known: small, openai$gpt-5.'],
    ['tasks.qa.definition.solver.input_bilder', 'config-unknown-key', 'Did you mean "input_builder"?'],
    ['', 'usage', expect.any(String)],
    ['a..b', 'usage', expect.any(String)],
    ['.a', 'usage', expect.any(String)],
    ['a.', 'usage', expect.any(String)],
    ['models[x]', 'usage', expect.any(String)],
  ])('refuses the path %s', async (path, code, hint) => {
    const [problem] = await failConfig(text, { set: [{ path, value: 1 }] });
    expect([problem?.code, problem?.hint]).toEqual([code, hint]);
  });

  it('takes data paths relative to the working directory', async () => {
    const run = await readConfig(text, {
      set: [{ path: 'datasets.rows.source', value: { type: 'local', file_path: 'x.csv' } }],
    });
    expect(run.datasets.get('rows')?.source).toMatchObject({
      file_path: expect.stringMatching(/stet-config-\w+\/x\.csv$/),
    });
  });
});

describe('other overrides', () => {
  it('choose specifications and name an unknown one', async () => {
    expect((await readConfig(text, { only: ['second'] })).tasks.map(({ key }) => key)).toEqual(['second']);
    expect(showProblems(await failConfig(text, { only: ['secnd'] })).join()).toContain(
      'no task specification has that key. (Did you mean "second"?)',
    );
  });

  it('set the number of samples of every specification', async () => {
    const { tasks, runConfig } = await readConfig(text, { numSamples: 3 });
    expect([runConfig.num_samples, ...tasks.map((task) => task.runConfig.num_samples)]).toEqual([3, 3, 3]);
    expect(await failConfig(text, { numSamples: 0 })).toMatchObject([{ location: { file: '--num-samples' } }]);
  });

  it('set limits in place of those of the file, and are named as their place', async () => {
    const limited = `${text}limits: {queries: 5, tokens: 7}\n`;
    const given = { maxQueries: 10, maxCost: 2.5, maxDurationS: 60 };
    const limits = { queries: 10, cost: 2.5, tokens: 7, duration_s: 60 };
    expect((await readConfig(limited, given)).limits).toMatchObject(limits);
    expect(await failConfig(text, { maxCost: -1 })).toMatchObject([
      { code: 'config-invalid', location: { file: '--max-cost' } },
    ]);
  });

  it('set the cache policy, also over that of the evaluation', async () => {
    const own = text.replace('key: check', 'key: check\n  cache_policy: update');
    expect((await readConfig(own)).runConfig.cache_policy).toBe('update');
    expect((await readConfig(own, { cachePolicy: 'no-cache' })).runConfig.cache_policy).toBe('no-cache');
  });
});
