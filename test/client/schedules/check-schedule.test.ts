import { describe, expect, it } from 'vitest';
import { findCronProblem } from '../../../client/schedules/check-cron.ts';
import { checkSchedule } from '../../../client/schedules/check-schedule.ts';
import { ConfigurationError } from '../../../contracts/evaluation-error.ts';

describe('a cron expression', () => {
  it.each([
    '0 3 * * *',
    '*/15 9-17 * * mon-fri',
    '0 0 1,15 JAN-jun ?',
    '30 4 * * 0,6 2026-2030',
    '15 0 3 * * * 2026',
    '5/10 * * * 7',
    '@daily',
    '@hourly',
  ])('may be %j', (expression) => {
    expect(findCronProblem(expression)).toBeUndefined();
  });

  it.each([
    ['', 'it has 0 fields'],
    ['0 3 * *', 'it has 4 fields'],
    ['60 3 * * *', '"60" is no minute: 0 to 59'],
    ['0 24 * * *', '"24" is no hour: 0 to 23'],
    ['0 3 0 * *', '"0" is no day of month: 1 to 31'],
    ['0 3 * 13 *', '"13" is no month: 1 to 12 or jan to dec'],
    ['0 3 * * funday', '"funday" is no day of week: 0 to 7 or sun to sat'],
    ['0 3 * * fri-mon', '"fri-mon" is no day of week'],
    ['*/0 3 * * *', '"*/0" is no minute'],
    ['0 3-2 * * *', '"3-2" is no hour'],
    ['0 3 * * * 1999', '"1999" is no year: 2000 to 2100'],
    ['@every 10m', '"@every 10m" is none of @yearly'],
    ['1,,2 * * * *', '"" is no minute'],
  ])('is not %j: %s', (expression, problem) => {
    expect(findCronProblem(expression)).toContain(problem);
  });
});

describe('a schedule', () => {
  it('is told all that is wrong with it at once', () => {
    const check = () =>
      checkSchedule({
        timing: { cron: '0 25 * * *' },
        timezone: 'Europe/Atlantis',
        name: 'every night',
        jitterMs: -1,
        catchUpMs: 1_000,
        overlap: 'sometimes' as 'skip',
        alerts: ['accuracy'],
        notify: { url: 'ftp://example.com/' },
      });
    expect(check).toThrow(ConfigurationError);
    let found: readonly { readonly message: string }[] = [];
    try {
      check();
    } catch (error) {
      found = (error as ConfigurationError).problems;
    }
    expect(found.map(({ message }) => message)).toEqual([
      'The cron expression "0 25 * * *" cannot be read: "25" is no hour: 0 to 23, as *, a-b, a list with commas, or with /step.',
      'There is no time zone "Europe/Atlantis".',
      'A schedule cannot be called "every night".',
      'The jitter must be 0 to 365 d, not -0.001 s.',
      'The catch-up window must be 10 s to 365 d, not 1 s.',
      'There is no overlap policy "sometimes".',
      'Notifications go to an http or https address.',
      'The alert "accuracy" cannot be read.',
    ]);
  });

  it.each(['https://user:word@example.com/', 'https://:word@example.com/'])('keeps no password: %s', (url) => {
    expect(() => checkSchedule({ timing: { everyMs: 60_000 }, notify: { url } })).toThrow(
      expect.objectContaining({ code: 'config-secret' }) as Error,
    );
  });

  it('that is in order passes', () => {
    expect(() =>
      checkSchedule({ timing: { everyMs: 1_000 }, timezone: 'UTC', name: 'nightly-2', notify: { url: '$HOOK' } }),
    ).not.toThrow();
  });
});
