import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonValue } from '../../../contracts/json.ts';
import { toCanonicalJson } from '../../../evaluation/fingerprint/canonical-json.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { setAt } from '../../support/zod-arbitrary.ts';
import { changeHost, compareKeys, findChange } from './support/compare-keys.ts';
import { planRun } from './support/plan-run.ts';

const definition = 'tasks.0.definition';
const anywhere = { workingDirectory: '/' };

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await makeTemporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

const here = () => ({ workingDirectory: folder.path });

describe('spellings that mean the same have the same keys', () => {
  test('keys in any order', async () => {
    const before = await planRun(changeHost({}), anywhere);
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat()), async (numbers) => {
        const shuffled = shuffleKeys(changeHost({}), numbers);
        expect(compareKeys(before, await planRun(shuffled, anywhere))).toBe('none');
      }),
      { numRuns: 20 },
    );
  });

  test('a placeholder and the value that it stands for', async () => {
    const values = fc.oneof(fc.integer({ min: 1, max: 900 }), fc.double({ min: 0.001, max: 9, noNaN: true }));
    await fc.assert(
      fc.asyncProperty(values, async (tolerance) => {
        const scorer = (written: JsonValue) => ({
          [`${definition}.scorers.0`]: { type: 'numeric_equals', ground_truth: '1', tolerance: written },
          'tasks.0.config_spec': [{ key: 'bound', type: 'float' }],
          'evaluation.task_specifications.0.task_config': { bound: tolerance },
        });
        expect(await findChange(changeHost(scorer(tolerance)), changeHost(scorer('<< config.bound >>')))).toBe('none');
      }),
      { numRuns: 20 },
    );
  });

  test('a placeholder within text, and through both scopes', async () => {
    const content = `${definition}.solver.input_builder.input_messages.0.content`;
    const through = changeHost({
      [content]: 'Say it << config.tone >>.',
      'tasks.0.config_spec': [{ key: 'tone', type: 'string' }],
      'evaluation.config_spec': [{ key: 'how', type: 'string' }],
      'evaluation.task_specifications.0.task_config': { tone: '<< config.how >>' },
      config: { how: 'softly' },
    });
    expect(await findChange(changeHost({ [content]: 'Say it softly.' }), through)).toBe('none');
  });

  test('defaults written out and left out', async () => {
    const written = changeHost({
      run_config: { num_samples: null, subsampling: 'head', cache_policy: 'reuse', seed: 0 },
      [`${definition}.type`]: 'benchmark_task',
      [`${definition}.actions`]: [],
      [`${definition}.trials`]: { num_trials: 1 },
      [`${definition}.dataset.source`]: 'dataset',
      [`${definition}.scorers.0.purpose`]: 'score',
      [`${definition}.scorers.0.metrics`]: [{ type: 'mean', key: 'mean', field: 'is_correct', name: 'accuracy' }],
      [`${definition}.scorers.1.score_min`]: 0,
      [`${definition}.scorers.1.score_max`]: 1,
      [`${definition}.scorers.1.use_structured_outputs`]: false,
      'models.0.task': 'chat_completion',
      'models.0.generation': {},
      'models.0.secrets': {},
      'models.0.config.custom_headers': {},
      'evaluation.task_specifications.0.type': 'standard',
      'evaluation.task_specifications.0.task_config': { Spare: 'one' },
    });
    expect(await findChange(changeHost({}), written)).toBe('none');
  });

  test('keys of scorers written out and left out', async () => {
    const scorers = [
      { type: 'includes', text: 'a' },
      { type: 'includes', text: 'b' },
    ] as const;
    const written = scorers.map((scorer, index) => ({ ...scorer, key: ['includes', 'includes_2'][index] ?? '' }));
    expect(
      await findChange(
        changeHost({ [`${definition}.scorers`]: scorers }),
        changeHost({ [`${definition}.scorers`]: written }),
      ),
    ).toBe('none');
  });

  test("the specification's own values and those of the run config", async () => {
    const own = changeHost({
      'evaluation.task_specifications.0.num_samples': 2,
      'evaluation.task_specifications.0.subsampling': 'random',
      'evaluation.task_specifications.0.trials': { num_trials: 3 },
      run_config: { num_samples: 1, seed: 5, trials_config: { num_trials: 9 } },
    });
    const shared = changeHost({
      run_config: { num_samples: 2, subsampling: 'random', seed: 5, trials_config: { num_trials: 3 } },
    });
    expect(await findChange(own, shared)).toBe('none');
  });

  test('a model of a provider in short and at length', async () => {
    const short = changeHost({
      'models.0': { $provider: 'openai/gpt-4.1-nano', generation: { temperature: 0 } },
      'evaluation.task_specifications.0.model_key': 'openai$gpt-4-1-nano',
    });
    const long = changeHost({
      'models.0.config': { connection_type: 'provider_connection', provider_id: 'openai', model_key: 'gpt-4.1-nano' },
      'models.0.generation': { temperature: 0 },
    });
    expect(await findChange(short, long)).toBe('none');
  });
});

