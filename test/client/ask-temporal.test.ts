import { Client, Connection } from '@temporalio/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { askTemporal, isTemporalAway } from '../../client/ask-temporal.ts';

function connectToNobody(): Client {
  // Without the retries of the SDK, which would take half a minute.
  const connection = Connection.lazy({ address: '127.0.0.1:1', interceptors: [] });
  onTestFinished(() => connection.close());
  return new Client({ connection });
}

describe('a Temporal that does not answer', () => {
  it('is an error in words, with what its library says as the cause', async () => {
    const client = connectToNobody();
    const asked = [
      () => client.workflow.start('anything', { workflowId: 'one', taskQueue: 'nobody' }),
      () => client.workflow.getHandle('one').describe(),
      () => client.workflowService.describeTaskQueue({ namespace: 'default', taskQueue: { name: 'nobody' } }),
      () => client.schedule.getHandle('one').describe(),
    ];
    for (const ask of asked) {
      const error: unknown = await askTemporal<unknown>(ask).catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        code: 'temporal-failed',
        message: expect.stringMatching(/^Temporal does not answer: .*127\.0\.0\.1:1/) as string,
        cause: expect.any(Error) as Error,
      });
      expect(isTemporalAway(error)).toBe(true);
    }
  });

  it('is told from one that answers what nobody wants to hear', async () => {
    const refusal = Object.assign(new Error('5 NOT_FOUND: no such workflow'), { code: 5, details: 'no such workflow' });
    await expect(askTemporal(() => Promise.reject(refusal))).rejects.toBe(refusal);
    expect(isTemporalAway(refusal)).toBe(false);
  });
});
