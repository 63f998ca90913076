import { formatCostMicros, parseCostMicros } from './cost.ts';
import { countLatencies, findLatencyQuantile, type LatencySketch } from './latency-sketch.ts';
import { type Amount, addAmounts, addUsage, noAmount, type Purpose, sumUsage, type Usage } from './usage.ts';

// What `run --json`, `show RUN --json` and the library say of usage.

/** What some queries came to. */
export interface UsageAmountDocument {
  /** Retries apart. */
  readonly queries: number;
  /** Cached ones included. */
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly cached_prompt_tokens: number;
  /** Answers of which the service did not say how many tokens they took: neither tokens nor cost hold them. */
  readonly answers_without_usage: number;
  /** Answers that end because they had as many tokens as they may have. */
  readonly answers_cut_off: number;
  /** Answers in which the service or the model declined to answer, as far as it says so outside of the text. */
  readonly answers_refused: number;
  /** Millionths of a US dollar, an exact decimal as text, such as `1234.5`; null where the model has no price. */
  readonly cost_micros: string | null;
}

/** What was asked of one model for one purpose. */
export interface UsageDocument {
  readonly model: string;
  readonly purpose: Purpose;
  /** What left for this run, or this task result. */
  readonly sent: UsageAmountDocument;
  /** How often a query of it was sent again. */
  readonly retried: { readonly queries: number };
  /** What stood from the cache; its cost by the present price: what reuse saved. */
  readonly stood: UsageAmountDocument;
  /** What stood because another run, which was waited for, computed it. */
  readonly waited: UsageAmountDocument;
  /** Of the answers to what was sent, within 1 %; null where there is none. */
  readonly latency_ms: LatencyDocument | null;
}

export interface LatencyDocument {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** What left, of all models together. */
export interface UsageTotals {
  readonly tokens: {
    readonly prompt: number;
    readonly completion: number;
    readonly cached_prompt: number;
  };
  /** As in the entries; null where a model that was asked has no price. */
  readonly cost_micros: string | null;
}

/** One entry per model and purpose, the solver's first. */
export function makeUsageDocuments(usage: Usage): readonly UsageDocument[] {
  // Of a model that changed under its key, both versions count as that model.
  return addUsage(usage.map((entry) => ({ ...entry, version: null }))).map((entry) => ({
    model: entry.model,
    purpose: entry.purpose,
    sent: toAmountDocument(entry.sent),
    retried: { queries: entry.retries },
    stood: toAmountDocument(entry.stood),
    waited: toAmountDocument(entry.waited),
    latency_ms: toLatencyDocument(entry.latency),
  }));
}

export function makeUsageTotals(usage: Usage): UsageTotals {
  const sent = sumUsage(usage, 'sent');
  return {
    tokens: {
      prompt: sent.promptTokens,
      completion: sent.completionTokens,
      cached_prompt: sent.cachedPromptTokens,
    },
    cost_micros: toAmountDocument(sent).cost_micros,
  };
}

/** Several amounts as one; a cost that is not known makes the sum unknown. */
export function sumAmountDocuments(amounts: readonly UsageAmountDocument[]): UsageAmountDocument {
  return toAmountDocument(amounts.map(toAmount).reduce(addAmounts, noAmount));
}

function toAmountDocument(amount: Amount): UsageAmountDocument {
  return {
    queries: amount.queries,
    prompt_tokens: amount.promptTokens,
    completion_tokens: amount.completionTokens,
    cached_prompt_tokens: amount.cachedPromptTokens,
    answers_without_usage: amount.withoutUsage,
    answers_cut_off: amount.cutOff,
    answers_refused: amount.refused,
    cost_micros: amount.cost === null ? null : formatCostMicros(amount.cost),
  };
}

function toAmount(document: UsageAmountDocument): Amount {
  return {
    queries: document.queries,
    promptTokens: document.prompt_tokens,
    completionTokens: document.completion_tokens,
    cachedPromptTokens: document.cached_prompt_tokens,
    withoutUsage: document.answers_without_usage,
    cutOff: document.answers_cut_off,
    refused: document.answers_refused,
    cost: document.cost_micros === null ? null : parseCostMicros(document.cost_micros),
  };
}

function toLatencyDocument(sketch: LatencySketch): LatencyDocument | null {
  if (countLatencies(sketch) === 0) return null;
  const find = (share: number): number => Math.round(findLatencyQuantile(sketch, share) ?? 0);
  return { p50: find(0.5), p90: find(0.9), p99: find(0.99), max: find(1) };
}
