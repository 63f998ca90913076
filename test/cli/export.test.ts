import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../../cli/program.ts';
import type { SampleDocument } from '../../client/stet.ts';
import { FakeContext } from './fake-stet.ts';
import { makeSample } from './reports/samples.ts';

const samples: readonly SampleDocument[] = [
  makeSample({ id: 'a', index: 0, row: { question: 'Why?', level: 2 }, answer: '=1+1' }),
  makeSample({
    id: 'b',
    index: 1,
    row: { question: 'How?', tags: ['x', 'y'] },
    answer: 'So,\n"so"',
    scores: { exact: { values: { is_correct: false, share: 0.5 }, metadata: { found: 'so' } } },
  }),
  { ...makeSample({ id: 'c', index: 2, row: { question: 'When?' } }), solved: null, scored: null },
];

async function exportSamples(commandLine: string, prepare: (context: FakeContext) => void = () => {}) {
  const context = new FakeContext(`export ${commandLine}`);
  context.stet.sampleDocuments = samples;
  prepare(context);
  const exitCode = await runProgram(context, '1.2.3');
  return { exitCode, context };
}

describe('export --samples', () => {
  it('writes a line per sample and trial as JSON', async () => {
    const { exitCode, context } = await exportSamples('latest --samples jsonl');
    expect(exitCode).toBe(0);
    const rows = context.output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(rows).toHaveLength(3);
    expect(rows[1]).toEqual({
      run: 'aaaabbbb00000000',
      task: 'answers',
      sample_id: 'b',
      sample_index: 1,
      trial: 0,
      sample: { question: 'How?', tags: ['x', 'y'] },
      output: 'So,\n"so"',
      finish_reason: 'stop',
      scores: { exact: { is_correct: false, share: 0.5 } },
      metadata: { exact: { found: 'so' } },
      excluded_from_metrics: false,
      errors: [],
      solver: { answered: 1, stood: 0, retried: 0, prompt_tokens: 12, completion_tokens: 3, duration_ms: 1250 },
      judge: { answered: 0, stood: 0, retried: 0, prompt_tokens: null, completion_tokens: null, duration_ms: 0 },
    });
    expect(rows[2]).toMatchObject({ sample_id: 'c', trial: null, output: null });
  });

  it('writes a table as CSV, with the columns that the samples have between them', async () => {
    const { context } = await exportSamples('latest --samples csv');
    const rows: Record<string, string>[] = parse(context.output, { columns: true, record_delimiter: '\r\n' });
    expect(rows.map((row) => [row['sample_id'], row['output'], row['sample.level'], row['sample.tags']])).toEqual([
      ['a', "'=1+1", '2', ''],
      ['b', 'So,\n"so"', '', '["x","y"]'],
      ['c', '', '', ''],
    ]);
    expect(rows.map((row) => [row['score.exact.is_correct'], row['score.exact.share'], row['metadata.exact']])).toEqual(
      [
        ['true', '', ''],
        ['false', '0.5', '{"found":"so"}'],
        ['', '', ''],
      ],
    );
  });

  it('hands task and expression on, and leaves trials out that do not fit', async () => {
    const [first] = samples;
    const { context } = await exportSamples('latest --samples jsonl --task answers --where errors', ({ stet }) => {
      stet.sampleDocuments =
        first === undefined
          ? []
          : [
              { ...first, matching_trials: [] },
              { ...first, matching_trials: [0] },
            ];
    });
    expect(context.stet.asked).toContainEqual({ samples: 'aaaabbbb00000000', task: 'answers', where: 'errors' });
    expect(context.output.trimEnd().split('\n')).toHaveLength(1);
  });

  it('stops where the reader has gone', async () => {
    let written = 0;
    const { exitCode } = await exportSamples('latest --samples jsonl', ({ stdout }) => {
      Object.assign(stdout, {
        write: () => {
          written += 1;
          Object.assign(stdout, { destroyed: true });
          return false;
        },
      });
    });
    expect([exitCode, written]).toEqual([0, 1]);
  });

  it.each([
    ['latest', 'Add --samples jsonl or --samples csv.'],
    ['latest --samples jsonl --json', '-o'],
    ['latest --samples xlsx', 'jsonl, csv'],
    ['latest --samples csv -o /nowhere/x.csv', 'its directory does not exist'],
  ])('refuses "%s" before it opens anything', async (commandLine, said) => {
    const { exitCode, context } = await exportSamples(commandLine);
    expect(exitCode).toBe(2);
    expect(context.errorOutput).toContain(said);
    expect(context.openedWith).toBeUndefined();
  });
});
