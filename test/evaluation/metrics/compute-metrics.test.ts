import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { completeDefinition } from '../../../evaluation/complete-definition.ts';
import { createMetricsComputer } from '../../../evaluation/metrics/compute-metrics.ts';
import type { ScoredSample, ScoreValue } from '../../../evaluation/score.ts';
import { definitionSchema } from '../../../evaluation/spec/tasks.ts';

function makeDefinition(...scorers: object[]) {
  return completeDefinition(
    definitionSchema.parse({
      dataset: { key: 'd' },
      solver: { type: 'pass_through_solver', trace_column: 't' },
      scorers: scorers.map((scorer) => ({ type: 'string_equals', ground_truth: 'x', ...scorer })),
    }),
  );
}

function scored(
  scores: Record<string, Record<string, ScoreValue>>,
  rest: Partial<Pick<ScoredSample, 'errors' | 'action_records' | 'sample_id'>> = {},
): ScoredSample {
  return {
    sample_index: 0,
    sample_id: 's',
    attempt: 1,
    trials: [],
    scores: Object.fromEntries(Object.entries(scores).map(([key, values]) => [key, { values, metadata: {} }])),
    action_records: [],
    errors: [],
    ...rest,
  };
}

const good = scored({ a: { is_correct: true }, b: { is_correct: true } });

describe('createMetricsComputer', () => {
  test('labels each result with metric, scorer and purpose', () => {
    const computer = createMetricsComputer(
      makeDefinition({ key: 'a' }, { key: 'b', purpose: 'qa', metrics: [{ type: 'min', field: 'is_correct' }] }),
    );
    computer.add(good);
    expect(computer.finish().metrics).toEqual([
      {
        metric_key: 'mean',
        metric_type: 'mean',
        scorer_key: 'a',
        scorer_purpose: 'score',
        values: { accuracy: 1 },
        num_missing: 0,
      },
      {
        metric_key: 'min',
        metric_type: 'min',
        scorer_key: 'b',
        scorer_purpose: 'qa',
        values: { is_correct_min: 1 },
        num_missing: 0,
      },
    ]);
  });

  test.each([
    ['a solver error', { errors: [{ error_type: 'model-error', message: '', stage: 'solver' }] }],
    ['an action error', { errors: [{ error_type: 'filter-failed', message: '', stage: 'action' }] }],
    ['an exclusion', { action_records: [{ action: 'exclude_from_metrics', rule_key: 'r' }] }],
  ] as const)('leaves a sample with %s out of every metric', (_what, rest) => {
    const computer = createMetricsComputer(makeDefinition({ key: 'a' }, { key: 'b' }));
    computer.add(good);
    computer.add(scored({ a: { is_correct: false }, b: { is_correct: false } }, rest));
    expect(computer.finish().metrics.map(({ values }) => values)).toEqual([{ accuracy: 1 }, { accuracy: 1 }]);
  });

  test('counts excluded samples, once each', () => {
    const computer = createMetricsComputer(makeDefinition({ key: 'a' }));
    const records = ['r', 'q'].map((rule_key) => ({ action: 'exclude_from_metrics' as const, rule_key }));
    computer.add(scored({ a: { is_correct: true } }, { action_records: records }));
    computer.add(good);
    expect(computer.finish().num_excluded_from_metrics).toBe(1);
  });

  test('leaves a sample with a score error out of the metrics of that scorer alone', () => {
    const computer = createMetricsComputer(makeDefinition({ key: 'a' }, { key: 'b' }));
    computer.add(good);
    computer.add(
      scored(
        { b: { is_correct: false } },
        { errors: [{ error_type: 'judge-reply-invalid', message: '', stage: 'score', scorer_key: 'a' }] },
      ),
    );
    expect(computer.finish().metrics.map(({ values }) => values)).toEqual([{ accuracy: 1 }, { accuracy: 0.5 }]);
  });

  test('reports a metric that raises and still computes the others', () => {
    const metrics = [
      { type: 'weighted_average', field: 'is_correct', weights: { true: 1 } },
      { type: 'mean', field: 'is_correct' },
    ];
    const computer = createMetricsComputer(makeDefinition({ key: 'a', metrics }));
    computer.add(good);
    computer.add(scored({ a: { is_correct: false } }, { sample_id: 'bad' }));
    computer.add(good);
    const { failures, metrics: computed } = computer.finish();
    expect(failures).toEqual([
      expect.objectContaining({
        metric_key: 'weighted_average',
        scorer_key: 'a',
        message: expect.stringContaining('bad'),
      }),
    ]);
    expect(computed.map(({ metric_key, values }) => [metric_key, values])).toEqual([
      ['mean', { is_correct_mean: 2 / 3 }],
    ]);
  });

  test('warns where no sample has the field, and says which there are', () => {
    const computer = createMetricsComputer(
      makeDefinition({ key: 'a', metrics: [{ type: 'mean', field: 'is_corect' }] }),
    );
    computer.add(good);
    const { warnings, metrics } = computer.finish();
    expect(warnings).toEqual([expect.stringMatching(/is_corect.*there are is_correct/)]);
    expect(metrics[0]?.reasons).toEqual({ is_corect_mean: 'no-values' });
  });

  test('does not warn where there are no samples', () => {
    const { warnings, metrics } = createMetricsComputer(makeDefinition({ key: 'a' })).finish();
    expect(warnings).toEqual([]);
    expect(metrics[0]?.reasons).toEqual({ accuracy: 'no-samples' });
  });

  test('gives the same digits whatever the segments that samples come in', () => {
    const definition = makeDefinition({
      key: 'a',
      metrics: ['mean', 'std_dev'].map((type) => ({ type, field: 'x' })),
    });
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e50, max: 1e50 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (numbers, segmentSize) => {
          const whole = createMetricsComputer(definition);
          const segmented = createMetricsComputer(definition);
          for (const x of numbers) whole.add(scored({ a: { x } }));
          for (let start = 0; start < numbers.length; start += segmentSize) {
            // A segment as it comes back from its blob.
            const segment = JSON.stringify(numbers.slice(start, start + segmentSize).map((x) => scored({ a: { x } })));
            for (const sample of JSON.parse(segment) as ScoredSample[]) segmented.add(sample);
          }
          expect(segmented.finish()).toEqual(whole.finish());
        },
      ),
    );
  });
});
