import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadProgram } from '../../cli/make-program.ts';
import { describeCommands } from '../../cli/reference/describe-commands.ts';
import { renderCliPage } from '../../cli/reference/render-cli-page.ts';
import { listBlocks, readPages, repository } from './read-pages.ts';

const pages = await readPages();
const readme = pages.find(({ name }) => name === 'README.md')?.text ?? '';
const program = await loadProgram();
const commands = describeCommands(program);
const commandNames = commands.map(({ name }) => name);

/** Long options that a command takes. */
function listOptions(command: string): readonly string[] {
  const options = commands.find(({ name }) => name === command)?.options ?? [];
  return options.flatMap(({ names }) => names.filter((name) => name.startsWith('--')));
}

/** `stet …` as it stands in blocks of commands and in code within text. */
function listStetCalls(text: string): readonly string[] {
  const lines = listBlocks(text, 'sh').flatMap((block) => block.split(/\n|&&/));
  const inline = [...text.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? '');
  return [...lines, ...inline].flatMap((code) => /^\s*(?:npx )?stet (\w.*)$/.exec(code.replace(/#.*/, ''))?.[1] ?? []);
}

describe('commands in the pages', () => {
  it('are found, and so are the options of the commands', () => {
    expect(listStetCalls(readme)).toContain('run -f examples/quickstart/run.yaml');
    expect(listOptions('run')).toEqual(expect.arrayContaining(['--file', '--frozen', '--json']));
  });

  it.each(pages)('exist, with their options: $name', ({ text }) => {
    for (const call of listStetCalls(text)) {
      if (call.startsWith('COMMAND ')) continue;
      const command = commandNames.find((name) => `${call} `.startsWith(`${name} `)) ?? '';
      expect(commandNames, call).toContain(command);
      const options = [...call.matchAll(/(?<=\s)--[\w-]+/g)].map(([option]) => option);
      expect([...listOptions(command), '--help'], call).toEqual(expect.arrayContaining(options));
    }
  });

  it('and the page of the command line are what `npm run docs` makes of them', async () => {
    const handWritten = await readFile(path.join(repository, 'scripts', 'cli-page.md'), 'utf8');
    const text = pages.find(({ name }) => name === 'docs/cli.md')?.text;
    expect(text, 'docs/cli.md is older than the commands: npm run docs').toBe(renderCliPage(commands, handWritten));
  });
});

describe('the help of', () => {
  it.each(commands.map(({ name, examples }) => ({ name, examples })))(
    '$name has two examples or more, which the command takes',
    async ({ name, examples }) => {
      const own = examples.filter((example) => readCommandLine(example).join(' ').startsWith(name));
      expect(own.length).toBeGreaterThanOrEqual(2);
      // None of the commands of this program does anything; it throws for what it does not take.
      for (const example of examples)
        await (await loadProgram()).parseAsync(readCommandLine(example), { from: 'user' });
    },
  );

  it('a command rejects an example with an option that it does not take', async () => {
    const silent = await loadProgram();
    for (const command of silent.commands) command.configureOutput({ writeErr: () => {} });
    await expect(silent.parseAsync(['list', '--nothing'], { from: 'user' })).rejects.toThrow('--nothing');
  });
});

/** What the program gets of a line as it is typed: without variables before it and a file behind it. */
function readCommandLine(line: string): readonly string[] {
  const words = [...line.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) => word.replace(/["']/g, ''));
  const [, ...typed] = words.slice(words.indexOf('stet'));
  const redirection = typed.findIndex((word) => /^[>|<]/.test(word));
  return redirection < 0 ? typed : typed.slice(0, redirection);
}

describe('the commands of the README', () => {
  it('are what CI runs', async () => {
    const ci = (await readFile(path.join(repository, '.ci', 'run'), 'utf8'))
      .split('\n')
      .map((line) => line.replace(/^(?:\w+=\S+ )+/, '').trim());
    const lines = listBlocks(readme, 'sh').flatMap((block) => block.trim().split('\n'));
    const fromFreshClone = lines.filter((line) => line.startsWith('npm ci && '));
    expect(fromFreshClone).toEqual(['npm ci && npx stet run -f examples/quickstart/run.yaml', 'npm ci && npm test']);
    for (const command of fromFreshClone.flatMap((line) => line.split(' && '))) expect(ci).toContain(command);
  });

  it('name a task and a sample of the quickstart where they look closer', async () => {
    const folder = path.join(repository, 'examples', 'quickstart');
    const runFile = await readFile(path.join(folder, 'run.yaml'), 'utf8');
    const questions = (await readFile(path.join(folder, 'questions.jsonl'), 'utf8')).trim().split('\n');
    const sampleIds = questions.map((line) => (JSON.parse(line) as { readonly sample_id: string }).sample_id);
    const shown = [...readme.matchAll(/^npx stet show latest (\S+)(?: (?!#)(\S+))?/gm)].filter(
      ([, task]) => task !== '#',
    );
    const samples = shown.flatMap(([, , sample]) => sample ?? []);
    expect(samples).not.toEqual([]);
    for (const [, task] of shown) expect(runFile).toMatch(new RegExp(`key: ${task}\\b`));
    for (const sample of samples) expect(sampleIds).toContain(sample);
  });

  it('change lines of the quickstart that are there', async () => {
    const runFile = await readFile(path.join(repository, 'examples', 'quickstart', 'run.yaml'), 'utf8');
    expect(readme).toContain('`ignore_case` to `false`');
    expect(runFile).toMatch(/^\s+ignore_case: true$/m);
    expect(readme).toContain('the last line of `run.yaml`');
    expect(runFile.trimEnd().split('\n').at(-1)).toBe('  model: assistant');
    expect(readme).toContain('`model: endpoint`');
    expect(runFile).toMatch(/- key: endpoint$/m);
  });
});