describe('the environment', () => {
  const url = changeHost({ 'models.0.config.url': '$ADDRESS' });
  const environment = (value: string) => ({ ...anywhere, environment: { ADDRESS: value } });

  test('counts by value where it is no credential', async () => {
    const [a, b] = ['https://a.example.org', 'https://b.example.org'] as const;
    expect(await findChange(url, changeHost({ 'models.0.config.url': a }), { before: environment(a) })).toBe('none');
    expect(await findChange(url, url, { before: environment(a), after: environment(b) })).toBe('both');
  });

  test('does not count by the value of a secret', async () => {
    const secret = changeHost({ 'models.0.config.api_key': '<< secrets.FIRST >>' });
    const values = ['one', 'two'].map((value) => ({ ...anywhere, environment: { FIRST_VARIABLE: value } }));
    expect(await findChange(secret, secret, { before: values[0] ?? anywhere, after: values[1] ?? anywhere })).toBe(
      'none',
    );
  });

  test('does not count by the variable that holds a secret, only by the name of the secret', async () => {
    const named = (secret: string, variable: string) =>
      changeHost({ 'models.0.config.api_key': `<< secrets.${secret} >>`, [`secrets.${secret}`]: variable });
    expect(await findChange(named('LAB', '$LAB'), named('LAB', '$OTHER'))).toBe('none');
    expect(await findChange(named('LAB', '$LAB'), changeHost({ 'models.0.config.api_key': '$LAB' }))).toBe('none');
    expect(await findChange(named('LAB', '$LAB'), named('OTHER', '$LAB'))).toBe('both');
  });

  test('replaces the address of a provider, which counts as resolved', async () => {
    const provider = changeHost({
      'models.0.config': { connection_type: 'provider_connection', provider_id: 'together', model_key: 'm' },
    });
    const at = (address: string) => ({ ...anywhere, environment: { TOGETHER_BASE_URL: address } });
    expect(await findChange(provider, provider, { before: anywhere, after: at('https://proxy.example.org/v1') })).toBe(
      'both',
    );
    expect(await findChange(provider, provider, { before: anywhere, after: at('https://api.together.xyz/v1') })).toBe(
      'none',
    );
    expect(await findChange(provider, provider, { before: anywhere, after: at('') })).toBe('none');
    await expect(planRun(provider, at('https://me:hidden@proxy.example.org/v1'))).rejects.toMatchObject({
      code: 'config-secret',
    });
    await expect(planRun(provider, at('https://me:hidden@proxy.example.org/v1'))).rejects.not.toThrow(/hidden/);
    await expect(planRun(provider, at('nowhere'))).rejects.toMatchObject({ code: 'config-invalid' });
  });
});

test('a mapping of an author that looks like a secret counts whole', async () => {
  const module = path.join(folder.path, 'model.ts');
  await writeFile(module, 'export default () => 1;\n');
  const withOptions = (options: JsonValue) =>
    changeHost({ 'models.0.config': { connection_type: 'typescript', module, options } });
  for (const [before, after] of [
    [{ a: { secret: 'x', variable: 'one' } }, { a: { secret: 'x', variable: 'two' } }],
    [
      { secret: 'x', variable: 'one' },
      { secret: 'x', variable: 'two' },
    ],
    [{ secret: 'x', variable: 'one' }, { secret: 'x' }],
  ] as const) {
    expect(await findChange(withOptions(before), withOptions(after))).toBe('both');
  }
  const withHeaders = (headers: JsonValue) => changeHost({ 'models.0.config.custom_headers': headers });
  expect(
    await findChange(withHeaders({ secret: 'x', variable: 'one' }), withHeaders({ secret: 'x', variable: 'two' })),
  ).toBe('both');
});

