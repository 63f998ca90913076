import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { toApplicationFailure } from '../../activities/to-application-failure.ts';
import { EvaluationError, errorCodes } from '../../contracts/evaluation-error.ts';
import { ModelError } from '../../evaluation/model-error.ts';

describe('an error that leaves an activity', () => {
  it('is retried only where the code says "not now"', () => {
    const retried = errorCodes.filter((code) => {
      const failure = toApplicationFailure(new EvaluationError(code, 'It went wrong.'));
      expect(failure).toBeInstanceOf(ApplicationFailure);
      expect(failure).toMatchObject({ type: code, message: 'It went wrong.' });
      return (failure as ApplicationFailure).nonRetryable !== true;
    });
    expect(retried).toEqual(['store-failed', 'temporal-failed']);
  });

  it('keeps its hint, since nothing else of it reaches the store', () => {
    const error = new EvaluationError('model-unusable', 'Model "small" cannot be used.', { hint: 'Check the key.' });
    expect(toApplicationFailure(error).message).toBe('Model "small" cannot be used. Check the key.');
  });

  it('is not retried for what its model would be', () => {
    const error = new ModelError('Overloaded.', { code: 'model-unusable', isRetryable: true, statusCode: 429 });
    expect(toApplicationFailure(error)).toMatchObject({ type: 'model-unusable', nonRetryable: true });
  });

  it('that is a bug fails for good with its name, instead of being tried for ever', () => {
    expect(toApplicationFailure(new TypeError('x is not a function'))).toMatchObject({
      type: 'internal',
      message: 'TypeError: x is not a function',
      nonRetryable: true,
    });
    expect(toApplicationFailure('just text')).toMatchObject({
      type: 'internal',
      message: 'just text',
      nonRetryable: true,
    });
  });

  it('is short, because it enters a history', () => {
    const long = 'x'.repeat(10_000);
    expect(toApplicationFailure(new EvaluationError('internal', long, { hint: long })).message.length).toBe(500);
    expect(toApplicationFailure(new Error(long)).message.length).toBe(500);
  });

  it('carries no cause and no details: they may hold what was asked', () => {
    const error = new EvaluationError('store-failed', 'It went wrong.', { cause: new Error('the prompt') });
    expect(toApplicationFailure(error)).toMatchObject({ cause: undefined, details: undefined });
  });

  it('stays what it is when Temporal made it', () => {
    const cancelled = new CancelledFailure('CANCELLED');
    const interrupted = ApplicationFailure.create({ type: 'interrupted', message: 'The worker is stopping.' });
    expect(toApplicationFailure(cancelled)).toBe(cancelled);
    expect(toApplicationFailure(interrupted)).toBe(interrupted);
  });
});
