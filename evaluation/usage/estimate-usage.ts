import { type Cost, computeCost, type TokenCounts } from './cost.ts';
import type { AccountedModel } from './measure-usage.ts';
import { type Amount, addAmounts, type Purpose, type Usage } from './usage.ts';

/** What an earlier result used, and which one it is. */
export interface UsageSample<Source> {
  readonly source: Source;
  readonly usage: Usage;
}

/** What is known of the tokens that one query of a model takes. */
export interface QueryRate<Source> {
  readonly source: Source;
  /** Answers that it is the mean of. */
  readonly queries: number;
  /** Of all of them together. */
  readonly tokens: TokenCounts;
}

/**
 * The rate of the nearest result that asked this model for this purpose and was told how many tokens it took: of those with
 * the same version of the model, else of those with its key. Undefined where there is none.
 *
 * @param samples - The nearest first.
 */
export function findRate<Source>(
  samples: readonly UsageSample<Source>[],
  model: Pick<AccountedModel, 'key' | 'version'>,
  purpose: Purpose,
): QueryRate<Source> | undefined {
  return (
    findFirstRate(samples, (entry) => entry.purpose === purpose && entry.version === model.version) ??
    findFirstRate(samples, (entry) => entry.purpose === purpose && entry.model === model.key)
  );
}

function findFirstRate<Source>(
  samples: readonly UsageSample<Source>[],
  isWanted: (entry: Usage[number]) => boolean,
): QueryRate<Source> | undefined {
  for (const { source, usage } of samples) {
    const amounts = usage.filter(isWanted).flatMap(({ sent, stood, waited }) => [sent, stood, waited]);
    const [first, ...others] = amounts;
    if (first === undefined) continue;
    const all: Amount = others.reduce(addAmounts, first);
    const queries = all.queries - all.withoutUsage;
    // A query without an answer counts as one that took no tokens; where there are only such, nothing is known.
    if (queries > 0 && all.promptTokens + all.completionTokens > 0) return { source, queries, tokens: all };
  }
  return undefined;
}

/** The tokens of so many queries at a rate, each kind rounded to the nearest. */
export function estimateTokens(queries: number, rate: Pick<QueryRate<unknown>, 'queries' | 'tokens'>): TokenCounts {
  const scale = (tokens: number) => {
    const [doubled, divisor] = [2n * BigInt(tokens) * BigInt(queries), 2n * BigInt(rate.queries)];
    return Number((doubled + BigInt(rate.queries)) / divisor);
  };
  const { promptTokens, completionTokens, cachedPromptTokens } = rate.tokens;
  return {
    promptTokens: scale(promptTokens),
    completionTokens: scale(completionTokens),
    cachedPromptTokens: scale(cachedPromptTokens),
  };
}

/** Null where the model has no price. */
export function estimateCost(tokens: TokenCounts, { price }: Pick<AccountedModel, 'price'>): Cost | null {
  return price === undefined ? null : computeCost(tokens, price);
}
