import { expect, test } from 'vitest';
import { type ActionInput, compileActionRules } from '../../../evaluation/actions/compile-action-rules.ts';
import { actionRuleSchema } from '../../../evaluation/spec/filters.ts';

const input: ActionInput = {
  sample: { index: 0, id: 's7', row: { lang: 'de' } },
  solverOutput: { trace: { FORMAT: 'open_responses', items: [] }, raw_outputs: [], direct_ios: [] },
  scores: {
    language: { values: { label: 'EN', sure: 0.5 }, metadata: {} },
    'a-b': { values: { ok: true }, metadata: {} },
  },
  failedScorers: [],
};

function run(filters: Record<string, object>, changed: Partial<ActionInput> = {}) {
  const rules = Object.entries(filters).map(([key, filter]) =>
    actionRuleSchema.parse({ key, action: 'exclude_from_metrics', filter }),
  );
  return compileActionRules(rules)({ ...input, ...changed });
}

const hit = (rule_key: string) => ({ action: 'exclude_from_metrics', rule_key });

test('records a hit of every rule that matches, by scores or by the sample', () => {
  const outcome = run({
    one: { op: 'equals', expression: '{{ scores.language.label }}', value: 'EN' },
    two: { op: 'equals', expression: '{{ scores.language.label }}', value: 'DE' },
    three: { op: 'equals', expression: '{{ sample.lang }}', value: 'de' },
    four: { op: 'is_true', expression: "{{ scores['a-b'].ok }}" },
  });
  expect(outcome).toEqual({ records: [hit('one'), hit('three'), hit('four')], errors: [] });
});

test('a rule that cannot be evaluated is an error of stage action, and the others still run', () => {
  const outcome = run({
    broken: { op: 'greater_than', expression: '{{ scores.language.label }}', value: 1 },
    unknown: { op: 'equals', expression: '{{ scores.language.lable }}', value: 1 },
    fine: { op: 'exists', expression: '{{ sample.lang }}' },
  });
  expect(outcome.records).toEqual([hit('fine')]);
  expect(outcome.errors).toEqual([
    expect.objectContaining({
      stage: 'action',
      error_type: 'filter-failed',
      message: expect.stringContaining('actions.broken.filter, sample s7'),
    }),
    expect.objectContaining({ stage: 'action', error_type: 'template-undefined' }),
  ]);
});

test.each(['equals', 'exists', 'not_exists'])(
  'a rule that needs the scores of a failed scorer is an error under %s',
  (op) => {
    const expressions = [
      '{{ scores.judge.label }}',
      '{{ scores["judge"].label }}',
      "{{ scores [ 'judge' ]['label'] }}",
    ];
    for (const expression of expressions) {
      const filter = op === 'equals' ? { op, expression, value: 'x' } : { op, expression };
      const outcome = run({ rule: filter }, { failedScorers: ['judge'] });
      expect(outcome).toEqual({
        records: [],
        errors: [expect.objectContaining({ error_type: 'filter-failed', message: expect.stringContaining('judge') })],
      });
    }
  },
);

test('a failed scorer that a rule does not need does not disturb it', () => {
  const filter = { op: 'equals', expression: '{{ scores.language.label }}', value: 'EN' };
  expect(run({ rule: filter }, { failedScorers: ['lang', 'language2', 'judge'] }).records).toEqual([hit('rule')]);
});

test('over several trials a score is found under its own name and as its mean', () => {
  const scores = { judge: { values: { 'score.mean': 0.25 }, metadata: {} } };
  const outcome = run(
    {
      own: { op: 'less_than', expression: '{{ scores.judge.score }}', value: 0.5 },
      mean: { op: 'less_than', expression: '{{ scores.judge["score.mean"] }}', value: 0.5 },
    },
    { scores },
  );
  expect(outcome).toEqual({ records: [hit('own'), hit('mean')], errors: [] });
});

test('without rules nothing happens', () => {
  expect(run({})).toEqual({ records: [], errors: [] });
});
