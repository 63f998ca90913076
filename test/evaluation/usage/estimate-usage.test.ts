import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateCost, estimateTokens, findRate } from '../../../evaluation/usage/estimate-usage.ts';
import { makeUsageEntry, noAmount, type Usage } from '../../../evaluation/usage/usage.ts';

const amount = (queries: number, promptTokens: number, withoutUsage = 0) => ({
  ...noAmount,
  queries,
  promptTokens,
  completionTokens: queries,
  withoutUsage,
});

function makeUsage(
  version: string | null,
  parts: Parameters<typeof makeUsageEntry>[1],
  purpose = 'solver' as const,
): Usage {
  return [makeUsageEntry({ model: 'small', purpose, version }, parts)];
}

const model = { key: 'small', version: 'v2' };

describe('the rate of a query', () => {
  it('is that of the nearest result with the same version, else of the nearest with the same key', () => {
    const samples = [
      { source: 'other version', usage: makeUsage('v1', { sent: amount(10, 100) }) },
      { source: 'same version', usage: makeUsage('v2', { sent: amount(10, 200) }) },
      { source: 'further', usage: makeUsage('v2', { sent: amount(10, 300) }) },
    ];
    expect(findRate(samples, model, 'solver')).toMatchObject({ source: 'same version', queries: 10 });
    expect(findRate(samples.slice(0, 1), model, 'solver')?.source).toBe('other version');
    expect(findRate(samples, { ...model, key: 'large', version: 'v3' }, 'solver')).toBeUndefined();
    expect(findRate(samples, model, 'judge')).toBeUndefined();
  });

  it('counts what stood there as well, and leaves out answers that say nothing of tokens', () => {
    const usage = makeUsage('v2', { sent: amount(6, 40, 2), stood: amount(3, 30), waited: amount(1, 10) });
    expect(findRate([{ source: 'one', usage }], model, 'solver')).toMatchObject({
      queries: 8,
      tokens: { promptTokens: 80 },
    });
    const silent = makeUsage('v2', { sent: { ...noAmount, queries: 4, withoutUsage: 4 } });
    expect(findRate([{ source: 'silent', usage: silent }], model, 'solver')).toBeUndefined();
  });
});

describe('an estimate', () => {
  const counts = fc.record({
    promptTokens: fc.nat(1_000_000_000),
    completionTokens: fc.nat(1_000_000_000),
    cachedPromptTokens: fc.nat(1_000_000_000),
  });

  it('of as many queries as the basis has is what those took', () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 1_000_000 }), (tokens, queries) => {
        expect(estimateTokens(queries, { queries, tokens })).toEqual(tokens);
      }),
    );
  });

  it('is within half a token of the mean times the queries', () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 10_000 }), fc.nat(10_000), (tokens, basis, queries) => {
        const { promptTokens } = estimateTokens(queries, { queries: basis, tokens });
        const [scaled, exact] = [
          2n * BigInt(promptTokens) * BigInt(basis),
          2n * BigInt(tokens.promptTokens) * BigInt(queries),
        ];
        const distance = scaled > exact ? scaled - exact : exact - scaled;
        expect(distance <= BigInt(basis)).toBe(true);
      }),
    );
  });

  it('has no cost without a price', () => {
    const tokens = { promptTokens: 10, completionTokens: 1, cachedPromptTokens: 4 };
    expect(estimateCost(tokens, { price: undefined })).toBeNull();
    expect(estimateCost(tokens, { price: { input: 3n, output: 5n, cachedInput: 1n } })).toBe(6n * 3n + 4n + 5n);
  });
});
