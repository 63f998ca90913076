import { describe, expect, test } from 'vitest';
import { completeDefinition } from '../../evaluation/complete-definition.ts';
import { ModelError } from '../../evaluation/model-error.ts';
import type { Answer, ModelInput } from '../../evaluation/model-io.ts';
import { createSampleScorer, type JudgeUse } from '../../evaluation/score-sample.ts';
import { answerToItems } from '../../evaluation/solvers/answer-to-items.ts';
import { definitionSchema } from '../../evaluation/spec/tasks.ts';
import type { SolvedSample } from '../../evaluation/trace.ts';

const evidence = { started_at: '2024-01-01T00:00:00Z', duration_ms: 1, retries: [] };
const chat = (content: string) => ({ choices: [{ message: { role: 'assistant', content } }] });

const equals = { key: 'equals', type: 'string_equals', ground_truth: '{{ sample.truth }}' };
const numeric = { key: 'numeric', type: 'numeric_equals', ground_truth: '{{ sample.truth }}' };
const judge = {
  key: 'judge',
  type: 'model_as_a_judge_scorer',
  model_key: 'm',
  user_prompt: 'Rate {{ sample.truth }}.',
};

function solvedWith(...answers: (string | null)[]): SolvedSample {
  return {
    sample_index: 4,
    sample_id: 's7',
    attempt: 1,
    trials: answers.map((answer, trial) => ({
      trial,
      queries: [],
      failed_queries: { sent: 0, retried: 0 },
      ...(answer === null
        ? { output: null, error: { error_type: 'model-error', message: 'HTTP 400', stage: 'solver' as const, trial } }
        : {
            output: {
              trace: { FORMAT: 'open_responses' as const, items: answerToItems(chat(answer)) },
              raw_outputs: [chat(answer)],
              direct_ios: [],
            },
          }),
    })),
  };
}

function score(
  parts: { scorers: object[]; actions?: object[] },
  solved: SolvedSample,
  options: { truth?: string; ask?: (use: JudgeUse) => Promise<string> } = {},
) {
  const definition = completeDefinition(
    definitionSchema.parse({
      dataset: { key: 'd' },
      solver: { type: 'pass_through_solver', trace_column: 't' },
      ...parts,
    }),
  );
  const { truth = 'a', ask = () => Promise.reject(new Error('Nobody may be asked.')) } = options;
  return createSampleScorer(definition)({
    sample: { index: 4, id: 's7', row: { truth } },
    solved,
    attempt: 2,
    warnOnce: () => {},
    generateFor:
      (use) =>
      async (input: ModelInput): Promise<Answer> => {
        try {
          const answer = { output: chat(await ask(use)), evidence };
          use.recorder.answered({ model_key: use.modelKey, request_digest: 'd', input, ...answer });
          return answer;
        } catch (error) {
          use.recorder.failed(error instanceof ModelError ? error.retries : 0);
          throw error;
        }
      },
  });
}

const exclude = { key: 'rule', action: 'exclude_from_metrics' };

