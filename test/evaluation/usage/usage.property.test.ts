import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeUsage, encodeUsage } from '../../../evaluation/usage/stored-usage.ts';
import {
  type Amount,
  addUsage,
  makeUsageEntry,
  onlySent,
  purposes,
  subtractUsage,
  sumUsage,
  toStanding,
  type Usage,
  type UsageEntry,
} from '../../../evaluation/usage/usage.ts';
import { makeUsageDocuments, makeUsageTotals } from '../../../evaluation/usage/usage-document.ts';

const count = fc.nat({ max: 1_000_000 });

/** A model either has a price or has none. */
const amountOf = (hasPrice: boolean): fc.Arbitrary<Amount> =>
  fc.record({
    queries: fc.integer({ min: 1, max: 1000 }),
    promptTokens: count,
    completionTokens: count,
    cachedPromptTokens: count,
    withoutUsage: fc.nat({ max: 10 }),
    cutOff: fc.nat({ max: 10 }),
    refused: fc.nat({ max: 10 }),
    cost: hasPrice ? fc.bigInt({ min: 0n, max: 10n ** 18n }) : fc.constant(null),
  });

const latency = fc.dictionary(fc.nat({ max: 900 }).map(String), fc.integer({ min: 1, max: 1000 }), { maxKeys: 5 });

const entry: fc.Arbitrary<UsageEntry> = fc.constantFrom('small', 'large', 'free').chain((model) =>
  fc
    .record({
      purpose: fc.constantFrom(...purposes),
      version: fc.constantFrom('sha256:a', 'sha256:b', null),
      sent: amountOf(model !== 'free'),
      retries: fc.nat({ max: 20 }),
      stood: amountOf(model !== 'free'),
      waited: amountOf(model !== 'free'),
      latency,
    })
    .map(({ purpose, version, ...parts }) => makeUsageEntry({ model, purpose, version }, parts)),
);

const usage: fc.Arbitrary<Usage> = fc.array(entry, { maxLength: 8 }).map((entries) => addUsage(entries));

describe('usage', () => {
  it('adds up to the same in any order and any grouping', () => {
    fc.assert(
      fc.property(usage, usage, usage, (one, two, three) => {
        expect(addUsage(addUsage(one, two), three)).toEqual(addUsage(one, addUsage(two, three)));
        expect(addUsage(one, two)).toEqual(addUsage(two, one));
        expect(addUsage(one, [])).toEqual(one);
      }),
    );
  });

  it('is what it was when what was added is taken out again', () => {
    fc.assert(
      fc.property(usage, usage, (one, other) => {
        expect(subtractUsage(addUsage(one, other), other)).toEqual(one);
      }),
    );
  });

  it('stands whole in another result, which sent nothing of it', () => {
    fc.assert(
      fc.property(usage, fc.constantFrom('stood', 'waited'), (own, as) => {
        const standing = toStanding(own, as);
        const total = (['sent', 'stood', 'waited'] as const).map((part) => sumUsage(own, part).queries);
        expect(sumUsage(standing, as).queries).toBe(total.reduce((sum, queries) => sum + queries, 0));
        expect(onlySent(standing)).toEqual([]);
        expect(makeUsageTotals(standing).cost_micros).toBe('0');
      }),
    );
  });

  it('reads as it was stored', () => {
    fc.assert(
      fc.property(usage, (own) => {
        expect(decodeUsage(encodeUsage(own))).toEqual(own);
      }),
    );
  });

  it('has one entry per model and purpose, whatever versions stood behind the key', () => {
    fc.assert(
      fc.property(usage, (own) => {
        const documents = makeUsageDocuments(own);
        const names = documents.map(({ model, purpose }) => `${purpose} ${model}`);
        expect(new Set(names).size).toBe(names.length);
        const queries = documents.reduce((sum, { sent }) => sum + sent.queries, 0);
        expect(queries).toBe(sumUsage(own, 'sent').queries);
      }),
    );
  });
});
