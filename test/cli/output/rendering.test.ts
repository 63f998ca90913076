import { describe, expect, it } from 'vitest';
import { formatAge, formatDuration, formatMetric } from '../../../cli/output/format.ts';
import type { HumanOutput } from '../../../cli/output/output.ts';
import { renderPlanTable } from '../../../cli/output/plan-table.ts';
import { renderResultTable } from '../../../cli/output/result-table.ts';
import { renderSampleView } from '../../../cli/output/sample-view.ts';
import { makeStyle } from '../../../cli/output/style.ts';
import { renderTable } from '../../../cli/output/table.ts';
import { cleanLine, cleanText, textWidth, truncateText, wrapText } from '../../../cli/output/text.ts';
import type { SampleDocument } from '../../../client/stet.ts';
import { makePlan, makePlanTask, makeRun, makeTask, now } from '../fake-stet.ts';

function makeOutput(width: number): HumanOutput {
  const stream = { write: () => {} };
  return { write: () => {}, stream, width, style: makeStyle(stream, {}) };
}

const wideOutput = makeOutput(120);

describe('the plan table', () => {
  it('says of each task what stands, since when, and what has to be sent', () => {
    const plan = makePlan({
      tasks: [
        makePlanTask({
          key: 'curt',
          reuse: 'full',
          reused_from: 'tr1',
          reused_from_run: 'abcdefgh00000000',
          reused_at: '2026-03-01T11:54:00.000Z',
          why: [],
          model_queries: { sent: 0, retried: 0, saved: 200 },
        }),
        makePlanTask({ key: 'kind' }),
      ],
    });
    const text = renderPlanTable(plan, wideOutput, now);
    expect(text).toMatch(/^curt +full +run abcdefgh, 6 min ago +200 +0$/m);
    expect(text).toMatch(/^kind +none +– +200 +200$/m);
    expect(text).toContain('Why none: There is no earlier result of this task. [kind]');
    expect(text).not.toContain('[curt]');
  });

  it('says a reason that many tasks share only once', () => {
    const tasks = ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => makePlanTask({ key }));
    const text = renderPlanTable(
      makePlan({ tasks: [...tasks, makePlanTask({ key: 'g', reuse: 'full', why: [] })] }),
      wideOutput,
      now,
    );
    expect(text.match(/Why none/g)).toHaveLength(1);
    expect(text).toContain('[a, b, c, d and 2 others]');
  });

  it('gives the first reason in full and counts the others', () => {
    const reason = {
      category: 'field',
      component: 'scorers',
      path: '/0/ignore_case',
      sentence: 'ignore_case was true.',
    } as const;
    const task = makePlanTask({ reuse: 'partial', why: [reason, { ...reason, path: '/0/text' }] });
    expect(renderPlanTable(makePlan({ tasks: [task] }), wideOutput, now)).toContain(
      'Why only partial: ignore_case was true. (and 1 more difference)',
    );
  });

  it('shows the column of trials only where a sample is tried more than once', () => {
    expect(renderPlanTable(makePlan(), wideOutput, now)).not.toContain('trials');
    const tasks = [makePlanTask({ trials: 3 })];
    expect(renderPlanTable(makePlan({ tasks }), wideOutput, now)).toContain('trials');
  });

  it.each([20, 34, 48, 60, 80])('never is wider than a terminal of %i characters', (width) => {
    const tasks = [
      makePlanTask({
        reuse: 'full',
        reused_from: 'tr1',
        reused_from_run: 'abcdefgh',
        reused_at: '2026-02-01T00:00:00Z',
        why: [],
      }),
      makePlanTask({ key: 'longer-key' }),
    ];
    const text = renderPlanTable(makePlan({ tasks }), makeOutput(width), now);
    const table = text.split('\n').filter((line) => !/^(Plan of|Queries:)/.test(line));
    // Where not even a list of "title: value" lines fits, the terminal has to break them.
    const limit = Math.max(width, textWidth('  stands on: run abcdefgh, 28 days ago'));
    for (const line of table) expect(textWidth(line)).toBeLessThanOrEqual(limit);
  });
});

