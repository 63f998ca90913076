import { access, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProgram } from '../../../cli/program.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { FakeContext, makeRun, makeTask } from '../fake-stet.ts';
import { makeSample } from './samples.ts';

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

async function run(commandLine: string, prepare: (context: FakeContext) => void = () => {}) {
  const context = new FakeContext(commandLine.replaceAll('DIR', folder.path));
  context.stet.sampleDocuments = [makeSample()];
  prepare(context);
  const exitCode = await runProgram(context, '1.2.3');
  return { exitCode, context };
}

const all = '--junit DIR/junit.xml --csv DIR/metrics.csv --markdown DIR/comment.md';

describe('reports', () => {
  it.each([`run -f run.yaml ${all}`, `resume latest ${all}`, `watch ${all}`, `show latest ${all}`])(
    'are written by "%s"',
    async (commandLine) => {
      expect((await run(commandLine)).exitCode).toBe(0);
      expect((await readdir(folder.path)).toSorted()).toEqual(['comment.md', 'junit.xml', 'metrics.csv']);
      expect(await readFile(path.join(folder.path, 'junit.xml'), 'utf8')).toContain('<testcase name="sample-1"');
      expect(await readFile(path.join(folder.path, 'metrics.csv'), 'utf8')).toContain(',accuracy,0.815,');
      expect(await readFile(path.join(folder.path, 'comment.md'), 'utf8')).toContain('### `quickstart`: completed');
    },
  );

  it('are written of a failed run as well', async () => {
    const error = { code: 'model-unusable', message: 'No key.' };
    const { exitCode } = await run(`run -f run.yaml ${all}`, ({ stet }) => {
      stet.runDocument = makeRun({ status: 'failed', tasks: [makeTask({ status: 'failed', error, metrics: null })] });
    });
    expect(exitCode).toBe(1);
    expect(await readFile(path.join(folder.path, 'junit.xml'), 'utf8')).toContain('<error message="No key."');
    expect(await readFile(path.join(folder.path, 'metrics.csv'), 'utf8')).toMatch(/,,,model-unusable,\r\n$/);
  });

  it('are written by "resume --errors" where there is nothing to try again', async () => {
    expect((await run('resume latest --errors --csv DIR/metrics.csv')).exitCode).toBe(0);
    await access(path.join(folder.path, 'metrics.csv'));
  });

  it.each([
    ['run -f run.yaml --junit DIR/no/junit.xml', 'its directory does not exist'],
    ['run -f run.yaml --csv DIR', 'it is a directory'],
    ['run -f run.yaml --csv DIR/x --markdown DIR/x', 'name the same file'],
    ['run -f run.yaml --detach --junit DIR/junit.xml', 'stet watch'],
    ['show latest answers --csv DIR/x', 'about a run as a whole'],
  ])('that cannot be written stop "%s" before anything is spent', async (commandLine, said) => {
    const { exitCode, context } = await run(commandLine);
    expect(exitCode).toBe(2);
    expect(context.errorOutput).toContain(said);
    expect(context.stet.asked).toEqual([]);
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('that cannot be written in the end are named, and the run is printed all the same', async () => {
    const inner = path.join(folder.path, 'inner');
    await mkdir(inner);
    const { exitCode, context } = await run(
      'run -f run.yaml --json --junit DIR/inner/junit.xml --csv DIR/metrics.csv',
      ({ stet }) => {
        stet.beforeEnd = () => rm(inner, { recursive: true });
      },
    );
    expect(exitCode).toBe(1);
    expect(JSON.parse(context.output)).toMatchObject({ status: 'completed' });
    expect(context.errorOutput).toContain('[report-failed]');
    await access(path.join(folder.path, 'metrics.csv'));
  });

  it('are not written of a run that stays open', async () => {
    const { exitCode } = await run('run -f run.yaml --junit DIR/junit.xml', (context) => {
      context.stet.isEndless = true;
      context.stet.onRunning = () => context.send('SIGTERM');
    });
    expect(exitCode).toBe(143);
    expect(await readdir(folder.path)).toEqual([]);
  });
});
