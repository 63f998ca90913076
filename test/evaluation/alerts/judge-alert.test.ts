import { describe, expect, it } from 'vitest';
import { checkAlert, findMetricOf } from '../../../evaluation/alerts/find-targets.ts';
import { type AlertEvidence, judgeAlert } from '../../../evaluation/alerts/judge-alert.ts';
import { findMetricOrigins } from '../../../evaluation/alerts/metric-names.ts';
import { parseAlert } from '../../../evaluation/alerts/parse-alert.ts';
import type { CompleteDefinition, CompleteMetric } from '../../../evaluation/plan.ts';

const evidence: AlertEvidence = {
  task: 'plain',
  metric: 'accuracy',
  value: 0.6,
  baseline: { run: 'before', value: 0.7 },
  difference: { estimate: -0.1, interval: [-0.15, -0.05], pairs: 200, method: 'agresti-min' },
};

function makeTask(key: string, ...metrics: readonly CompleteMetric[]) {
  const scorer = { type: 'string_equals', key: 'exact', purpose: 'score', metrics };
  return { key, definition: { scorers: [scorer] } as unknown as CompleteDefinition };
}
const accuracy: CompleteMetric = { type: 'mean', key: 'accuracy', field: 'is_correct', name: 'accuracy' };

describe('judging an alert', () => {
  it.each([
    ['accuracy < 0.7', {}, 'fired'],
    ['accuracy < 0.6', {}, 'quiet'],
    ['accuracy < 0.7', { value: null }, 'unjudged'],
    ['accuracy < -0.05', {}, 'fired'],
    ['accuracy < -0.2', {}, 'quiet'],
    [
      'accuracy < -0.05',
      { difference: { estimate: -0.1, interval: [-0.21, 0.01], pairs: 20, method: 'agresti-min' } },
      'quiet',
    ],
    ['accuracy < -0.05', { baseline: null, difference: null }, 'no-baseline'],
    ['accuracy < -0.05', { difference: { reason: 'too-few-pairs' } }, 'unjudged'],
    ['accuracy > +0.05', {}, 'quiet'],
  ] as const)('%s with %j is %s', (text, change, verdict) => {
    expect(judgeAlert(parseAlert(text), { ...evidence, ...change }).verdict).toBe(verdict);
  });

  it('says in one sentence what was found', () => {
    expect(judgeAlert(parseAlert('accuracy < -0.05'), evidence).sentence).toBe(
      'accuracy of plain differs by -0.1 (95 % from -0.15 to -0.05, 200 samples) from run before.',
    );
  });
});

describe('what an alert is about', () => {
  it('is a metric of every task, or of the one that it names', () => {
    const keys = ['plain', 'curt'];
    expect(findMetricOf(parseAlert('accuracy < 0.7'), 'curt', keys)).toBe('accuracy');
    expect(findMetricOf(parseAlert('plain.accuracy < 0.7'), 'plain', keys)).toBe('accuracy');
    expect(findMetricOf(parseAlert('plain.accuracy < 0.7'), 'curt', keys)).toBeNull();
    expect(findMetricOf(parseAlert('score.mean < 0.7'), 'curt', keys)).toBe('score.mean');
  });

  it('has to be there before anything is spent', () => {
    const tasks = [makeTask('plain', accuracy)];
    expect(() => checkAlert(parseAlert('plain.accuracy < 0.7'), tasks)).not.toThrow();
    expect(() => checkAlert(parseAlert('acuracy < 0.7'), tasks)).toThrow(
      expect.objectContaining({ code: 'usage', hint: 'Did you mean "accuracy"?' }) as Error,
    );
  });

  it('may be a value whose name comes from scores', () => {
    const tasks = [makeTask('plain', { type: 'frequency', key: 'labels', field: 'label' })];
    expect(() => checkAlert(parseAlert('label_refused > 0.1'), tasks)).not.toThrow();
  });

  it('is found by its flat name, also where metrics clash', () => {
    const result = { metric_type: 'mean', scorer_purpose: 'score' as const, values: { accuracy: 0.5 } };
    const origins = findMetricOrigins([
      { ...result, metric_key: 'first', scorer_key: 'exact' },
      {
        ...result,
        metric_key: 'second',
        scorer_key: 'loose',
        values: { accuracy: null },
        reasons: { accuracy: 'no-values' },
      },
    ]);
    expect(Object.fromEntries(origins)).toEqual({
      first_accuracy: { scorerKey: 'exact', metricKey: 'first', valueName: 'accuracy', value: 0.5 },
      second_accuracy: { scorerKey: 'loose', metricKey: 'second', valueName: 'accuracy', value: null },
    });
  });
});
