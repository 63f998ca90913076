import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Digest } from '../../contracts/digest.ts';
import type { MetricResult } from '../../evaluation/metric-value.ts';
import { createResultDigest, digestSample } from '../../evaluation/result-digest.ts';
import type { ScoredSample } from '../../evaluation/score.ts';
import type { SolvedSample } from '../../evaluation/trace.ts';

const query = {
  model_key: 'm',
  request_digest: `sha256:${'0'.repeat(64)}`,
  input: { messages: [] },
  output: 'yes',
  evidence: { started_at: '2026-01-01T00:00:00.000Z', duration_ms: 3, retries: [] },
} as unknown as SolvedSample['trials'][number]['queries'][number];

const solved: SolvedSample = {
  sample_index: 0,
  sample_id: 'a',
  attempt: 1,
  trials: [
    {
      trial: 0,
      output: {
        trace: {
          FORMAT: 'open_responses',
          items: [{ type: 'message', id: 'msg_1', role: 'assistant', content: 'yes' }],
        },
        raw_outputs: [{ choices: [] }],
        direct_ios: [],
      },
      queries: [query],
      failed_queries: { sent: 0, retried: 0 },
    },
  ],
};
const scored: ScoredSample = {
  sample_index: 0,
  sample_id: 'a',
  attempt: 1,
  trials: [
    {
      trial: 0,
      scorer_key: 's',
      score: { values: { is_correct: true }, metadata: { seen: 'yes' } },
      queries: [],
      failed_queries: { sent: 0, retried: 0 },
    },
  ],
  scores: { s: { values: { is_correct: true }, metadata: {} } },
  action_records: [{ action: 'exclude_from_metrics', rule_key: 'r' }],
  errors: [{ error_type: 'template', message: 'words', stage: 'action', scorer_key: 's' }],
};
const metric: MetricResult = {
  metric_key: 'mean',
  metric_type: 'mean',
  scorer_key: 's',
  scorer_purpose: 'score',
  values: { accuracy: 1 },
};

const digest = digestSample(solved, scored);
const [solvedTrial] = solved.trials;
const [scoredTrial] = scored.trials;
const [error] = scored.errors;

const withSolvedTrial = (changes: object): SolvedSample => ({
  ...solved,
  trials: [{ ...solvedTrial, ...changes } as SolvedSample['trials'][number]],
});
const withOutput = (changes: object) => withSolvedTrial({ output: { ...solvedTrial?.output, ...changes } });
const withItem = (changes: object) =>
  withOutput({
    trace: {
      FORMAT: 'open_responses',
      items: [{ type: 'message', id: 'msg_1', role: 'assistant', content: 'yes', ...changes }],
    },
  });
const withScoredTrial = (changes: object): ScoredSample => ({
  ...scored,
  trials: [{ ...scoredTrial, ...changes } as ScoredSample['trials'][number]],
});
const withError = (changes: object): ScoredSample => ({
  ...scored,
  errors: [{ ...error, ...changes } as ScoredSample['errors'][number]],
});

describe('the digest of a sample', () => {
  test.each([
    ['the sample id', { ...solved, sample_id: 'b' }, scored],
    ['a trial', withSolvedTrial({ trial: 1 }), scored],
    ['an answer', withItem({ content: 'no' }), scored],
    ['a missing answer', withSolvedTrial({ output: null }), scored],
    ['a score', solved, withScoredTrial({ score: { values: { is_correct: false }, metadata: { seen: 'yes' } } })],
    [
      'metadata of a score',
      solved,
      withScoredTrial({ score: { values: { is_correct: true }, metadata: { seen: 'no' } } }),
    ],
    ['a failed scorer', solved, withScoredTrial({ score: null })],
    ['a scorer', solved, withScoredTrial({ scorer_key: 't' })],
    ['the score over all trials', solved, { ...scored, scores: {} }],
    ['an action record', solved, { ...scored, action_records: [] }],
    ['an error', solved, { ...scored, errors: [] }],
    ['the type of an error', solved, withError({ error_type: 'other' })],
    ['the stage of an error', solved, withError({ stage: 'score' })],
    ['the scorer of an error', solved, withError({ scorer_key: 't' })],
  ] as const)('changes with %s', (_, otherSolved, otherScored) => {
    expect(digestSample(otherSolved, otherScored)).not.toBe(digest);
  });

  test.each([
    ['provider-made ids', withItem({ id: 'msg_2' }), scored],
    ['raw outputs', withOutput({ raw_outputs: [{ choices: [], usage: { num_prompt_tokens: 3 } }] }), scored],
    ['queries, times and retries', withSolvedTrial({ queries: [], failed_queries: { sent: 4, retried: 7 } }), scored],
    ['attempts', { ...solved, attempt: 2 }, { ...scored, attempt: 3 }],
    ['the place in a selection', { ...solved, sample_index: 9 }, { ...scored, sample_index: 9 }],
    ['what a judge cost', solved, withScoredTrial({ queries: [query], failed_queries: { sent: 1, retried: 0 } })],
    ['the message and hint of an error', solved, withError({ message: 'other words', hint: 'try' })],
    ['the digest that was stored', solved, { ...scored, digest }],
  ] as const)('does not change with %s', (_, otherSolved, otherScored) => {
    expect(digestSample(otherSolved, otherScored)).toBe(digest);
  });
});

describe('the digest of a result', () => {
  const samples = fc.uniqueArray(
    fc.stringMatching(/^[0-9a-f]{64}$/).map((hex): Digest => `sha256:${hex}`),
    { minLength: 1, maxLength: 6 },
  );
  const digestAll = (digests: readonly Digest[], metrics: readonly MetricResult[] = [metric]): Digest => {
    const result = createResultDigest();
    for (const one of digests) result.add(one);
    return result.finish(metrics);
  };

  test('is over the samples in order', () => {
    fc.assert(
      fc.property(samples, fc.nat(), (digests, shift) => {
        const turned = [...digests.slice(shift % digests.length), ...digests.slice(0, shift % digests.length)];
        expect(digestAll(turned) === digestAll(digests)).toBe(shift % digests.length === 0);
        expect(digestAll(digests.slice(1))).not.toBe(digestAll(digests));
        expect(digestAll(digests)).toBe(digestAll([...digests]));
      }),
    );
  });

  test('is over the metrics, too', () => {
    const digests = [digest];
    expect(digestAll(digests, [{ ...metric, values: { accuracy: 0.5 } }])).not.toBe(digestAll(digests));
    expect(
      digestAll(digests, [{ ...metric, values: { accuracy: null }, reasons: { accuracy: 'no-samples' } }]),
    ).not.toBe(digestAll(digests));
    expect(digestAll(digests, [])).not.toBe(digestAll(digests));
  });
});
