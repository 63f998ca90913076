import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { locateText } from '../support/locate-text.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { type CliResult, runCli, runCliJson } from '../support/run-cli.ts';
import { runInProcess } from '../support/run-in-process.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// What a user gets for a mistake: exit code 2, the place, what was found and what is allowed, before anything is spent.

interface Mistake {
  readonly name: string;
  /** Text of the run file that is replaced. */
  readonly replace?: string;
  readonly by?: string;
  /** Files beside the run file; null: not there. */
  readonly files?: Readonly<Record<string, string | null>>;
  readonly options?: readonly string[];
  readonly code: string;
  /** What the place is looked up by in `in` (the run file). */
  readonly at?: string;
  readonly in?: string;
  /** A place without column. */
  readonly isWholeLine?: true;
  readonly says: readonly (string | RegExp)[];
  readonly never?: string;
}

const secret = 'sk-literal-0123456789';
const scorer = '{type: string_equals, ground_truth: "{{ sample.capital }}"}';
const model = 'config: {connection_type: openai_compatible, base_url: "BASE_URL", model_key: small-1}';
const specification = '{key: plain, task_key: capital-qa, model_key: small}';
const rows =
  '{"sample_id": "a", "country": "Italy", "capital": "Rome"}\n{"sample_id": "b", "country": "Peru", "capital": "Lima"}\n';

const runFile = `models:
  - key: small
    ${model}
datasets:
  - key: capitals
    source: {type: local, file_path: ./capitals.jsonl}
tasks:
  - key: capital-qa
    definition:
      dataset: {key: capitals}
      solver:
        type: single_turn_solver
        input_builder: {type: chat_completion, input_messages: [{role: user, content: "Capital of {{ sample.country }}?"}]}
      scorers:
        - ${scorer}
evaluation:
  key: capitals-eval
  task_specifications:
    - ${specification}
run_config: {num_samples: 10}
`;