describe('the result table', () => {
  it('shows a null metric as a dash with its reason', () => {
    const run = makeRun({
      tasks: [makeTask({ metrics: { f1_score: null }, metric_reasons: { f1_score: 'zero-denominator' } })],
    });
    expect(renderResultTable(run, wideOutput, now)).toMatch(/^answers +f1_score +– +zero-denominator$/m);
  });

  it('counts answers that were cut off or refused, wherever they came from', () => {
    const none = {
      queries: 0,
      prompt_tokens: 0,
      completion_tokens: 0,
      cached_prompt_tokens: 0,
      answers_without_usage: 0,
      answers_cut_off: 0,
      answers_refused: 0,
      cost_micros: '0',
    };
    const entry = { model: 'm', retried: { queries: 0 }, waited: none, latency_ms: null };
    const usage = [
      {
        ...entry,
        purpose: 'solver',
        sent: { ...none, queries: 3, answers_cut_off: 1 },
        stood: { ...none, queries: 4, answers_cut_off: 2, answers_refused: 1 },
      },
      { ...entry, purpose: 'judge', sent: { ...none, queries: 3, answers_cut_off: 3 }, stood: none },
    ] as const;
    const text = renderResultTable(makeRun({ tasks: [makeTask({ usage })] }), wideOutput, now);
    expect(text).toMatch(/^task +status +reuse +samples +errors +cut off +refused +sent/m);
    expect(text).toMatch(/^answers +completed +none +200 +0 +3 +1 +200/m);
    expect(renderResultTable(makeRun(), wideOutput, now)).not.toContain('cut off');
  });

  it('leaves minor columns out before it becomes a list', () => {
    const columns = [{ title: 'name' }, { title: 'detail', isMinor: true }, { title: 'value' }];
    const row = ['a name of some length', 'what matters less', 'a value of some length'];
    const render = (width: number) => renderTable(columns, [row], { width, style: wideOutput.style });
    expect(render(80)).toContain('what matters less');
    expect(render(60)).toMatch(/^name +value\na name of some length +a value of some length\n$/);
  });

  it('marks the metrics of a failed task as partial and shows its error with code and hint', () => {
    const task = makeTask({
      status: 'failed',
      metrics_are_partial: true,
      error: {
        code: 'too-many-sample-errors',
        message: '3 of 200 samples failed.',
        hint: 'Raise limits.max_sample_errors.',
      },
    });
    const text = renderResultTable(makeRun({ status: 'failed', tasks: [task] }), wideOutput, now);
    expect(text).toMatch(/accuracy +0\.8150 +partial: over the good samples only/);
    expect(text).toContain(
      'answers: error: 3 of 200 samples failed. [too-many-sample-errors]\n  Raise limits.max_sample_errors.',
    );
  });

  it('counts retries apart from what was sent', () => {
    const counts = { sent: 200, retried: 7, saved: 0 };
    const run = makeRun({ model_queries: counts, tasks: [makeTask({ model_queries: counts })] });
    expect(renderResultTable(run, wideOutput, now)).toContain('200 queries sent, 7 retried, 0 saved by reuse');
  });

  it('shows a task that has not begun', () => {
    const task = makeTask({ status: 'pending', reuse: null, metrics: null, started_at: null, ended_at: null });
    const run = makeRun({ status: 'running', ended_at: null, tasks: [task] });
    expect(renderResultTable(run, wideOutput, now)).toMatch(/^answers +pending +– .* –$/m);
  });
});

describe('the view of a sample', () => {
  const evidence = { started_at: '2026-03-01T11:54:00Z', duration_ms: 312, retries: [] };
  const sample: SampleDocument = {
    task: 'answers',
    sample_id: 'hours-01',
    sample_index: 0,
    sample: { question: 'When do you open?', expected: '8:15' },
    solved: {
      sample_index: 0,
      sample_id: 'hours-01',
      attempt: 1,
      trials: [
        {
          trial: 0,
          output: { trace: { FORMAT: 'open_responses', items: [] }, raw_outputs: ['At nine.'], direct_ios: [] },
          queries: [
            {
              model_key: 'assistant',
              request_digest: 'sha256:1',
              input: { messages: [{ role: 'user', content: 'When do you open?' }] },
              output: { choices: [{ message: { role: 'assistant', content: 'At nine.' } }] },
              evidence: {
                ...evidence,
                served_model: 'small-1',
                finish_reason: 'stop',
                retries: [{ error_type: 'model-error', status: 503, message: 'busy' }],
              },
            },
          ],
          failed_queries: { sent: 0, retried: 0 },
        },
      ],
    },
    scored: {
      sample_index: 0,
      sample_id: 'hours-01',
      attempt: 1,
      trials: [
        {
          trial: 0,
          scorer_key: 'judge',
          score: null,
          queries: [
            {
              model_key: 'judge-model',
              request_digest: 'sha256:2',
              input: { messages: [{ role: 'user', content: 'Is that right?' }] },
              output: { choices: [{ message: { role: 'assistant', content: 'perhaps' } }] },
              evidence,
            },
          ],
          failed_queries: { sent: 1, retried: 5 },
          error: {
            error_type: 'judge-reply-invalid',
            message: 'No label in the reply.',
            stage: 'score',
            scorer_key: 'judge',
          },
        },
        {
          trial: 0,
          scorer_key: 'includes',
          score: { values: { is_correct: false }, metadata: { missing: ['8:15'] } },
          queries: [],
          failed_queries: { sent: 0, retried: 0 },
        },
      ],
      scores: {},
      action_records: [{ action: 'exclude_from_metrics', rule_key: 'too-long' }],
      errors: [{ error_type: 'filter-failed', message: 'The rule cannot be evaluated.', stage: 'action' }],
    },
  };

  it.each([
    ['the row', 'expected: 8:15'],
    ['the rendered request', 'user: When do you open?'],
    ['the answer', 'Answer\n      At nine.'],
    ['who served it', 'served by small-1, finished: stop'],
    ['every retry', 'attempt 1: model-error (status 503) busy'],
    ['the scores', 'is_correct: false\n  missing: ["8:15"]'],
    ["the judge's request", 'user: Is that right?'],
    ["the judge's answer", 'perhaps'],
    ['queries that brought nothing', '1 query without an answer, sent again 5 times'],
    ['errors of scorers', 'score error: No label in the reply. [judge-reply-invalid]'],
    ['errors of action rules', 'action error: The rule cannot be evaluated. [filter-failed]'],
    ['what action rules did', 'exclude_from_metrics by rule too-long'],
  ])('shows %s', (_, text) => {
    expect(renderSampleView(makeRun(), sample, wideOutput)).toContain(text);
  });

  it('shows a sample that is not solved yet', () => {
    const text = renderSampleView(
      makeRun({ status: 'running' }),
      { ...sample, solved: null, scored: null },
      wideOutput,
    );
    expect(text).toContain('Not solved yet.');
  });
});