describe('createSampleScorer', () => {
  test('scores one trial with every scorer', async () => {
    const scored = await score({ scorers: [equals, { ...equals, key: 'other', ground_truth: 'b' }] }, solvedWith('a'));
    expect(scored).toMatchObject({ sample_index: 4, sample_id: 's7', attempt: 2, action_records: [], errors: [] });
    expect(Object.entries(scored.scores).map(([key, { values }]) => [key, values])).toEqual([
      ['equals', { is_correct: true }],
      ['other', { is_correct: false }],
    ]);
    expect(scored.trials.map(({ trial, scorer_key }) => [trial, scorer_key])).toEqual([
      [0, 'equals'],
      [0, 'other'],
    ]);
  });

  test('makes one score of all trials', async () => {
    const scored = await score({ scorers: [equals] }, solvedWith('a', 'b', 'a', 'a'));
    expect(scored.scores).toEqual({ equals: { values: { 'is_correct.mean': 0.75 }, metadata: {} } });
    expect(scored.trials.map(({ score: ofTrial }) => ofTrial?.values)).toEqual([
      { is_correct: true },
      { is_correct: false },
      { is_correct: true },
      { is_correct: true },
    ]);
  });

  test('gives a sample that was not solved no scores, and carries its errors along', async () => {
    const solved = solvedWith('a', null);
    const rule = { ...exclude, filter: { op: 'exists', expression: '{{ sample.truth }}' } };
    expect(await score({ scorers: [equals, judge], actions: [rule] }, solved)).toEqual({
      sample_index: 4,
      sample_id: 's7',
      attempt: 2,
      trials: [],
      scores: {},
      action_records: [],
      errors: [{ error_type: 'model-error', message: 'HTTP 400', stage: 'solver', trial: 1 }],
    });
  });

  test('records a score error of one scorer and lets the others stand', async () => {
    const scored = await score({ scorers: [equals, numeric] }, solvedWith('a'));
    expect(Object.keys(scored.scores)).toEqual(['equals']);
    const error = { error_type: 'scorer-failed', stage: 'score', scorer_key: 'numeric', trial: 0 };
    expect(scored.errors).toEqual([expect.objectContaining(error)]);
    expect(scored.trials[1]).toMatchObject({ scorer_key: 'numeric', score: null, error });
  });

  test('fails the sample for a scorer that failed on one trial', async () => {
    const ask = async ({ trial }: JudgeUse) => {
      if (trial === 1) throw new ModelError('HTTP 500', { isRetryable: true, retries: 2 });
      return '{"score": 1}';
    };
    const scored = await score({ scorers: [equals, judge] }, solvedWith('a', 'a', 'a'), { ask });
    expect(Object.keys(scored.scores)).toEqual(['equals']);
    expect(scored.errors).toEqual([
      expect.objectContaining({ scorer_key: 'judge', trial: 1, error_type: 'model-error' }),
    ]);
    expect(scored.trials.filter(({ scorer_key }) => scorer_key === 'judge')).toMatchObject([
      { score: { values: { score: 1 } }, queries: [{ model_key: 'm' }], failed_queries: { sent: 0 } },
      { score: null, queries: [], failed_queries: { sent: 1, retried: 2 } },
      { score: { values: { score: 1 } } },
    ]);
  });

  test('keeps the whole exchange with a judge, invalid replies included', async () => {
    const replies = ['no', 'no', 'no'];
    const scored = await score({ scorers: [judge] }, solvedWith('a'), { ask: async () => replies.shift() ?? '' });
    expect(scored.trials[0]?.queries).toHaveLength(3);
    expect(scored.errors).toMatchObject([{ error_type: 'judge-reply-invalid' }]);
  });

  test('asks the judge that a scorer names, for that scorer and trial', async () => {
    const uses: string[] = [];
    const ask = async ({ scorerKey, modelKey, trial }: JudgeUse) => {
      uses.push(`${scorerKey} ${modelKey} ${trial}`);
      return '1';
    };
    await score({ scorers: [judge, { ...judge, key: 'second', model_key: 'n' }] }, solvedWith('a', 'b'), { ask });
    expect(uses.toSorted()).toEqual(['judge m 0', 'judge m 1', 'second n 0', 'second n 1']);
  });

  test('runs action rules on the sample score', async () => {
    const filter = { op: 'less_than', expression: '{{ scores.equals.is_correct }}', value: 0.6 };
    const parts = { scorers: [equals], actions: [{ ...exclude, filter }] };
    expect((await score(parts, solvedWith('a', 'b'))).action_records).toEqual([
      { action: 'exclude_from_metrics', rule_key: 'rule' },
    ]);
    expect((await score(parts, solvedWith('a', 'a'))).action_records).toEqual([]);
  });

  test('makes a rule that needs a failed scorer an error of stage action beside the score error', async () => {
    const filter = { op: 'not_exists', expression: '{{ scores.numeric.is_correct }}' };
    const scored = await score({ scorers: [equals, numeric], actions: [{ ...exclude, filter }] }, solvedWith('a'));
    expect(scored.action_records).toEqual([]);
    expect(scored.errors.map(({ stage }) => stage)).toEqual(['score', 'action']);
    expect(Object.keys(scored.scores)).toEqual(['equals']);
  });

  test('throws what is not about the sample', async () => {
    const unusable = new ModelError('HTTP 401', { code: 'model-unusable', isRetryable: false });
    await expect(score({ scorers: [judge] }, solvedWith('a'), { ask: () => Promise.reject(unusable) })).rejects.toBe(
      unusable,
    );
  });
});