const mistakes: readonly Mistake[] = [
  {
    name: 'YAML that does not parse',
    replace: 'key: capitals-eval',
    by: 'key: [capitals-eval',
    code: 'config-yaml',
    at: 'task_specifications:',
    says: [],
  },
  {
    name: 'a key that stands twice in a mapping',
    replace: 'run_config: {num_samples: 10}',
    by: 'run_config: {num_samples: 10}\nmodels: []',
    code: 'config-duplicate-key',
    at: 'models: []',
    says: ['"models"', 'line 1'],
  },
  {
    name: 'two models of one key',
    replace: model,
    by: `${model}\n  - {key: small, config: {connection_type: placeholder}}`,
    code: 'config-duplicate-key',
    at: 'small, config',
    says: ['"small"', 'run.yaml:2'],
  },
  {
    name: 'an unknown key',
    replace: '- key: capital-qa',
    by: '- key: capital-qa\n    defintion: {}',
    code: 'config-unknown-key',
    at: 'defintion',
    says: ['"defintion"', 'Did you mean "definition"?'],
  },
  {
    name: 'a value of the wrong type',
    replace: '{num_samples: 10}',
    by: '{num_samples: many}',
    code: 'config-invalid',
    at: 'many',
    says: ['run_config.num_samples is the text "many"', 'allowed: a whole number'],
  },
  {
    name: 'a word that is not a choice',
    replace: '{num_samples: 10}',
    by: '{cache_policy: re-use}',
    code: 'config-invalid',
    at: 're-use',
    says: ['"re-use"', 'reuse, update, no-cache', 'Did you mean "reuse"?'],
  },
  {
    name: 'a required key that is missing',
    replace: scorer,
    by: '{type: string_equals}',
    code: 'config-invalid',
    at: '{type: string_equals}',
    says: ['"ground_truth" is missing'],
  },
  {
    name: 'a number beyond double precision',
    replace: '{num_samples: 10}',
    by: '{num_samples: 9007199254740993}',
    code: 'config-yaml',
    at: '9007199254740993',
    says: ['9007199254740993', /quote/i],
  },
  {
    name: 'an unknown task',
    replace: 'task_key: capital-qa,',
    by: 'task_key: capital-q,',
    code: 'config-unknown-name',
    at: 'capital-q,',
    says: ['"capital-q"', 'no task', 'Did you mean "capital-qa"?'],
  },
  {
    name: 'an unknown model',
    replace: 'model_key: small}',
    by: 'model_key: smal}',
    code: 'config-unknown-name',
    at: 'smal}',
    says: ['"smal"', 'no model', 'Did you mean "small"?'],
  },
  {
    name: 'an unknown dataset',
    replace: 'dataset: {key: capitals}',
    by: 'dataset: {key: capitols}',
    code: 'config-unknown-name',
    at: 'capitols',
    says: ['"capitols"', 'no dataset', 'Did you mean "capitals"?'],
  },
  {
    name: 'an unknown placeholder',
    replace: 'Capital of',
    by: '<< config.tone >> capital of',
    code: 'config-unknown-name',
    at: '"<< config.tone',
    says: ['tone'],
  },
  {
    name: 'something that is not built yet',
    replace: scorer,
    by: '{type: rag_checker}',
    code: 'not-built-yet',
    at: 'rag_checker',
    says: ['rag_checker'],
  },
  {
    name: 'a literal credential, which is not repeated',
    replace: 'model_key: small-1',
    by: `model_key: small-1, api_key: ${secret}`,
    code: 'config-secret',
    at: secret,
    says: ['api_key', '<< secrets.NAME >>'],
    never: secret,
  },
  {
    name: 'a literal under secrets, which is not repeated',
    replace: 'models:\n',
    by: `secrets: {LAB: ${secret}}\nmodels:\n`,
    code: 'config-secret',
    at: secret,
    says: ['LAB: $LAB'],
    never: secret,
  },
  {
    name: 'a password in an address, which is not repeated',
    replace: 'BASE_URL',
    by: `http://me:${secret}@localhost/v1`,
    code: 'config-secret',
    at: '"http://me',
    says: ['base_url'],
    never: secret,
  },
  {
    name: 'a secret that is not set',
    replace: 'model_key: small-1',
    by: 'model_key: small-1, api_key: $STET_TEST_NOT_SET',
    code: 'config-secret',
    at: '$STET_TEST_NOT_SET',
    says: ['STET_TEST_NOT_SET'],
  },
  {
    name: 'a run file that is not there',
    files: { 'run.yaml': null },
    code: 'config-file-missing',
    says: ['run.yaml'],
  },
  {
    name: 'a data file that is not there',
    files: { 'capitals.jsonl': null },
    code: 'config-file-missing',
    at: '{type: local',
    says: ['capitals.jsonl'],
  },
  {
    name: 'an included file that is not there',
    replace: '"Capital of {{ sample.country }}?"',
    by: '!include "prompt.txt"',
    code: 'config-file-missing',
    at: '"prompt.txt"',
    says: ['prompt.txt'],
  },
  {
    name: 'a referenced file that is not there',
    replace: scorer,
    by: '$ref: scorer.yaml',
    code: 'config-file-missing',
    at: 'scorer.yaml',
    says: ['scorer.yaml'],
  },
  {
    name: 'an environment file that is not there',
    options: ['--env', 'nowhere.env'],
    code: 'config-file-missing',
    says: ['nowhere.env'],
  },
  {
    name: 'a mistake in a referenced file, at its place there',
    replace: scorer,
    by: '$ref: scorer.yaml',
    files: { 'scorer.yaml': 'type: string_equals\nground_truht: x\nground_truth: x\n' },
    code: 'config-unknown-key',
    at: 'ground_truht',
    in: 'scorer.yaml',
    says: ['Did you mean "ground_truth"?'],
  },
  {
    name: 'a template that does not parse',
    replace: '{{ sample.country }}?',
    by: '{{ sample.country ?',
    code: 'template-syntax',
    at: '"Capital of',
    says: [/line 1/],
  },
  {
    name: 'a filter that templates do not have',
    replace: 'sample.country }}',
    by: 'sample.country | uper }}',
    code: 'template-syntax',
    at: '"Capital of',
    says: ['uper', 'upper'],
  },
  {
    name: 'a row that is not JSON',
    files: { 'capitals.jsonl': `${rows}{"sample_id": "c", "country": Chile}\n` },
    code: 'dataset-invalid',
    at: 'Chile',
    in: 'capitals.jsonl',
    says: ['JSON'],
  },
  {
    name: 'a row that is not an object',
    files: { 'capitals.jsonl': `${rows}[1, 2]\n` },
    code: 'dataset-invalid',
    at: '[1, 2]',
    in: 'capitals.jsonl',
    isWholeLine: true,
    says: ['expected a JSON object, found a list'],
  },
  {
    name: 'a number beyond double precision in a row',
    files: { 'capitals.jsonl': `${rows}{"sample_id": "c", "people": 12345678901234567890}\n` },
    code: 'dataset-invalid',
    at: '12345678901234567890',
    in: 'capitals.jsonl',
    says: ['people', 'text'],
  },
  {
    name: 'a CSV row with too many cells',
    replace: 'capitals.jsonl',
    by: 'capitals.csv',
    files: { 'capitals.csv': 'country,capital\nItaly,Rome\nPeru,Lima,1535\n' },
    code: 'dataset-invalid',
    at: 'Peru,Lima',
    in: 'capitals.csv',
    isWholeLine: true,
    says: ['expected 2 cells as in the header row, found 3'],
  },
  {
    name: 'a data file without rows',
    files: { 'capitals.jsonl': '\n' },
    code: 'dataset-empty',
    at: '{type: local',
    says: ['capitals'],
  },
  {
    name: 'filters that leave no row',
    replace: 'file_path: ./capitals.jsonl',
    by: 'file_path: ./capitals.jsonl, filters: [{op: equals, expression: "{{ sample.country }}", value: Atlantis}]',
    code: 'dataset-empty',
    at: '{type: local',
    says: ['2'],
  },
  {
    name: 'a module that is not there',
    replace: model,
    by: 'config: {connection_type: typescript, module: ./assistant.ts}',
    code: 'config-file-missing',
    at: '{connection_type',
    says: ['assistant.ts'],
  },
  {
    name: 'a module that does not parse',
    replace: model,
    by: 'config: {connection_type: typescript, module: ./assistant.ts}',
    files: { 'assistant.ts': "export default () => 'Rome;\n" },
    code: 'module-invalid',
    at: '\n',
    in: 'assistant.ts',
    says: ['Unterminated string'],
  },
  {
    name: 'a module without the export that is named',
    replace: model,
    by: 'config: {connection_type: typescript, module: ./assistant.ts, export: answr}',
    files: { 'assistant.ts': "export const answer = () => 'Rome';\n" },
    code: 'module-invalid',
    at: '{connection_type',
    says: ['answr', 'answer'],
  },
  {
    name: 'a module that fails when it is loaded',
    replace: model,
    by: 'config: {connection_type: typescript, module: ./assistant.ts}',
    files: { 'assistant.ts': "throw new Error('no licence');\nexport default () => 'Rome';\n" },
    code: 'module-invalid',
    at: '{connection_type',
    says: ['no licence'],
  },
  {
    name: 'a recording that is not there',
    replace: model,
    by: 'config: {connection_type: recorded, file_path: answers.jsonl}',
    code: 'config-file-missing',
    at: '{connection_type',
    says: ['answers.jsonl'],
  },
  {
    name: 'a path of --set that leads nowhere',
    options: ['--set', 'run_confg.num_samples=3'],
    code: 'config-unknown-key',
    says: ['run_confg', 'Did you mean "run_config"?', '--set'],
  },
  {
    name: 'a value of --set that is not allowed',
    options: ['--set', 'run_config.num_samples=0'],
    code: 'config-invalid',
    says: ['run_config.num_samples', 'at least 1', '--set'],
  },
  {
    name: 'a task of --only that is not there',
    options: ['--only', 'plian'],
    code: 'config-unknown-name',
    says: ['--only plian', 'Did you mean "plain"?'],
  },
];

