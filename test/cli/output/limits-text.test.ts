import { describe, expect, it } from 'vitest';
import { renderLimits, suggestHigherLimits } from '../../../cli/output/limits-text.ts';
import { makeStyle } from '../../../cli/output/style.ts';

const style = makeStyle({ isTTY: false } as never, {});
const none = { queries: null, cost: null, tokens: null, duration_s: null };

describe('what a run has used of its limits', () => {
  it('is one line, in units of people, and nothing where there are none', () => {
    const limits = {
      queries: { limit: 2_000, used: 1_500 },
      cost: { limit: '5', used: '0.0123456' },
      tokens: { limit: 10, used: 3 },
      duration_s: { limit: 90, used: 1.25 },
    };
    expect(renderLimits(limits, style)).toBe(
      'Used of its limits, over all attempts: 1,500 of 2,000 queries, $0.0123 of $5, 3 of 10 tokens, 1.3 s of 1 min 30 s.\n',
    );
    expect(renderLimits({ ...none, queries: { limit: 5, used: 5 } }, style)).toContain(' 5 of 5 queries.');
    expect(renderLimits(null, style)).toBe('');
    expect(renderLimits(undefined, style)).toBe('');
  });

  it('names twice the total of each that is used up, as options', () => {
    const limits = {
      queries: { limit: 5, used: 5 },
      cost: { limit: '0.25', used: '0.2500001' },
      tokens: { limit: 10, used: 9 },
      duration_s: { limit: 1.2, used: 1.2 },
    };
    expect(suggestHigherLimits(limits)).toEqual(['--max-queries', '10', '--max-cost', '0.5', '--max-duration', '3s']);
    expect(suggestHigherLimits(null)).toEqual([]);
  });
});