describe('a parameter', () => {
  const using = (where: string, value: string) =>
    changeHost({
      [where]: 'It is << config.word >>.',
      'tasks.0.config_spec': [{ key: 'word', type: 'string' }],
      'evaluation.task_specifications.0.task_config': { word: value },
    });

  test.each([
    ['a prompt', `${definition}.solver.input_builder.input_messages.0.content`, 'both'],
    ['a scorer', `${definition}.scorers.0.ground_truth`, 'result only'],
    ["a judge's prompt", `${definition}.scorers.1.user_prompt`, 'result only'],
    ['the words about the task', 'tasks.0.description', 'none'],
  ] as const)('counts in the part of %s that uses it', async (_, where, expected) => {
    expect(await findChange(using(where, 'red'), using(where, 'green'))).toBe(expected);
  });

  test('counts nowhere when it is used nowhere', async () => {
    const spare = (value: string) => changeHost({ 'evaluation.task_specifications.0.task_config': { Spare: value } });
    expect(await findChange(spare('red'), spare('green'))).toBe('none');
  });

  test('counts by the model that it names, not by the name', async () => {
    const asked = (model: string) =>
      changeHost({
        'evaluation.config_spec': [{ key: 'm', type: 'model' }],
        'evaluation.task_specifications.0.model_key': '<< config.m >>',
        config: { m: model },
      });
    expect(await findChange(changeHost({}), asked('subject'))).toBe('none');
    expect(await findChange(changeHost({}), asked('judge'))).toBe('both');
  });
});

test('two specifications that differ only in their names have equal keys', async () => {
  const specification = { key: 'a', task_key: 'task', model_key: 'subject' };
  const { plan } = await planRun(
    changeHost({
      'evaluation.task_specifications': [specification, { ...specification, key: 'b', display_name: 'Second' }],
    }),
    anywhere,
  );
  const [a, b] = plan.tasks;
  expect([b?.solver_key, b?.result_key]).toEqual([a?.solver_key, a?.result_key]);
});