describe('tables', () => {
  const columns = [{ title: 'name' }, { title: 'count', align: 'right' }] as const;

  it('align numbers on the right and leave no trailing blanks', () => {
    const text = renderTable(
      columns,
      [
        ['a', '1'],
        ['bcd', '1,000'],
      ],
      wideOutput,
    );
    expect(text).toBe('name  count\na         1\nbcd   1,000\n');
  });

  it('break what does not fit into lines and lose nothing', () => {
    const text = renderTable(columns, [['abcdefghijklmnopqrstuvwxyz', '1']], { ...wideOutput, width: 24 });
    for (const line of text.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(24);
    expect(text.replace(/\s|1|name|count/g, '')).toBe('abcdefghijklmnopqrstuvwxyz');
  });
});

describe('text from outside', () => {
  it('cannot steer the terminal', () => {
    expect(cleanText('a\u001b[2Jb\u0007\u202ec\r\nd\te')).toBe('a\\u001b[2Jb\\u0007\\u202ec\nd\te');
    expect(cleanLine(' a\n\n b ')).toBe('a b');
  });

  it('is cut and broken by cells, wide characters taking two', () => {
    expect(textWidth('日本')).toBe(4);
    expect(textWidth('👩‍👩‍👧')).toBe(2);
    expect(truncateText('日本語', 5)).toBe('日本…');
    expect(truncateText('short', 5)).toBe('short');
    expect(wrapText('one two three', 7)).toBe('one two\nthree');
    expect(wrapText('abcdefgh', 3)).toBe('abc\ndef\ngh');
  });
});

describe('colours', () => {
  it('are used on a terminal only, and not under NO_COLOR or on a dumb one', () => {
    const terminal = { write: () => {}, isTTY: true };
    expect(makeStyle(terminal, {}).good('x')).toBe('\u001b[32mx\u001b[39m');
    expect(makeStyle(terminal, { NO_COLOR: '1' }).good('x')).toBe('x');
    expect(makeStyle(terminal, { TERM: 'dumb' }).good('x')).toBe('x');
    expect(makeStyle({ write: () => {} }, {}).good('x')).toBe('x');
  });

  it('are used elsewhere where FORCE_COLOR asks for them, which NO_COLOR and plain output beat', () => {
    const file = { write: () => {} };
    expect(makeStyle(file, { FORCE_COLOR: '1' }).bad('x')).toBe('\u001b[31mx\u001b[39m');
    expect(makeStyle({ ...file, isTTY: true }, { FORCE_COLOR: '0' }).bad('x')).toBe('x');
    expect(makeStyle(file, { FORCE_COLOR: '1', NO_COLOR: '1' }).bad('x')).toBe('x');
    expect(makeStyle(file, { FORCE_COLOR: '1' }, true).bad('x')).toBe('x');
  });
});

describe('numbers and times', () => {
  it.each([
    [0, '0 ms'],
    [999.4, '999 ms'],
    [7940, '7.9 s'],
    [59_990, '1 min'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
  ])('write %i ms as %s', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });

  it.each([
    [5_000, 'just now'],
    [59_000, '59 s ago'],
    [3_600_000, '1 h ago'],
    [3 * 86_400_000, '3 days ago'],
  ])('write an age of %i ms as %s', (ageMs, text) => {
    expect(formatAge(new Date(now - ageMs).toISOString(), now)).toBe(text);
  });

  it.each([
    [null, '–'],
    [1, '1'],
    [0.815, '0.8150'],
    [0.00012, '0.0001200'],
    [286 / 1319, '0.2168'],
  ])('write the metric %s as %s', (value, text) => {
    expect(formatMetric(value)).toBe(text);
  });
});