// Each command starts a server of its own, which a busy machine may take long for.
vi.setConfig({ testTimeout: 90_000 });

let server: OpenAiTestServer;
let folder: TemporaryFolder;
/** One store for all cases, so that at the end it can be seen that none of them left a run in it. */
let environment: { readonly STET_STORE: string };
let cases = 0;

beforeAll(async () => {
  server = await startOpenAiTestServer();
  folder = await makeTemporaryFolder();
  environment = { STET_STORE: path.join(folder.path, 'store') };
});

afterAll(async () => {
  await server?.close();
  await folder?.[Symbol.asyncDispose]();
});

/** Writes the files of one case into a folder of its own. */
async function prepare(mistake: Pick<Mistake, 'replace' | 'by' | 'files'>) {
  const cwd = path.join(folder.path, `case-${cases++}`);
  await mkdir(cwd);
  let text = runFile;
  if (mistake.replace !== undefined) {
    if (!text.includes(mistake.replace)) throw new Error(`The run file has no ${mistake.replace}`);
    text = text.replace(mistake.replace, mistake.by ?? '');
  }
  const files: Record<string, string | null> = {
    'run.yaml': text.replace('BASE_URL', server.baseUrl),
    'capitals.jsonl': rows,
    ...mistake.files,
  };
  for (const [name, content] of Object.entries(files)) {
    if (content !== null) await folder.write(path.join(path.basename(cwd), name), content);
  }
  return { cwd, files };
}

