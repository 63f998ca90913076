import { describe, expect, it } from 'vitest';
import { runProgram } from '../../cli/program.ts';
import type { ExplainStepDocument } from '../../client/explain/explain-documents.ts';
import { FakeContext, makeAgainst, makeExplanation } from './fake-stet.ts';

async function run(commandLine: string, prepare: (context: FakeContext) => void = () => {}) {
  const context = new FakeContext(commandLine);
  prepare(context);
  const exitCode = await runProgram(context, '1.2.3');
  return { exitCode, context };
}

function makeStep(change: Partial<ExplainStepDocument>): ExplainStepDocument {
  return {
    task_result: 'tr0000000001',
    is_known: true,
    contribution: 'everything',
    run: 'aaaabbbb00000000',
    label: null,
    task: 'answers',
    status: 'completed',
    cache_policy: 'reuse',
    attempt: 1,
    solver_key: `sha256:${'a'.repeat(64)}`,
    result_key: `sha256:${'b'.repeat(64)}`,
    result_digest: `sha256:${'d'.repeat(64)}`,
    solved_at: '2026-02-27T12:00:00.000Z',
    ended_at: '2026-02-27T12:00:00.000Z',
    user: 'anna',
    host: 'desk',
    is_current: true,
    is_removed: false,
    differences: [],
    ...change,
  };
}

const explanation = makeExplanation({
  tasks: [
    {
      key: 'answers',
      task_key: 'shop-questions',
      task_result: 'tr3',
      status: 'completed',
      reuse: 'full',
      samples: { total: 200, errors: 0 },
      result_digest: `sha256:${'d'.repeat(64)}`,
      why: [],
      steps: [
        makeStep({ task_result: 'tr3', contribution: 'nothing' }),
        makeStep({
          task_result: 'tr2',
          contribution: 'scores',
          run: 'ccccdddd00000000',
          label: 'second\u001b[31m',
          differences: [
            { category: 'field', component: 'scorers', path: '/0/value', sentence: 'Scorer "exact": value changed.' },
          ],
        }),
        makeStep({ task_result: 'tr1', run: 'eeeeffff00000000', task: 'other', attempt: 2, is_removed: true }),
        makeStep({ task_result: 'tr0', is_known: false, contribution: null, run: null }),
      ],
      sample: {
        sample_id: 'row-7',
        sample_index: 6,
        segment_index: 0,
        stages: [
          {
            stage: 'solve',
            task_result: 'tr1',
            run: 'eeeeffff00000000',
            attempt: 2,
            blob: `sha256:${'e'.repeat(64)}`,
            answers: [
              {
                trial: 1,
                scorer: null,
                model: 'small',
                request_digest: `sha256:${'f'.repeat(64)}`,
                request_id: 'req-9',
                served_model: 'small-2026',
                answered_at: '2026-02-27T12:00:00.000Z',
                retried: 2,
                origin: {
                  run: 'gggghhhh00000000',
                  task_result: 'trx',
                  sample_id: 'row-1',
                  answered_at: '2026-02-27T12:00:00.000Z',
                },
              },
            ],
            errors: [],
          },
          { stage: 'score', task_result: null, run: null, attempt: null, blob: null, answers: [], errors: [] },
        ],
      },
    },
  ],
});

describe('explain', () => {
  it('shows each step with what it did, and what is other than in the next', async () => {
    const { exitCode, context } = await run('explain latest answers row-7', (fake) => {
      fake.stet.explainDocument = explanation;
    });
    expect(exitCode).toBe(0);
    expect(context.stet.asked).toContainEqual({ explain: 'latest', options: { task: 'answers', sample: 'row-7' } });
    for (const text of [
      'Run aaaabbbb of quickstart',
      'answers  full, 200 samples',
      '1. run aaaabbbb, 2026-02-27 12:00 (2 days ago), by anna on desk',
      'asked and computed nothing: all of 2 stands',
      'computed scores, rules and metrics; the solver outputs of 3 stand',
      'what is other than in 3:\n     - Scorer "exact": value changed.',
      '3. run eeeeffff, task other, 2026-02-27 12:00 (2 days ago), by anna on desk, attempt 2, taken out of reuse',
      '4. result tr0: not in the store any more',
      'solved in run eeeeffff, attempt 2, segment blob sha256:eeeeeeeeeeee…',
      'request req-9, sent again 2 times, not asked for: it stands from sample row-1 of run',
      'not scored yet',
    ]) {
      expect(context.output).toContain(text);
    }
    expect(context.output).not.toContain('\u001b');
  });

  it('prints one document with --json', async () => {
    const { context } = await run('explain latest --json', (fake) => {
      fake.stet.explainDocument = explanation;
    });
    expect(JSON.parse(context.output)).toEqual(JSON.parse(JSON.stringify(explanation)));
  });

  it('compares a file with a run, and hands the overrides on', async () => {
    const { context } = await run('explain -f run.yaml --against latest~1 --num-samples 5', (fake) => {
      fake.stet.againstDocument = makeAgainst({
        is_same: false,
        cache_policy: { before: 'reuse', after: 'update' },
        gone: ['old'],
        tasks: [
          {
            key: 'new',
            against: 'answers',
            is_same_solver_key: true,
            is_same_result_key: false,
            differences: [
              {
                category: 'field',
                component: 'scorers',
                path: '/0/user_prompt',
                before: 'One\nTwo\nThree',
                after: 'One\n2\nThree',
                sentence: 'Scorer "judge": user_prompt changed from "Two" to "2".',
              },
            ],
          },
          { key: 'other', against: null, is_same_solver_key: false, is_same_result_key: false, differences: [] },
        ],
      });
    });
    expect(context.stet.asked).toContainEqual({ explain: 'run.yaml', against: 'latest~1', options: { numSamples: 5 } });
    expect(context.output).toBe(
      [
        'The run file against run aaaabbbb of quickstart, 10 s ago',
        'Cache policy update; that of the run is reuse.',
        'new (compared with answers): solved the same way, scored otherwise',
        '  - Scorer "judge": user_prompt changed from "Two" to "2".',
        '        One',
        '      - Two',
        '      + 2',
        '        Three',
        'other: the run has no task to compare it with',
        'Not in the file: old.',
        '',
      ].join('\n'),
    );
  });

  it('says that nothing differs', async () => {
    const { context } = await run('explain -f run.yaml --against latest');
    expect(context.output).toContain('Nothing that counts is other than in the run.');
  });

  it.each([
    ['explain', 'No run is named.'],
    ['explain -f run.yaml', 'add --against RUN'],
    ['explain --against latest', 'add -f FILE'],
    ['explain latest -f run.yaml --against first', 'no other run is named'],
  ])('refuses `%s`', async (commandLine, message) => {
    const { exitCode, context } = await run(commandLine);
    expect(exitCode).toBe(2);
    expect(context.errorOutput).toContain(message);
  });
});
