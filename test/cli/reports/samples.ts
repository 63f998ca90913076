import type { SampleDocument } from '../../../client/stet.ts';

type Scores = NonNullable<SampleDocument['scored']>['scores'];

/** A sample with one answer of a chat, judged by one scorer. */
export function makeSample(
  change: {
    readonly id?: string;
    readonly index?: number;
    readonly row?: SampleDocument['sample'];
    readonly answer?: string;
    readonly scores?: Scores;
    readonly errors?: NonNullable<SampleDocument['scored']>['errors'];
  } = {},
): SampleDocument {
  const { id = 'sample-1', index = 0, row = { question: 'Why?' }, answer = 'Because.', errors = [] } = change;
  const scores: Scores = change.scores ?? { exact: { values: { is_correct: true }, metadata: {} } };
  const output = { choices: [{ message: { role: 'assistant', content: answer }, finish_reason: 'stop' }] };
  return {
    task: 'answers',
    sample_id: id,
    sample_index: index,
    sample: row,
    solved: {
      sample_index: index,
      sample_id: id,
      attempt: 1,
      trials: [
        {
          trial: 0,
          output: { trace: { FORMAT: 'open_responses', items: [] }, raw_outputs: [output], direct_ios: [] },
          queries: [
            {
              model_key: 'model',
              request_digest: `sha256:${'a'.repeat(64)}`,
              input: { messages: [{ role: 'user', content: 'Why?' }] },
              output,
              evidence: {
                started_at: '2026-03-01T11:59:51.000Z',
                duration_ms: 1_250,
                retries: [],
                finish_reason: 'stop',
                usage: { num_prompt_tokens: 12, num_completion_tokens: 3 },
              },
            },
          ],
          failed_queries: { sent: 0, retried: 0 },
        },
      ],
    },
    scored: {
      sample_index: index,
      sample_id: id,
      attempt: 1,
      trials: Object.entries(scores).map(([scorer, score]) => ({
        trial: 0,
        scorer_key: scorer,
        score,
        queries: [],
        failed_queries: { sent: 0, retried: 0 },
      })),
      scores,
      action_records: [],
      errors,
    },
  };
}
