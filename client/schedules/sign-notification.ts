import { createHmac } from 'node:crypto';

const prefix = 'whsec_';

/**
 * Headers that let the receiver of a webhook know who sent it and when: an HMAC-SHA-256 over id, timestamp and body, in
 * the shape of Standard Webhooks, for which there are verifying libraries in many languages.
 *
 * @param secret - Base64 behind `whsec_`, else any text, whose UTF-8 bytes are the key.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signNotification(
  message: { readonly id: string; readonly timestampS: number; readonly body: string },
  secret: string,
): Readonly<Record<string, string>> {
  const { id, timestampS, body } = message;
  const key = secret.startsWith(prefix) ? Buffer.from(secret.slice(prefix.length), 'base64') : Buffer.from(secret);
  const signature = createHmac('sha256', key).update(`${id}.${timestampS}.${body}`).digest('base64');
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestampS),
    'webhook-signature': `v1,${signature}`,
  };
}
