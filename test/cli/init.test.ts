import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runProgram } from '../../cli/program.ts';
import { openStet, type Stet } from '../../embedded/index.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { FakeContext } from './fake-stet.ts';

// What is written is planned and tried for real: whoever follows the next line must not meet an error.

let server: OpenAiTestServer;
let folder: TemporaryFolder;
let stet: Stet;

beforeAll(async () => {
  server = await startOpenAiTestServer({ answer: () => 'Paris it is.' });
});
afterAll(() => server.close());

beforeEach(async () => {
  folder = await makeTemporaryFolder();
  stet = await openStet({ workingDirectory: folder.path, environment: { SOME_KEY: 'k' } });
  return async () => {
    await stet.close();
    await folder[Symbol.asyncDispose]();
  };
});

async function init(commandLine: string, answers?: readonly string[]) {
  const context = new FakeContext(`init ${commandLine}`);
  context.workingDirectory = folder.path;
  const typed = [...(answers ?? [])];
  if (answers !== undefined) context.ask = async () => typed.shift();
  const exitCode = await runProgram(context, '1.2.3');
  return { exitCode, context };
}

describe('init', () => {
  it('writes a run with recorded answers where nobody can be asked; it is valid and can be tried', async () => {
    const { exitCode, context } = await init('');
    expect(exitCode).toBe(0);
    expect((await readdir(folder.path)).toSorted()).toEqual(['answers.jsonl', 'questions.jsonl', 'run.yaml']);
    expect(context.output).toContain('stet try -f run.yaml');
    expect((await stet.plan('run.yaml')).tasks).toMatchObject([{ key: 'answers', samples: { total: 6 } }]);
    const { errors, samples } = await stet.try('run.yaml', { samples: ['1', '2', '3', '4', '5', '6'] });
    expect(errors).toBe(0);
    // One is wrong, so that there is something to look at.
    const wrong = samples.filter(({ scored }) => scored?.scores['includes']?.values['is_correct'] === false);
    expect(wrong.map(({ sample_id }) => sample_id)).toEqual(['seven']);
  });

  it('writes one for an endpoint, whose key is a variable', async () => {
    const { exitCode, context } = await init(
      `evals --endpoint ${server.baseUrl}/chat/completions --model m:1 --key $SOME_KEY`,
    );
    expect(exitCode).toBe(0);
    expect(context.output).toContain('SOME_KEY');
    expect(await stet.try('evals/run.yaml')).toMatchObject({ errors: 0, model_queries: { sent: 1 } });
    expect(server.requests.at(-1)).toMatchObject({
      path: '/v1/chat/completions',
      headers: { authorization: 'Bearer k' },
      body: { model: 'm:1' },
    });
  });

  it('writes one for a function, and the function where there is none', async () => {
    expect((await init('evals --function ./system.ts --export reply')).exitCode).toBe(0);
    expect((await readdir(folder.path)).toSorted()).toEqual(['evals', 'system.ts']);
    expect(await stet.try('evals/run.yaml', { samples: ['gold'] })).toMatchObject({ errors: 0 });
  });

  it('takes a function that is there as it is', async () => {
    await folder.write('mine.mjs', 'export default async () => "Paris";\n');
    expect((await init('evals --function mine.mjs --json')).context.output).not.toContain('mine.mjs');
    expect(await readFile(`${folder.path}/mine.mjs`, 'utf8')).toBe('export default async () => "Paris";\n');
    const { samples } = await stet.try('evals/run.yaml');
    expect(samples[0]?.scored?.scores['includes']?.values).toEqual({ is_correct: true });
  });

  it('asks at a terminal what is to be evaluated', async () => {
    const { exitCode, context } = await init('', ['what', '1', server.baseUrl, 'm', '']);
    expect(exitCode).toBe(0);
    expect(context.errorOutput).toContain('What is to be evaluated?');
    expect(await stet.try('run.yaml')).toMatchObject({ model: 'endpoint', errors: 0 });
  });

  it('overwrites nothing: it names the file, and writes none of the others', async () => {
    await folder.write('questions.jsonl', '{"mine": 1}\n');
    const { exitCode, context } = await init('');
    expect(exitCode).toBe(2);
    expect(context.errorOutput).toContain('questions.jsonl exists already');
    expect(await readdir(folder.path)).toEqual(['questions.jsonl']);
    expect(await readFile(`${folder.path}/questions.jsonl`, 'utf8')).toBe('{"mine": 1}\n');
  });

  it.each([
    ['--endpoint http://localhost/v1', '--model NAME'],
    ['--endpoint ftp://localhost --model m', 'http'],
    ['--endpoint http://me:secret-word@localhost/v1 --model m', 'user name or password'],
    ['--endpoint http://localhost --model m --key sk-secret-word', 'name of an environment variable'],
    ['--endpoint http://localhost --model m --function a.ts', 'two things'],
    ['--model m', 'Add --endpoint'],
    ['--export m', 'Add --function'],
    ['--function a.py', 'no TypeScript'],
    ['--python a.py', 'not-built-yet'],
  ])('refuses %s with 2, writes nothing and repeats no secret', async (flags, text) => {
    const { exitCode, context } = await init(flags);
    expect(exitCode).toBe(2);
    expect(context.errorOutput).toContain(text);
    expect(context.errorOutput).not.toContain('secret-word');
    expect(await readdir(folder.path)).toEqual([]);
  });
});
