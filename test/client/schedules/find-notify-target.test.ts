import { expect, it } from 'vitest';
import { findNotifyTarget } from '../../../client/schedules/find-notify-target.ts';

const resolved = { secrets: { hook: { secret: 'hook', variable: 'HOOK_KEY' } }, environment: { HOOK_KEY: 'value' } };
const url = 'https://example.com/';

it.each([
  ['<< secrets.hook >>', 'HOOK_KEY'],
  ['<<secrets.hook>>', 'HOOK_KEY'],
  ['$HOOK_KEY', 'HOOK_KEY'],
])('takes the key from what %s names, and keeps the name', (secret, secretVariable) => {
  expect(findNotifyTarget({ url, secret }, resolved, { mustHaveValues: true })).toEqual({ url, secretVariable });
});

it.each([
  ['a literal key', 'config-secret', 'is written out'],
  ['<< secrets.hok >>', 'config-unknown-name', 'declares no secret "hok"'],
  ['$ELSEWHERE', 'config-secret', 'ELSEWHERE, which is not set'],
])('refuses %s', (secret, code, message) => {
  expect(() => findNotifyTarget({ url, secret }, resolved, { mustHaveValues: true })).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) as string }) as Error,
  );
});

it('leaves the values to the workers where they are elsewhere', () => {
  expect(findNotifyTarget({ url: '$HOOK_URL' }, resolved, { mustHaveValues: false })).toEqual({
    url: '$HOOK_URL',
    secretVariable: 'STET_NOTIFY_SECRET',
  });
});
