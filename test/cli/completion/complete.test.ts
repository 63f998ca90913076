import { describe, expect, it } from 'vitest';
import { rejoinWords } from '../../../cli/completion/render-completion.ts';
import { runProgram } from '../../../cli/program.ts';
import { FakeContext } from '../fake-stet.ts';

const names = {
  runs: [
    { name: 'aaaabbbb00000000', description: 'quickstart, completed' },
    { name: 'first one', description: 'quickstart, completed, label' },
  ],
  tasks: [{ name: 'answers', description: 'completed' }],
  schedules: [{ name: 'nightly', description: 'schedule' }],
};

/** What a shell is answered; the last word is the one that is being typed. */
async function complete(words: readonly string[], shell = 'zsh') {
  const context = new FakeContext('');
  context.names = names;
  context.commandLine = ['__complete', shell, '--', ...words];
  expect(await runProgram(context, '1.2.3')).toBe(0);
  const [files = '', ...lines] = context.output.trimEnd().split('\n');
  return { files, values: lines.map((line) => line.split('\t')[0]), context };
}

describe('completion offers', () => {
  it.each([
    { typed: ['sho'], values: ['show'] },
    { typed: ['cache', 'v'], values: ['verify'] },
    { typed: ['help', 'wat'], values: ['watch'] },
    { typed: ['run', '--froz'], values: ['--frozen'] },
    { typed: ['run', '--cache-policy', 'u'], values: ['update'] },
    { typed: ['run', '--cache-policy=n'], values: ['no-cache'] },
    { typed: ['export', 'latest', '--samples', ''], values: ['jsonl', 'csv'] },
    { typed: ['completion', 'f'], values: ['fish'] },
    { typed: ['show', ''], values: ['latest', 'aaaabbbb00000000', 'first one'] },
    { typed: ['cancel', 'aaaa'], values: ['aaaabbbb00000000'] },
    { typed: ['show', '--json', 'latest', ''], values: ['answers'] },
    { typed: ['cache', 'rm', 'latest', 'latest/'], values: ['latest/answers'] },
    { typed: ['diff', 'latest', 'latest/'], values: ['latest/answers'] },
    { typed: ['export', 'latest', '--task', 'a'], values: ['answers'] },
    { typed: ['run', '--baseline', 'fir'], values: ['first', 'first one'] },
    { typed: ['schedule', 'pause', 'n'], values: ['nightly'] },
    { typed: ['run', '--label', ''], values: [] },
    { typed: ['nonsense', ''], values: [] },
  ])('$values after $typed', async ({ typed, values }) => {
    expect((await complete(typed)).values).toEqual(values);
  });

  it.each([
    { typed: ['run', '-f', ''], files: ':files' },
    { typed: ['run', '--junit=re'], files: ':files' },
    { typed: ['list', '--store', ''], files: ':directories' },
    { typed: ['init', ''], files: ':directories' },
    { typed: ['run', '--cache-policy', ''], files: ':none' },
  ])('$files after $typed', async ({ typed, files }) => {
    expect((await complete(typed)).files).toBe(files);
  });

  it('the options that are not there yet, and those that can be repeated', async () => {
    const { values } = await complete(['run', '-f', 'x.yaml', '--frozen', '--set', 'a=1', '--']);
    expect(values).toContain('--set');
    expect(values).toContain('--label');
    expect(values).not.toContain('--frozen');
    expect(values).not.toContain('--file');
  });

  it('no command that is hidden', async () => {
    const { values } = await complete(['']);
    expect(values).toContain('run');
    expect(values).not.toContain('__complete');
  });

  it('the whole word to fish, and to the others what stands behind the equals sign', async () => {
    expect((await complete(['run', '--cache-policy=re'], 'fish')).values).toEqual(['--cache-policy=reuse']);
    expect((await complete(['run', '--cache-policy', '=', 're'], 'bash')).values).toEqual(['reuse']);
  });

  it('what stands behind a colon to bash, and the whole word to the others', async () => {
    const runs = [{ name: 'nightly-2026-11-21T03:00:00Z', description: '' }];
    const ask = async (shell: string, words: readonly string[]) => {
      const context = new FakeContext('');
      context.names = { runs };
      context.commandLine = ['__complete', shell, '--', 'show', ...words];
      await runProgram(context, '1.2.3');
      return context.output.split('\n')[1];
    };
    expect(await ask('bash', ['nightly-2026-11-21T03', ':', '0'])).toBe('00:00Z\t');
    expect(await ask('zsh', ['nightly-2026-11-21T03:0'])).toBe('nightly-2026-11-21T03:00:00Z\t');
  });

  it('names of the store that the line names, and opens no engine', async () => {
    const { context } = await complete(['show', '--store', '/data/.stet', '']);
    expect(context.askedNames).toEqual([{ of: 'runs', store: '/data/.stet' }]);
    expect(context.openedWith).toBeUndefined();
  });

  it('nothing where the store cannot be read, and says nothing about it', async () => {
    const context = new FakeContext('');
    context.listNames = () => Promise.reject(new Error('The store has another schema.'));
    context.commandLine = ['__complete', 'zsh', '--', 'show', ''];
    expect(await runProgram(context, '1.2.3')).toBe(0);
    expect([context.output, context.errorOutput]).toEqual([':none\n', '']);
  });
});

describe('words of bash', () => {
  it('are joined where it took them apart', () => {
    expect(rejoinWords(['run', '--set', 'a', '=', '1', '-f', ''], 'bash')).toEqual(['run', '--set', 'a=1', '-f', '']);
    expect(rejoinWords(['--store', 'postgres', ':', '//host', ':', '5432/x'], 'bash')).toEqual([
      '--store',
      'postgres://host:5432/x',
    ]);
    expect(rejoinWords(['--cache-policy', '='], 'bash')).toEqual(['--cache-policy=']);
    expect(rejoinWords(['a', '=', 'b'], 'zsh')).toEqual(['a', '=', 'b']);
  });
});
