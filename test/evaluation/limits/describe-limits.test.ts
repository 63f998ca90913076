import { describe, expect, it } from 'vitest';
import {
  describeLimitExcess,
  describeLimits,
  makeLimitReachedError,
  makeLimitsDocument,
  refuseUsedUp,
} from '../../../evaluation/limits/describe-limits.ts';
import { findReachedLimit, nothingSpent } from '../../../evaluation/limits/spending-limits.ts';
import { readDollars } from '../../../evaluation/usage/cost.ts';

const cost = (dollars: number) => readDollars(dollars) ?? 0n;

describe('limits', () => {
  it('are reached at their value, not before', () => {
    expect(findReachedLimit({ queries: 3 }, { ...nothingSpent, queries: 2 })).toBeUndefined();
    expect(findReachedLimit({ queries: 3 }, { ...nothingSpent, queries: 3 })).toBe('queries');
    // 0.1 + 0.2 is 0.3 here.
    expect(findReachedLimit({ cost: 0.3 }, { ...nothingSpent, cost: cost(0.1) + cost(0.2) })).toBe('cost');
    expect(findReachedLimit({ cost: 0.3 }, { ...nothingSpent, cost: cost(0.3) - 1n })).toBeUndefined();
    expect(findReachedLimit({ tokens: 5, duration_s: 1.5 }, { ...nothingSpent, workedMs: 1_500 })).toBe('duration_s');
    expect(findReachedLimit({}, { ...nothingSpent, queries: 10 ** 9 })).toBeUndefined();
  });

  it('say what was used of them, each in its unit', () => {
    const limits = { queries: 100, cost: 2.5, tokens: 1_000, duration_s: 60 };
    const spent = { queries: 7, cost: cost(0.0123), tokens: 99, workedMs: 1_234 };
    expect(makeLimitsDocument(limits, spent)).toEqual({
      queries: { limit: 100, used: 7 },
      cost: { limit: '2.5', used: '0.0123' },
      tokens: { limit: 1_000, used: 99 },
      duration_s: { limit: 60, used: 1.234 },
    });
    expect(makeLimitsDocument({}, spent)).toEqual({ queries: null, cost: null, tokens: null, duration_s: null });
    expect(describeLimits(limits)).toBe('100 queries, $2.5, 1000 tokens, 60 s');
    expect(describeLimits(null)).toBe('none');
  });

  it.each([
    ['queries', { queries: 5 }, { ...nothingSpent, queries: 5 }, '5 of 5 queries', '--max-queries 10'],
    ['cost', { cost: 0.25 }, { ...nothingSpent, cost: cost(0.3) }, '$0.3 of $0.25', '--max-cost 0.5'],
    ['tokens', { tokens: 8 }, { ...nothingSpent, tokens: 9 }, '9 of 8 tokens', '--max-tokens 16'],
    ['duration_s', { duration_s: 2.5 }, { ...nothingSpent, workedMs: 2_600 }, '2.6 of 2.5 s', '--max-duration 5s'],
  ] as const)('name the line that goes on after %s', (name, limits, spent, used, option) => {
    const error = makeLimitReachedError('r1', name, { limits, spent });
    expect(error).toMatchObject({ code: 'limit-reached', message: expect.stringContaining(used) });
    expect(error.hint).toContain(`\`stet resume r1 ${option}\``);
    expect(() => refuseUsedUp('r1', { limits, spent })).toThrow(expect.objectContaining({ code: 'usage' }));
    expect(() => refuseUsedUp('r1', { limits, spent: nothingSpent })).not.toThrow();
  });

  it('are warned of where more is expected, and not where that is unknown or just enough', () => {
    const limits = { queries: 10, cost: 1, tokens: 100 };
    expect(describeLimitExcess(limits, { queries: 10, cost: cost(1), tokens: 100 })).toEqual([]);
    expect(describeLimitExcess(limits, { queries: null, cost: null, tokens: null })).toEqual([]);
    const warnings = describeLimitExcess(limits, { queries: 11, cost: cost(1.5), tokens: 101 });
    expect(warnings.map((warning) => /limits\.\w+ is \S+\d|`--max-\w+`/g.exec(warning)?.[0])).toEqual([
      'limits.queries is 10',
      'limits.cost is $1',
      'limits.tokens is 100',
    ]);
  });
});