/** `file:line:column: error: message [code]` with a hint below, and no stack trace. */
function expectClearError(
  result: Pick<CliResult, 'stderr'>,
  mistake: Mistake,
  files: Readonly<Record<string, string | null>>,
): void {
  const { stderr } = result;
  expect(result, stderr).toMatchObject({ code: 2, stdout: '' });
  expect(stderr).toContain(`[${mistake.code}]`);
  expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
  expect(stderr).not.toMatch(/unexpected error/i);
  for (const text of mistake.says) {
    if (typeof text === 'string') expect(stderr).toContain(text);
    else expect(stderr).toMatch(text);
  }
  if (mistake.at !== undefined) {
    const name = mistake.in ?? 'run.yaml';
    const place = locateText(files[name] ?? '', mistake.at);
    expect(stderr).toContain(`${name}:${mistake.isWholeLine === true ? place.split(':')[0] : place}: error:`);
  }
  if (mistake.never !== undefined) expect(stderr).not.toContain(mistake.never);
}

describe('a mistake in what is to be run', () => {
  it.each(mistakes)('stops before anything is spent: $name', async (mistake) => {
    const { cwd, files } = await prepare(mistake);
    const result = await runInProcess(['run', '-f', 'run.yaml', ...(mistake.options ?? [])], { cwd, environment });
    expectClearError(result, mistake, files);
  });

  it('ends the process with 2, and a clear error on its standard error alone', async () => {
    const [mistake] = mistakes;
    if (mistake === undefined) throw new Error('There are mistakes.');
    const { cwd, files } = await prepare(mistake);
    expectClearError(await runCli(['run', '-f', 'run.yaml'], { cwd, environment }), mistake, files);
  });

  it('leaves no run behind and has sent nothing', async () => {
    const list = await runCliJson<{ runs: unknown[] }>(['list'], { cwd: folder.path, environment });
    expect(list.document).toEqual({ runs: [] });
    expect(server.count()).toBe(0);
  });

  it('is reported together with all the others of its file set', async () => {
    const { cwd, files } = await prepare({
      replace: scorer,
      by: '{type: string_equal, ground_truth: x}\n        - $ref: scorer.yaml',
      files: { 'scorer.yaml': 'type: includes\ntxt: x\n' },
    });
    const text = (files['run.yaml'] ?? '').replace('model_key: small}', 'model_key: large}').replace(': 10', ': 0');
    await folder.write(`${path.basename(cwd)}/run.yaml`, text);
    const { code, stderr, document } = await runCliJson<{ error: { problems: { file: string; line: number }[] } }>(
      ['validate', '-f', 'run.yaml'],
      { cwd },
    );
    expect(code).toBe(2);
    const places = document.error.problems.map(({ file, line }) => `${path.basename(file)}:${line}`);
    const expected = [
      `run.yaml:${locateText(text, 'string_equal,').split(':')[0]}`,
      'scorer.yaml:2',
      `run.yaml:${locateText(text, 'large').split(':')[0]}`,
      `run.yaml:${locateText(text, '{num_samples').split(':')[0]}`,
    ];
    expect(places).toEqual(expect.arrayContaining(expected));
    for (const place of expected) expect(stderr).toContain(`${place}:`);
    expect(stderr).toContain(`${places.length} problems; nothing was started.`);
  });

  it('in a template, a filter or an adapter is reported together with the others, too', async () => {
    const { cwd, files } = await prepare({
      replace: model,
      by: 'config: {url: "BASE_URL", adapter: {key: plain}}',
    });
    const text = `model_adapters:
  - key: plain
    process_input: {language: jinja, source_code: "{{ input | tojsn }}"}
    process_output: {language: jinja, source_code: "{{ body"}
${files['run.yaml']}`
      .replace('capitals.jsonl}', 'capitals.jsonl, filters: [{op: exists, expression: "{{ a b }}"}]}')
      .replace('sample.country }}', 'sample.country | uper }}')
      .replace('{num_samples: 10}', '{num_smples: 10}');
    await folder.write(`${path.basename(cwd)}/run.yaml`, text);
    const { code, stderr } = await runCli(['validate', '-f', 'run.yaml'], { cwd });
    expect(code).toBe(2);
    for (const mistake of ['"{{ input', '"{{ body', '"{{ a b', '"Capital of', 'num_smples']) {
      expect(stderr).toContain(`run.yaml:${locateText(text, mistake)}: error:`);
    }
    expect(stderr).toContain('5 problems');
  });
});

