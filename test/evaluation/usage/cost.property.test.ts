import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { priceSchema } from '../../../evaluation/spec/models.ts';
import {
  computeCost,
  formatCost,
  formatCostMicros,
  formatDollars,
  parseCostMicros,
  readDollars,
  readPrice,
  scaleDecimal,
} from '../../../evaluation/usage/cost.ts';

/** Dollars per million tokens as an author writes them: up to six decimals. */
const priceText = fc
  .tuple(fc.nat({ max: 5000 }), fc.nat({ max: 999_999 }), fc.integer({ min: 0, max: 6 }))
  .map(([whole, fraction, decimals]) =>
    decimals === 0 ? String(whole) : `${whole}.${String(fraction).padStart(6, '0').slice(0, decimals)}`,
  );
const tokens = fc.nat({ max: 2 ** 40 });

/** A fraction of two whole numbers, made from the text digit by digit: no scale, no float. */
function toFraction(text: string): { readonly top: bigint; readonly bottom: bigint } {
  const [whole = '', fraction = ''] = text.split('.');
  return { top: BigInt(whole + fraction), bottom: 10n ** BigInt(fraction.length) };
}

describe('the cost of tokens', () => {
  it('equals the sum of fractions worked out by hand, to the last digit', () => {
    fc.assert(
      fc.property(priceText, priceText, priceText, tokens, tokens, tokens, (input, output, cached, sent, hit, got) => {
        const counts = {
          promptTokens: Math.max(sent, hit),
          cachedPromptTokens: Math.min(sent, hit),
          completionTokens: got,
        };
        const price = readPrice({ input: Number(input), output: Number(output), cached_input: Number(cached) });
        const parts = [
          { ...toFraction(input), tokens: BigInt(counts.promptTokens) - BigInt(counts.cachedPromptTokens) },
          { ...toFraction(cached), tokens: BigInt(counts.cachedPromptTokens) },
          { ...toFraction(output), tokens: BigInt(got) },
        ];
        const bottom = parts.reduce((product, part) => product * part.bottom, 1n);
        const top = parts.reduce((sum, part) => sum + part.tokens * part.top * (bottom / part.bottom), 0n);
        const micros = toFraction(formatCostMicros(computeCost(counts, price)));
        expect(micros.top * bottom).toBe(top * micros.bottom);
      }),
    );
  });

  it('counts cached prompt tokens like others where they have no price of their own', () => {
    const price = readPrice({ input: 0.15, output: 0.6 });
    const cost = computeCost({ promptTokens: 1000, cachedPromptTokens: 800, completionTokens: 0 }, price);
    expect(formatCostMicros(cost)).toBe('150');
  });

  it('is read again from its text, in millionths of a dollar and in dollars', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 24n }), (cost) => {
        expect(parseCostMicros(formatCostMicros(cost))).toBe(cost);
        expect(scaleDecimal(formatDollars(cost), 12)).toBe(cost);
      }),
    );
  });

  it.each([
    [0.1 + 0.2, 17, '0.30000000000000004'],
    [1e-7, 7, '0.0000001'],
    [2.5e21, 0, '2500000000000000000000'],
  ])('takes the float %s as its shortest text says', (number, decimals, text) => {
    const { top, bottom } = toFraction(text);
    expect((scaleDecimal(number, decimals) ?? 0n) * bottom).toBe(top * 10n ** BigInt(decimals));
  });

  it('has no price with more than six decimals', () => {
    expect(priceSchema.safeParse({ input: 0.000001, output: 1 }).success).toBe(true);
    expect(priceSchema.safeParse({ input: 0.0000001, output: 1 }).error?.issues[0]?.message).toContain('6 decimals');
    expect(priceSchema.safeParse({ input: 0.1 + 0.2, output: 1 }).success).toBe(false);
  });

  it.each([
    [0n, '$0.00'],
    [1n, '<$0.000001'],
    [1_234_567n, '$0.000001'],
    [12_345_678_900n, '$0.0123'],
    [123_456_789_000n, '$0.123'],
    [100_000_000_000n, '$0.100'],
    [999_999_999_999n, '$1.00'],
    [1_005_000_000_000n, '$1.01'],
    [12_345_678_900_000_000n, '$12,345.68'],
  ])('is %s parts for a machine and %s for people', (cost, text) => {
    expect(formatCost(cost)).toBe(text);
  });

  it('reads a limit in dollars exactly', () => {
    expect(readDollars(2.5)).toBe(2_500_000_000_000n);
    expect(readDollars(1e-13)).toBeUndefined();
  });
});