describe('a dataset version', () => {
  const samples = (rows: JsonValue) => changeHost({ 'datasets.0.source': { type: 'inline', samples: rows } });
  const local = (file: string, more = {}) =>
    changeHost({ 'datasets.0.source': { type: 'local', file_path: file, ...more } });

  test('does not depend on the kind of file, on white space or on the order of columns', async () => {
    await folder.write('rows.csv', 'a,b\r\nx,1\r\ny,"2"\r\n');
    await folder.write('columns.csv', 'b,a\n1,x\n2,y\n');
    await folder.write('rows.jsonl', '{"b": "1",   "a": "x"}\n\n{"a":"y","b":"2"}');
    const inline = samples([
      { a: 'x', b: '1' },
      { a: 'y', b: '2' },
    ]);
    for (const file of ['rows.csv', 'columns.csv', 'rows.jsonl']) {
      expect(await findChange(inline, local(file), { before: here() }), file).toBe('none');
    }
  });

  test('follows the cells as they are read', async () => {
    await folder.write('typed.csv', 'a,b\nx,1\ny,true\n');
    const inferred = local('typed.csv', { infer_types: true });
    expect(await findChange(local('typed.csv'), inferred, { before: here() })).toBe('both');
    expect(
      await findChange(
        samples([
          { a: 'x', b: 1 },
          { a: 'y', b: true },
        ]),
        inferred,
        { before: here() },
      ),
    ).toBe('none');
  });

  test('is the same when inferring types changes no cell, or a filter takes no row away', async () => {
    await folder.write('words.csv', 'a\nx\ny\n');
    const filters = [{ op: 'exists', expression: '{{ sample.a }}' }];
    expect(
      await findChange(local('words.csv'), local('words.csv', { infer_types: true, filters }), { before: here() }),
    ).toBe('none');
  });

  test('differs for any two lists of rows that differ, and for no others', async () => {
    const row = fc.dictionary(
      fc.constantFrom('a', 'b'),
      fc.constantFrom<JsonValue>('1', 1, true, null, '', ['1'], { c: 1 }),
      { minKeys: 1 },
    );
    const rows = fc.array(row, { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(rows, rows, async (first, second) => {
        const areEqual = toCanonicalJson(first) === toCanonicalJson(second);
        expect(await findChange(samples(plain(first)), samples(plain(second)))).toBe(areEqual ? 'none' : 'both');
      }),
      { numRuns: 60 },
    );
  });

  test('counts the ids of rows even where the rows that are left are equal', async () => {
    const kept = (first: string) =>
      samples([
        { a: first, keep: 'false' },
        { a: 'y', keep: 'true' },
      ]);
    const filters = { 'datasets.0.source.filters': [{ op: 'is_true', expression: '{{ sample.keep }}' }] };
    const filtered = setAt(kept('x'), ['datasets', 0, 'source', 'filters'], filters['datasets.0.source.filters']);
    const alone = samples([{ a: 'y', keep: 'true' }]);
    // Position 1 in the one, 0 in the other: other ids, other subsamples.
    expect(await findChange(filtered, alone)).toBe('both');
    const other = setAt(kept('z'), ['datasets', 0, 'source', 'filters'], filters['datasets.0.source.filters']);
    expect(await findChange(filtered, other)).toBe('none');
  });
});

describe('the bytes behind a path', () => {
  test('of a recording count, not where they lie', async () => {
    await folder.write('one.jsonl', '{"content": "a"}\n');
    await folder.write('same.jsonl', '{"content": "a"}\n');
    await folder.write('other.jsonl', '{"content": "b"}\n');
    const recorded = (file: string) =>
      changeHost({ 'models.0.config': { connection_type: 'recorded', file_path: file } });
    expect(await findChange(recorded('one.jsonl'), recorded('same.jsonl'), { before: here() })).toBe('none');
    expect(await findChange(recorded('one.jsonl'), recorded('other.jsonl'), { before: here() })).toBe('both');
  });

  test('of a module and of what it imports count, not where they lie', async () => {
    await folder.write('helper.ts', 'export const answer = 1;\n');
    await folder.write('main.ts', "import { answer } from './helper.ts';\nexport default () => String(answer);\n");
    await folder.write('copy.ts', "import { answer } from './helper.ts';\nexport default () => String(answer);\n");
    const module = (file: string) => changeHost({ 'models.0.config': { connection_type: 'typescript', module: file } });
    const before = await planRun(module('main.ts'), here());
    expect(compareKeys(before, await planRun(module('copy.ts'), here()))).toBe('none');
    await folder.write('helper.ts', 'export const answer = 2;\n');
    expect(compareKeys(before, await planRun(module('main.ts'), here()))).toBe('both');
  });
});

describe('a plan digest', () => {
  const digestOf = async (changes: Parameters<typeof changeHost>[0]) =>
    (await planRun(changeHost(changes), anywhere)).planDigest;

  test('is over result keys and policy', async () => {
    const digest = await digestOf({});
    expect(await digestOf({ run_config: { cache_policy: 'update' } })).not.toBe(digest);
    expect(await digestOf({ [`${definition}.scorers.0.ground_truth`]: 'x' })).not.toBe(digest);
    expect(
      await digestOf({ limits: { max_sample_errors: 3 }, 'models.0.rate_limit': 7, 'tasks.0.description': 'x' }),
    ).toBe(digest);
  });

  test('is the same for both spellings of the policy', async () => {
    expect(await digestOf({ 'evaluation.cache_policy': 'update' })).toBe(
      await digestOf({ run_config: { cache_policy: 'update' } }),
    );
  });
});

test('every key is the digest of its fingerprint, and a result fingerprint holds the solver key', async () => {
  const { task } = await planRun(changeHost({}), anywhere);
  expect(task.result_fingerprint['solver_key']).toBe(task.solver_key);
  const again = await planRun(changeHost({}), anywhere);
  expect(again.task).toEqual(task);
});

function shuffleKeys(value: JsonValue, numbers: Iterable<number>): JsonValue {
  const iterator = numbers[Symbol.iterator]();
  const next = (): number => iterator.next().value as number;
  const shuffle = (current: JsonValue): JsonValue => {
    if (Array.isArray(current)) return current.map((child: JsonValue) => shuffle(child));
    if (typeof current !== 'object' || current === null) return current;
    const entries = Object.entries(current).map(([key, child]) => [next(), key, shuffle(child ?? null)] as const);
    return Object.fromEntries(entries.toSorted(([a], [b]) => a - b).map(([, key, child]) => [key, child]));
  };
  return shuffle(value);
}

/** fast-check makes mappings without a prototype. */
function plain(value: unknown): JsonValue {
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}