describe('a mistake on the command line', () => {
  it.each([
    { name: 'an unknown command', commandLine: ['rnu', '-f', 'run.yaml'], says: ["unknown command 'rnu'", 'run'] },
    { name: 'an unknown option', commandLine: ['run', '-f', 'run.yaml', '--frozn'], says: ["'--frozn'", '--frozen'] },
    { name: 'a missing option', commandLine: ['run'], says: ['--file'] },
    { name: 'a missing argument', commandLine: ['show'], says: ["'run'"] },
    {
      name: 'a policy that is none',
      commandLine: ['run', '-f', 'run.yaml', '--cache-policy', 'never'],
      says: ['never', 'no-cache'],
    },
    {
      name: 'a number that is none',
      commandLine: ['run', '-f', 'run.yaml', '--num-samples', '0'],
      says: ['"0"', 'at least 1'],
    },
    { name: 'a --set without value', commandLine: ['run', '-f', 'run.yaml', '--set', 'config'], says: ['PATH=VALUE'] },
    { name: 'a run that is not there', commandLine: ['show', 'latest'], says: ['run-not-found'] },
    { name: 'a run to go on with that is not there', commandLine: ['resume', 'abc'], says: ['run-not-found'] },
  ])('exits with 2 and says what is allowed: $name', async ({ commandLine, says }) => {
    const { cwd } = await prepare({});
    const { code, stdout, stderr } = await runCli(commandLine, { cwd });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    for (const text of says) expect(stderr).toContain(text);
    expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
    expect(existsSync(path.join(cwd, '.stet'))).toBe(false);
  });

  it('is one JSON document with --json', async () => {
    const { cwd } = await prepare({});
    const { code, document } = await runCliJson<{ error: { code: string } }>(['run', '--frozn'], { cwd });
    expect(code).toBe(2);
    expect(document.error.code).toBe('usage');
  });

  it('is found in STET_CACHE_POLICY, too', async () => {
    const { cwd } = await prepare({});
    const { code, stderr } = await runCli(['plan', '-f', 'run.yaml'], {
      cwd,
      environment: { STET_CACHE_POLICY: 'always' },
    });
    expect(code).toBe(2);
    expect(stderr).toContain('STET_CACHE_POLICY is "always"');
    expect(stderr).toContain('reuse, update, no-cache');
  });
});

describe('plan and validate', () => {
  it.each(['plan', 'validate'])('%s makes no store, starts nothing and sends nothing', async (command) => {
    const { cwd } = await prepare({});
    const { code, stderr } = await runCli([command, '-f', 'run.yaml'], { cwd });
    expect(code, stderr).toBe(0);
    expect(existsSync(path.join(cwd, '.stet'))).toBe(false);
    expect(server.count()).toBe(0);
  });
});
