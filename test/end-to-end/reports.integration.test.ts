import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeSampleRows, openStet, type RunDocument, type SampleRow } from '../../embedded/index.ts';
import { answerCapital, makeCapitalRun } from '../support/capital-run.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { runCli } from '../support/run-cli.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// Results of a real run, as files: one of ten answers is wrong, one sample has an error, and answers hold what files mind.

let server: OpenAiTestServer;
let folder: TemporaryFolder;
let run: RunDocument;
let rows: readonly SampleRow[];

beforeAll(async () => {
  server = await startOpenAiTestServer();
  folder = await makeTemporaryFolder();
  server.setHandler(({ prompt }) => {
    if (prompt.includes('Country 3?')) return { status: 400, content: 'no' };
    return prompt.includes('Country 5?') ? '=HYPERLINK("x")\u0000<&>\r\n,' : answerCapital(prompt);
  });
  const stet = await openStet({ store: path.join(folder.path, '.stet'), workingDirectory: folder.path });
  try {
    const source = makeCapitalRun({ baseUrl: server.baseUrl, rows: 10, maxSampleErrors: 1, numTrials: 2 });
    run = await (await stet.run(source)).result();
    const found: SampleRow[] = [];
    for await (const sample of stet.samples(run.run, { task: run.tasks[0]?.key ?? '' }))
      found.push(...makeSampleRows(sample));
    rows = found;
  } finally {
    await stet.close();
  }
});

afterAll(async () => {
  await server?.close();
  await folder?.[Symbol.asyncDispose]();
});

const stet = (...commandArguments: string[]) => runCli(commandArguments, { cwd: folder.path });

describe('a run', () => {
  it('is written as JUnit XML, CSV and Markdown', async () => {
    const { code, stderr } = await stet('show', 'latest', '--junit', 'j.xml', '--csv', 'm.csv', '--markdown', 'c.md');
    expect(code, stderr).toBe(0);
    const counting = `
import json, xml.etree.ElementTree as tree
root = tree.parse('j.xml').getroot()
print(json.dumps({case.attrib['name']: [each.tag for each in case] for case in root[1].iter('testcase')}))`;
    const cases = JSON.parse(
      execFileSync('python3', ['-c', counting], { cwd: folder.path, encoding: 'utf8' }),
    ) as unknown;
    expect(cases).toMatchObject({ c0: [], c3: ['error'], c5: ['failure'], c9: ['failure'] });
    const metrics: Record<string, string>[] = parse(await readFile(path.join(folder.path, 'm.csv')), { columns: true });
    expect(metrics.map(({ run: id, metric, value }) => [id, metric, Number(value)])).toEqual(
      Object.entries(run.tasks[0]?.metrics ?? {}).map(([name, value]) => [run.run, name, value]),
    );
    expect(await readFile(path.join(folder.path, 'c.md'), 'utf8')).toContain(': completed\n');
  });

  it('gives its samples as JSON lines: every trial, and texts as they were', async () => {
    const { stdout } = await stet('export', 'latest', '--samples', 'jsonl');
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as SampleRow);
    expect(lines).toEqual(rows.map((row) => ({ run: run.run, ...row })));
    expect(lines).toHaveLength(20);
    const [fifth, third] = ['c5', 'c3'].map((id) => lines.find(({ sample_id: found }) => found === id));
    expect(fifth?.output).toBe('=HYPERLINK("x")\u0000<&>\r\n,');
    expect(third).toMatchObject({ output: null, scores: {}, errors: [{ stage: 'solver', error_type: 'model-error' }] });
    expect(lines[0]).toMatchObject({ finish_reason: 'stop', solver: { answered: 1, stood: 0, retried: 0 } });
  });

  it('gives those that fit as CSV, for spreadsheets', async () => {
    const { stdout } = await stet('export', 'latest', '--samples', 'csv', '--where', "sample_id == 'c5'");
    const cells: Record<string, string>[] = parse(stdout, { columns: true });
    expect(cells.map((row) => [row['trial'], row['output'], row['sample.capital']])).toEqual([
      ['0', '\'=HYPERLINK("x")\u0000<&>\r\n,', 'Capital 5'],
      ['1', '\'=HYPERLINK("x")\u0000<&>\r\n,', 'Capital 5'],
    ]);
  });
});
