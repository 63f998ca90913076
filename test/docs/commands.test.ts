import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandEntries } from '../../cli/commands.ts';
import { runProgram } from '../../cli/program.ts';
import { FakeContext } from '../cli/fake-stet.ts';
import { listBlocks, readPages, repository } from './read-pages.ts';

const pages = await readPages();
const readme = pages.find(({ name }) => name === 'README.md')?.text ?? '';
const commandNames = (await Promise.all(commandEntries.map(({ name }) => listCommands(name)))).flat();
const helpOf = new Map(await Promise.all(commandNames.map(async (name) => [name, await readHelp(name)] as const)));

/** A command, or those that it consists of, such as `cache gc`. */
async function listCommands(name: string): Promise<readonly string[]> {
  const [, commands = ''] = (await readHelp(name)).split('\nCommands:\n');
  const parts = [...commands.matchAll(/^ {2}(\w+) \[options\]/gm)].map(([, part]) => `${name} ${part}`);
  return parts.length === 0 ? [name] : parts;
}

async function readHelp(command: string): Promise<string> {
  const context = new FakeContext(`${command} --help`);
  await runProgram(context, '1.2.3');
  return context.output;
}

/** Long options that a command takes. */
function listOptions(command: string): readonly string[] {
  const lines = (helpOf.get(command) ?? '').matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm);
  return [...lines].map(([, option]) => option ?? '').filter((option) => option !== '--help');
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

  it('are all described on the page of the command line', () => {
    const text = pages.find(({ name }) => name === 'docs/cli.md')?.text ?? '';
    const rows = [...text.matchAll(/^\| `([^`]+)` +\|/gm)].map(([, row = '']) => row);
    for (const name of commandNames)
      expect(
        rows.filter((row) => `${row} `.startsWith(`${name} `)),
        name,
      ).not.toEqual([]);
  });

  it('have exactly the options that the page of the command line gives them', () => {
    const text = pages.find(({ name }) => name === 'docs/cli.md')?.text ?? '';
    const documented = new Map(commandNames.map((name): [string, string[]] => [name, []]));
    for (const [, option = '', of = ''] of text.matchAll(/^\| [^|]*`(--[\w-]+)[^`|]*` +\| ([^|]+)\|/gm)) {
      const commands = of.trim() === 'all' ? commandNames : of.split(',').map((name) => name.trim());
      for (const command of commands) documented.get(command)?.push(option);
    }
    for (const name of commandNames) {
      expect({ name, options: (documented.get(name) ?? []).toSorted() }).toEqual({
        name,
        options: listOptions(name).toSorted(),
      });
    }
  });
});

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
