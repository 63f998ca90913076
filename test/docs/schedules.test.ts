import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { signNotification } from '../../client/schedules/sign-notification.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { listBlocks, repository } from './read-pages.ts';

type Verify = (headers: Readonly<Record<string, string>>, body: string, secret: string) => boolean;

it('the example of the page verifies what is sent, and nothing else', async () => {
  const page = await readFile(path.join(repository, 'docs', 'schedules.md'), 'utf8');
  const [example = ''] = listBlocks(page, 'js');
  await using folder = await makeTemporaryFolder();
  const file = await folder.write('verify.mjs', example);
  const { verifyWebhook } = (await import(file)) as { readonly verifyWebhook: Verify };
  const timestampS = Math.floor(Date.now() / 1_000);
  for (const secret of ['a key', `whsec_${Buffer.from('another key').toString('base64')}`]) {
    const message = { id: 'nightly/1', timestampS, body: '{"type":"alert"}' };
    const headers = signNotification(message, secret);
    expect(verifyWebhook(headers, message.body, secret)).toBe(true);
    expect(verifyWebhook(headers, message.body.replace('alert', 'quiet'), secret)).toBe(false);
    expect(verifyWebhook(headers, message.body, 'a third key')).toBe(false);
    expect(verifyWebhook({ ...headers, 'webhook-id': 'nightly/2' }, message.body, secret)).toBe(false);
    const old = signNotification({ ...message, timestampS: timestampS - 301 }, secret);
    expect(verifyWebhook(old, message.body, secret)).toBe(false);
  }
});
