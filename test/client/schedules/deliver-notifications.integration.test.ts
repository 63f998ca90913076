import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deliverNotifications } from '../../../client/schedules/deliver-notifications.ts';
import { signNotification } from '../../../client/schedules/sign-notification.ts';
import type { ScheduleDefinition } from '../../../storage/schedule-log.ts';
import type { OpenedStore } from '../../storage/conformance/opened-store.ts';
import { digestOf } from '../../storage/conformance/samples.ts';
import { openTemporaryStore } from '../../storage/open-temporary-store.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.ts';

describe('delivering notifications', () => {
  let opened: OpenedStore;
  let receiver: WebhookReceiver;
  let status: number;
  const notices: string[] = [];
  beforeEach(async () => {
    opened = await openTemporaryStore();
    status = 204;
    receiver = await startWebhookReceiver(() => status);
    notices.length = 0;
  });
  afterEach(async () => {
    await receiver[Symbol.asyncDispose]();
    await opened.dispose();
  });

  async function announce(url = receiver.url): Promise<void> {
    const notify = { url, secretVariable: 'KEY' };
    const definition = { notify, file: null, origin: {} } as unknown as ScheduleDefinition;
    await opened.store.schedules.create({ name: 'nightly', definition, plan: digestOf('plan'), baseline: null });
    const news = { scheduleName: 'nightly', runId: 'run', kind: 'alert', body: '{"type":"alert"}', url } as const;
    await opened.store.schedules.announce({ notificationId: 'run/1', ...news });
  }

  const deliver = (environment: Readonly<Record<string, string>> = { KEY: 'a key' }) =>
    deliverNotifications(
      { host: { onNotice: (line) => notices.push(line) }, store: opened.store, findEnvironment: () => environment },
      new AbortController().signal,
    );

  it('posts the body with a signature over id, time and body', async () => {
    await announce();
    await deliver();
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.received;
    const timestampS = Number(headers['webhook-timestamp']);
    expect(Math.abs(timestampS - Date.now() / 1_000)).toBeLessThan(300);
    expect(headers).toMatchObject(signNotification({ id: 'run/1', timestampS, body }, 'a key'));
    expect(body).toBe('{"type":"alert"}');
    expect(await opened.store.schedules.listUndelivered('nightly')).toEqual([]);
  });

  it('does not follow a redirect', async () => {
    status = 302;
    await announce();
    await deliver();
    expect(receiver.received).toHaveLength(1);
    expect(await opened.store.schedules.listUndelivered('nightly')).toMatchObject([
      { error: 'it was answered with 302', attempts: 1 },
    ]);
  });

  it('takes the address from the environment where it is secret, and stores only the name', async () => {
    await announce('$HOOK');
    await deliver({ KEY: 'a key', HOOK: receiver.url });
    expect(receiver.received).toHaveLength(1);
  });

  it.each([
    [{}, 'the environment variable KEY is not set'],
    [{ KEY: 'a key', HOOK: 'file:///etc/passwd' }, '$HOOK is no http address'],
  ])('keeps what cannot be sent now, and says why: %j', async (environment, error) => {
    await announce('$HOOK');
    await deliver(environment as Record<string, string>);
    expect(await opened.store.schedules.listUndelivered('nightly')).toMatchObject([{ error, attempts: 1 }]);
  });

  it('tries later and later, and gives up after a day', async () => {
    status = 500;
    await announce();
    let attempts = 0;
    for (let isOpen = true; isOpen; attempts += 1) {
      // Due at once, in place of waiting for it.
      const [waiting] = await opened.store.schedules.listUndelivered('nightly');
      if (waiting?.error !== null)
        await opened.store.schedules.recordUndelivered('run/1', 'due', '2000-01-01T00:00:00.000Z');
      await deliver();
      const [after] = await opened.store.schedules.listUndelivered('nightly');
      isOpen = after?.nextAttemptAt !== null;
    }
    expect(attempts).toBe(36);
    expect(receiver.received).toHaveLength(36);
    expect(notices).toEqual([
      'A notification of schedule nightly is given up after 36 tries: it was answered with 500.',
    ]);
  });

  it('does not name the address, nor what is in it, when nobody answers', async () => {
    await announce('$HOOK');
    await deliver({ KEY: 'a key', HOOK: 'http://127.0.0.1:1/T000/secret-token' });
    const [{ error } = { error: '' }] = await opened.store.schedules.listUndelivered('nightly');
    expect(error).toContain('could not be sent');
    expect(error).not.toContain('secret-token');
  });
});
