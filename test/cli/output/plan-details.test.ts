import { describe, expect, it } from 'vitest';
import type { HumanOutput } from '../../../cli/output/output.ts';
import { renderPlanTable } from '../../../cli/output/plan-table.ts';
import { makeStyle } from '../../../cli/output/style.ts';
import { textWidth } from '../../../cli/output/text.ts';
import { renderTextDiff } from '../../../cli/output/text-diff.ts';
import type { PlannedAmountDocument, PlannedUsageDocument } from '../../../client/plan/plan-usage-document.ts';
import { makePlan, makePlannedTotals, makePlanTask, now } from '../fake-stet.ts';

function makeOutput(width: number): HumanOutput {
  const stream = { write: () => {} };
  return { write: () => {}, stream, width, style: makeStyle(stream, {}) };
}

const render = (plan: ReturnType<typeof makePlan>, width = 120) =>
  renderPlanTable(plan, makeOutput(width), now, { isBrief: false });

const source = {
  run: 'abcdefgh00000000',
  label: null,
  task: 'answers',
  task_result: 'tr1',
  status: 'completed',
  at: '2026-02-27T12:00:00.000Z',
  user: 'anna',
  host: 'desk',
  schedule: null,
} as const;

const amount = (queries: number, cost: string | null): PlannedAmountDocument => ({
  queries,
  prompt_tokens: cost === null ? null : 10 * queries,
  completion_tokens: cost === null ? null : queries,
  cached_prompt_tokens: cost === null ? null : 0,
  cost_micros: cost,
});

const usage: readonly PlannedUsageDocument[] = [
  {
    model: 'small',
    purpose: 'solver',
    sent: amount(200, '2500000'),
    stood: amount(0, '0'),
    saved: amount(0, '0'),
    basis: { run: source.run, task_result: 'tr1', task_key: 'shop-questions', queries: 150 },
    no_estimate: null,
  },
  {
    model: 'grader',
    purpose: 'judge',
    sent: amount(200, null),
    stood: amount(0, '0'),
    saved: amount(0, '0'),
    basis: null,
    no_estimate: 'No earlier result says how many tokens a query to grader takes as judge.',
  },
];

describe('the whole plan', () => {
  it('shows every reason with what it was compared with, and where long texts differ', () => {
    const why = [
      {
        category: 'field',
        component: 'solver',
        path: '/input_builder/input_messages/0/content',
        before: `Be brief.\n${'Same line.\n'.repeat(9)}Say yes.\nEnd.`,
        after: `Be brief.\n${'Same line.\n'.repeat(9)}Say no.\nNever both.\nEnd.`,
        sentence: 'Solver: the system message changed.',
      },
      { category: 'field', component: 'run_config', path: '/seed', before: 0, after: 1, sentence: 'The seed changed.' },
    ] as const;
    const text = render(makePlan({ tasks: [makePlanTask({ why, compared_with: source })] }));
    expect(text).toContain(
      [
        '  Why none, compared with run abcdefgh of 2026-02-27 12:00 (2 days ago):',
        '  - Solver: the system message changed.',
        '        Same line.',
        '      - Say yes.',
        '      + Say no.',
        '      + Never both.',
        '        End.',
        '  - The seed changed.',
      ].join('\n'),
    );
  });

  it('says by whom, for whom it waits, and with which task it shares', () => {
    const holder = {
      ...source,
      status: 'running',
      stands: 'all',
      stage: 'solve',
      done: 40,
      total: 200,
      has_owner: true,
    } as const;
    const tasks = [
      makePlanTask({
        key: 'stands',
        reuse: 'partial',
        reused_from: 'tr1',
        reused_from_run: source.run,
        reused_at: source.at,
        source,
      }),
      makePlanTask({ key: 'waits', waits_for: holder }),
      makePlanTask({ key: 'shares', shares_with: 'waits' }),
      makePlanTask({ key: 'left', waits_for: { ...holder, has_owner: false } }),
    ];
    const text = render(makePlan({ tasks }));
    expect(text).toMatch(/^stands +partial +run abcdefgh, 2 days ago, by anna /m);
    expect(text).toMatch(/^waits +waiting +run abcdefgh, at work /m);
    expect(text).toMatch(/^shares +none +task waits of this run /m);
    expect(text).toContain('waits waits for run abcdefgh of anna, which computes the same: 40 of 200 samples solved.');
    expect(text).toContain('left: run abcdefgh of anna has computed some of the same (40 of 200 samples solved)');
  });

  it('shows queries, tokens and cost of each model, where they come from, and what is not known', () => {
    const text = render(
      makePlan({
        model_queries: { sent: 400, retried: 0, saved: 0 },
        expected: {
          sent: {
            ...makePlannedTotals(400),
            prompt_tokens: 2_000,
            completion_tokens: 200,
            cost_micros: '2500000',
            has_all_tokens: false,
            has_all_costs: false,
          },
          stood: makePlannedTotals(0),
          saved: makePlannedTotals(0),
        },
        tasks: [makePlanTask({ usage })],
      }),
    );
    expect(text).toMatch(/^small +solver +200 +2,000 +200 +\$2\.50 +0$/m);
    expect(text).toMatch(/^grader +judge +200 +– +– +– +0$/m);
    expect(text).toContain('Queries: 400 to send (at least 2,200 tokens, $2.50), 0 saved by reuse.');
    expect(text).toContain('Estimated from 150 answers of small as solver in run abcdefgh.');
    expect(text).toContain('No estimate: No earlier result says how many tokens a query to grader takes as judge.');
  });

  it('shows single answers apart from what reuse saves', () => {
    const [solver] = usage;
    if (solver === undefined) throw new Error('There is a solver.');
    const entry = { ...solver, sent: amount(1, '12500'), stood: amount(199, '2487500') };
    const text = render(makePlan({ answers_stood: 199, tasks: [makePlanTask({ usage: [entry] })] }));
    expect(text).toContain('199 answered by single answers');
    expect(text).toMatch(/^small +solver +1 +10 +1 +\$0\.0125 +199, \$2\.49 +0$/m);
  });

  it.each([50, 80])('keeps within %i characters', (width) => {
    const why = [
      {
        category: 'field',
        component: 'solver',
        path: '/x',
        before: 'word '.repeat(60),
        after: 'words '.repeat(60),
        sentence: `Solver: x changed from ${'some '.repeat(40)}.`,
      },
    ] as const;
    const text = render(makePlan({ tasks: [makePlanTask({ why, compared_with: source, usage })] }), width);
    for (const line of text.split('\n')) expect(textWidth(line), line).toBeLessThanOrEqual(width);
  });
});

describe('a text diff', () => {
  it('leaves out what is far from a change, and ends somewhere', () => {
    const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`);
    const changed = lines.map((line, index) => (index === 3 || index === 90 ? `${line}!` : line));
    const short = renderTextDiff(lines.join('\n'), changed.join('\n'), makeOutput(80));
    expect(short.split('\n')).toHaveLength(10);
    expect(short).toContain('  …\n  line 89\n- line 90\n+ line 90!\n  line 91\n');
    const long = renderTextDiff(lines.join('\n'), 'gone', makeOutput(80));
    expect(long).toMatch(/… and \d+ more lines; --json has all of it\.\n$/);
  });
});
