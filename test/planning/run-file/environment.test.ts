import { describe, expect, it } from 'vitest';
import { parseEnvironmentFile, readEnvironment } from '../../../planning/run-file/read-environment.ts';
import { failConfig, makeConfigFolder, readConfig, showProblems } from './read-config.ts';

const dataset = (value: string) => `datasets:\n  - {key: d, source: {type: inline, samples: [{x: ${value}}]}}\n`;
const valueOf = async (value: string, environment: Record<string, string>) => {
  const run = await readConfig(dataset(value), { environment });
  const source = run.datasets.get('d')?.source;
  return {
    value: source?.type === 'inline' ? source.samples[0]?.['x'] : undefined,
    warnings: run.warnings.map(({ message }) => message),
  };
};

describe('$VAR', () => {
  it.each([
    ['$A', 'one'],
    ['"${A}"', 'one'],
    ['"$A/${B}.csv"', 'one/two.csv'],
    ['$A$B', 'onetwo'],
    ['a$A', 'a$A'],
    ['$A b', '$A b'],
    ['"{{ x }}$A"', '{{ x }}$A'],
    ['$5', '$5'],
    ['$', '$'],
    ['$N', '5'],
  ])('expands %s to %s', async (written, expected) => {
    expect(await valueOf(written, { A: 'one', B: 'two', N: '5' })).toEqual({ value: expected, warnings: [] });
  });

  it('stays with a warning when it is unset', async () => {
    const { value, warnings } = await valueOf('$NOPE/x', {});
    expect(value).toBe('$NOPE/x');
    expect(warnings).toEqual([expect.stringContaining('NOPE is not set')]);
  });

  it.each(['$MY_KEY', '$token_x', '"${A_SECRET}"', '$DbPassword'])(
    'refuses %s, whose name is that of a secret',
    async (name) => {
      const problems = await failConfig(dataset(name), { environment: { MY_KEY: 'hidden', DbPassword: 'hidden' } });
      expect(problems).toMatchObject([
        { code: 'config-secret', hint: expect.stringContaining('secrets'), location: { line: 2 } },
      ]);
      expect(JSON.stringify(showProblems(problems))).not.toContain('hidden');
    },
  );

  it('is text where a number is needed, and says so', async () => {
    const problems = await failConfig('run_config: {num_samples: $N}\n', { environment: { N: '5' } });
    expect(problems).toMatchObject([{ code: 'config-invalid', hint: expect.stringContaining('environment is text') }]);
  });
});

describe('.env', () => {
  const text = dataset('"$A,$B,$C"');

  it('is beaten by the process environment, and both by the named file', async () => {
    await using folder = await makeConfigFolder({
      'run.yaml': text,
      '.env': 'A=env\nB=env\nC=env\n',
      'other.env': 'C=other\n',
    });
    const run = await folder.read({ environment: { B: 'process', C: 'process' }, envFile: 'other.env' });
    expect(run.datasets.get('d')?.source).toMatchObject({ samples: [{ x: 'env,process,other' }] });
    expect(run.environment).toEqual({ A: 'env', B: 'process', C: 'other' });
  });

  it('is read beside the run file rather than in the working directory', async () => {
    const files = { 'runs/run.yaml': text, '.env': 'A=here\n' };
    await using beside = await makeConfigFolder({ ...files, 'runs/.env': 'A=beside\n' });
    await using without = await makeConfigFolder(files);
    expect((await beside.read({ source: 'runs/run.yaml' })).environment).toEqual({ A: 'beside' });
    expect((await without.read({ source: 'runs/run.yaml' })).environment).toEqual({ A: 'here' });
  });

  it('knows comments, export, quotes and several lines', () => {
    const file = [
      '# c',
      '',
      'export A=1 # one',
      'B = two#2 ',
      "C='$x #\\n'",
      'D="a\\n\\"b\\""',
      'E="x',
      'y" # e',
      'F=',
      'G=#',
    ].join('\r\n');
    expect(parseEnvironmentFile(file, '.env')).toEqual({
      A: '1',
      B: 'two#2',
      C: '$x #\\n',
      D: 'a\n"b"',
      E: 'x\ny',
      F: '',
      G: '',
    });
  });

  it.each([
    ['a line without "="', 'A=1\nnonsense hidden\n', 'Line 2 of .env is not of the form NAME=value.'],
    ['an open quote', 'A="hidden\n', 'Line 1 of .env opens a quote that nothing closes.'],
    ['text after a quote', 'A="x" hidden\n', 'Line 1 of .env goes on after the closing quote.'],
  ])('refuses %s without repeating it', async (_, content, message) => {
    await using folder = await makeConfigFolder({ 'run.yaml': text, '.env': content });
    expect(await folder.fail()).toMatchObject([{ code: 'config-invalid', message }]);
  });

  it('must be there when it is named', async () => {
    expect(showProblems(await failConfig(text, { envFile: 'none.env' }))).toEqual([
      ' config-file-missing: The environment file none.env does not exist.',
    ]);
  });
});

it('gives a run the environment without the keys of the store', () => {
  const environment = { STET_ENCRYPTION_KEYS: 'k1:secret', OPENAI_API_KEY: 'sk-1' };
  const read = readEnvironment({ environment, workingDirectory: '/nowhere' });
  expect(read['OPENAI_API_KEY']).toBe('sk-1');
  expect(Object.values(read)).not.toContain('k1:secret');
});
