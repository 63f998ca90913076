import { describe, expect, test } from 'vitest';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { completeDefinition } from '../../evaluation/complete-definition.ts';
import { ModelError } from '../../evaluation/model-error.ts';
import type { Answer, ModelInput, ModelOutput } from '../../evaluation/model-io.ts';
import type { QueryRecorder } from '../../evaluation/query-recorder.ts';
import { createSampleSolver } from '../../evaluation/solve-sample.ts';
import { definitionSchema } from '../../evaluation/spec/tasks.ts';

const definition = completeDefinition(
  definitionSchema.parse({
    dataset: { key: 'd' },
    solver: {
      type: 'single_turn_solver',
      input_builder: { type: 'chat_completion', input_messages: [{ role: 'user', content: '{{ sample.q }}' }] },
    },
  }),
);
const evidence = { started_at: '2024-01-01T00:00:00Z', duration_ms: 1, retries: [] };
const hi: ModelOutput = { choices: [{ message: { role: 'assistant', content: 'Hi' } }] };

function solve(
  numTrials: number,
  ask: (trial: number) => Promise<ModelOutput>,
  row: Record<string, string> = { q: 'x' },
) {
  const generateFor =
    (trial: number, recorder: QueryRecorder) =>
    async (input: ModelInput): Promise<Answer> => {
      try {
        const answer = { output: await ask(trial), evidence };
        recorder.answered({ model_key: 'm', request_digest: 'd', input, ...answer });
        return answer;
      } catch (error) {
        recorder.failed(error instanceof ModelError ? error.retries : 0);
        throw error;
      }
    };
  return createSampleSolver(definition, { numTrials })({
    sample: { index: 4, id: 's7', row },
    attempt: 2,
    generateFor,
  });
}

test('solves every trial, in order, with what it asked', async () => {
  const asked: number[] = [];
  const solved = await solve(3, async (trial) => {
    asked.push(trial);
    return hi;
  });
  expect(asked).toEqual([0, 1, 2]);
  expect(solved).toMatchObject({ sample_index: 4, sample_id: 's7', attempt: 2 });
  expect(solved.trials).toEqual(
    [0, 1, 2].map((trial) => ({
      trial,
      output: expect.objectContaining({ raw_outputs: [hi] }),
      queries: [
        {
          model_key: 'm',
          request_digest: 'd',
          input: { messages: [{ role: 'user', content: 'x' }] },
          output: hi,
          evidence,
        },
      ],
      failed_queries: { sent: 0, retried: 0 },
    })),
  );
});

describe('what goes wrong with a sample', () => {
  test('is recorded in its trial, and the other trials stand', async () => {
    const solved = await solve(2, async (trial) => {
      if (trial === 0) throw new ModelError('HTTP 500', { isRetryable: true, retries: 5, hint: 'Wait.' });
      return hi;
    });
    expect(solved.trials[0]).toEqual({
      trial: 0,
      output: null,
      error: { error_type: 'model-error', message: 'HTTP 500', hint: 'Wait.', stage: 'solver', trial: 0 },
      queries: [],
      failed_queries: { sent: 1, retried: 5 },
    });
    expect(solved.trials[1]?.error).toBeUndefined();
  });

  test('keeps the answer that was no answer', async () => {
    const solved = await solve(1, async () => ({ choices: [] }));
    expect(solved.trials).toMatchObject([
      { output: null, error: { error_type: 'model-output-invalid' }, queries: [{ output: { choices: [] } }] },
    ]);
  });

  test('sends nothing where a name is undefined', async () => {
    const solved = await solve(1, () => Promise.reject(new Error('Nothing may be sent.')), { question: 'x' });
    expect(solved.trials).toMatchObject([
      { error: { error_type: 'template-undefined', stage: 'solver' }, queries: [], failed_queries: { sent: 0 } },
    ]);
  });
});

describe('what is not about the sample is thrown', () => {
  test.each([
    ['a bug', new TypeError('x is not a function')],
    ['a query that a drain met', Object.assign(new Error('abandoned'), { name: 'QueryAbandoned' })],
    ['a model that nothing can use', new ModelError('HTTP 401', { code: 'model-unusable', isRetryable: false })],
    ['a store that fails', new EvaluationError('store-failed', 'disk full')],
    ['a missing blob', new EvaluationError('blob-missing', 'gone')],
    ['a damaged blob', new EvaluationError('blob-damaged', 'torn')],
  ])('%s', async (_what, error) => {
    await expect(solve(1, () => Promise.reject(error))).rejects.toBe(error);
  });

  test('only once all trials have come to rest', async () => {
    let atRest = false;
    let resolve: (output: ModelOutput) => void = () => {};
    const promise = new Promise<ModelOutput>((settle) => {
      resolve = settle;
    });
    const solving = solve(2, async (trial) => {
      if (trial === 0) throw new Error('bug');
      const output = await promise;
      atRest = true;
      return output;
    });
    const failed = solving.then(
      () => 'solved',
      () => (atRest ? 'failed at rest' : 'failed early'),
    );
    setImmediate(() => resolve(hi));
    expect(await failed).toBe('failed at rest');
  });
});
