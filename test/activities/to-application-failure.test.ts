import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { toApplicationFailure } from '../../activities/to-application-failure.ts';
import { EvaluationError, errorCodes } from '../../contracts/evaluation-error.ts';
import { ModelError } from '../../evaluation/model-error.ts';
import { digestOf } from '../storage/conformance/samples.ts';

/** Content that remembers its texts; the digests are real. */
function makeContent() {
  const texts: string[] = [];
  return {
    texts,
    async put(bytes: Uint8Array) {
      const text = new TextDecoder().decode(bytes);
      texts.push(text);
      return { digest: digestOf(text), sizeBytes: bytes.byteLength };
    },
  };
}

const broken = { put: () => Promise.reject(new EvaluationError('store-failed', 'The disk is full.')) };

async function translate(error: unknown) {
  const content = makeContent();
  const failure = (await toApplicationFailure(error, content)) as ApplicationFailure;
  return { failure, stored: content.texts };
}

describe('an error that leaves an activity', () => {
  it('is retried only where the code says "not now"', async () => {
    const retried: string[] = [];
    for (const code of errorCodes) {
      const { failure } = await translate(new EvaluationError(code, 'It went wrong.'));
      expect(failure).toBeInstanceOf(ApplicationFailure);
      expect(failure.type).toBe(code);
      if (failure.nonRetryable !== true) retried.push(code);
    }
    expect(retried).toEqual(['encryption-key-missing', 'store-failed', 'temporal-failed']);
  });

  it('leaves its text and hint in the store, and only their digest in the history', async () => {
    const error = new EvaluationError('model-unusable', 'It said: the prompt.', { hint: 'Check the key.' });
    const { failure, stored } = await translate(error);
    expect(stored).toEqual(['It said: the prompt. Check the key.']);
    expect(failure).toMatchObject({ details: [digestOf('It said: the prompt. Check the key.')], cause: undefined });
    expect(failure.message).toBe('Failed with model-unusable; the text is in the store.');
  });

  it('is not retried for what its model would be', async () => {
    const error = new ModelError('Overloaded.', { code: 'model-unusable', isRetryable: true, statusCode: 429 });
    expect((await translate(error)).failure).toMatchObject({ type: 'model-unusable', nonRetryable: true });
  });

  it('that is a bug fails for good, instead of being tried for ever, and keeps its name', async () => {
    const { failure, stored } = await translate(new TypeError('x is not a function'));
    expect(failure).toMatchObject({ type: 'internal', nonRetryable: true });
    expect(stored).toEqual(['TypeError: x is not a function']);
    expect((await translate('just text')).stored).toEqual(['just text']);
  });

  it('says what it is even when the store cannot be written', async () => {
    const failure = await toApplicationFailure(new EvaluationError('metric-failed', 'Metric m.'), broken);
    expect(failure).toMatchObject({ type: 'metric-failed', nonRetryable: true, details: undefined });
  });

  it('is short where it is tried again, because its message enters the history', async () => {
    const long = 'x'.repeat(10_000);
    const { failure, stored } = await translate(new EvaluationError('store-failed', long));
    expect(failure.message.length).toBe(500);
    expect(stored).toEqual([]);
  });

  it('stays what it is when Temporal made it', async () => {
    const cancelled = new CancelledFailure('CANCELLED');
    const interrupted = ApplicationFailure.create({ type: 'interrupted', message: 'The worker is stopping.' });
    expect((await translate(cancelled)).failure).toBe(cancelled);
    expect((await translate(interrupted)).failure).toBe(interrupted);
  });
});
