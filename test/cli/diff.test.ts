import { describe, expect, it } from 'vitest';
import { runProgram } from '../../cli/program.ts';
import type { DiffDocument, MetricDiffDocument } from '../../client/diff/diff-document.ts';
import { FakeContext } from './fake-stet.ts';

const side = {
  run: 'aaaabbbb00000000',
  task: 'answers',
  task_result: 'tr0000000001',
  model: 'assistant',
  value: null,
  status: 'completed',
  samples: { total: 200, errors: 0, excluded_from_metrics: 0 },
  usage: [],
} as const;
const none = { count: 0, samples: [] };

const accuracy: MetricDiffDocument = {
  metric: 'accuracy',
  first: 0.815,
  second: 0.74,
  difference: -0.075,
  interval: [-0.12, -0.03],
  p_value: 0.0004,
  p_adjusted: 0.0008,
  is_beyond_noise: true,
  method: 'mcnemar',
  interval_method: 'newcombe-paired',
  resamples: null,
  samples: [200, 200],
  reason: null,
};
const best: MetricDiffDocument = {
  ...accuracy,
  metric: 'best',
  difference: null,
  interval: null,
  p_value: null,
  p_adjusted: null,
  is_beyond_noise: null,
  method: null,
  interval_method: null,
  samples: null,
  reason: 'it hangs on one sample, so no interval holds',
};

function makeDiff(change: Partial<DiffDocument> = {}): DiffDocument {
  const run = { evaluation: 'quickstart', label: null, status: 'completed', started_at: '2026-03-01T11:59:50.000Z' };
  return {
    first: { ...run, run: 'aaaabbbb00000000', status: 'completed' },
    second: { ...run, run: 'ccccdddd00000000', label: 'new prompt', status: 'completed' },
    by: null,
    confidence: 0.95,
    correction: { method: 'holm', comparisons: 2 },
    tasks: [
      {
        first: side,
        second: { ...side, run: 'ccccdddd00000000' },
        samples: { in_both: 200, only_in_first: none, only_in_second: none, are_paired: true, reason: null },
        metrics: [accuracy, best],
        flips: [
          {
            scorer: 'includes',
            score: 'is_correct',
            to_right: none,
            to_wrong: { count: 15, samples: ['hours-07', 'hours-08'] },
          },
        ],
        errors: { new: { count: 1, samples: ['paint-20'] }, gone: none },
        changes: [{ component: 'solver', path: '/x', sentence: 'Solver: the prompt changed.' }],
        notes: [],
      },
    ],
    only_in_first: [],
    only_in_second: ['extra'],
    gates: [],
    ...change,
  };
}

async function run(commandLine: string, document: DiffDocument = makeDiff(), columns?: number) {
  const context = new FakeContext(commandLine, columns === undefined ? {} : { isTTY: true, columns });
  context.environment = { NO_COLOR: '1' };
  context.stet.diffDocument = document;
  return { exitCode: await runProgram(context, '1.2.3'), context };
}

describe('diff', () => {
  it('says what changed, by which method, and whether noise explains it', async () => {
    const { exitCode, context } = await run('diff aaaa cccc');
    expect(exitCode).toBe(0);
    expect(context.stet.asked).toEqual([{ diff: 'aaaa', second: 'cccc', options: {} }]);
    for (const text of [
      'run ccccdddd "new prompt" of quickstart',
      '200 samples in both, compared one by one',
      '−0.1200 to −0.0300  <0.001  McNemar',
      'best: it hangs on one sample, so no interval holds.',
      'Right → wrong by includes.is_correct, 15 samples: hours-07, hours-08 and 13 more',
      'New errors, 1 sample: paint-20',
      '- Solver: the prompt changed.',
      'p is corrected for 2 comparisons (Holm)',
      'Tasks only in the second: extra',
      'Beyond noise: accuracy −0.0750.',
    ])
      expect(context.output).toContain(text);
  });

  it.each([80, 50])('keeps within %i columns', async (columns) => {
    const { context } = await run('diff aaaa cccc', makeDiff(), columns);
    for (const line of context.output.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
  });

  it.each(['failed', 'unjudged'] as const)('exits with 3 where a condition is %s', async (verdict) => {
    const gate = { condition: 'accuracy < -0.02', task: 'answers', metric: 'accuracy', verdict, sentence: 'So it is.' };
    const passed = { ...gate, condition: 'accuracy < 0.5', verdict: 'passed' } as const;
    const { exitCode, context } = await run('diff a b --json', makeDiff({ gates: [passed, gate] }));
    expect(exitCode).toBe(3);
    expect(JSON.parse(context.output)).toMatchObject({ gates: [passed, gate] });
    expect((await run('diff a b', makeDiff({ gates: [passed] }))).exitCode).toBe(0);
  });

  it('compares within one run by the model or a parameter', async () => {
    const { context } = await run('diff latest --by model --samples all --confidence 0.99', makeDiff({ by: 'model' }));
    expect(context.stet.asked).toEqual([
      {
        diff: 'latest',
        second: { by: 'model', samples: Number.POSITIVE_INFINITY, confidence: 0.99 },
        options: undefined,
      },
    ]);
    expect(context.output).toContain('By model, in run aaaabbbb');
  });

  it.each(['diff latest', 'diff a b --by model', 'diff a b --confidence 95', 'diff a b --samples few'])(
    'refuses: %s',
    async (commandLine) => {
      expect((await run(commandLine)).exitCode).toBe(2);
    },
  );
});
