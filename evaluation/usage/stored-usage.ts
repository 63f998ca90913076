import { formatCostMicros, parseCostMicros } from './cost.ts';
import { emptySketch, type LatencySketch } from './latency-sketch.ts';
import { type Amount, makeUsageEntry, noAmount, type Purpose, type Usage } from './usage.ts';

/** Usage as JSON text, without what is zero: it lies beside every journalled sample. */
export type StoredUsage = string;

interface StoredEntry {
  readonly model: string;
  readonly purpose: Purpose;
  readonly version?: string | undefined;
  readonly sent?: StoredAmount | undefined;
  readonly retries?: number | undefined;
  readonly stood?: StoredAmount | undefined;
  readonly waited?: StoredAmount | undefined;
  readonly latency?: LatencySketch | undefined;
}

interface StoredAmount {
  readonly queries?: number | undefined;
  readonly prompt?: number | undefined;
  readonly completion?: number | undefined;
  readonly cached?: number | undefined;
  readonly without_usage?: number | undefined;
  readonly cut_off?: number | undefined;
  readonly refused?: number | undefined;
  /** Millionths of a US dollar; null where there is no price, absent where it is nothing. */
  readonly cost_micros?: string | null | undefined;
}

export function encodeUsage(usage: Usage): StoredUsage {
  return JSON.stringify(
    usage.map(
      // What is undefined is left out of the text.
      ({ model, purpose, version, sent, retries, stood, waited, latency }): StoredEntry => ({
        model,
        purpose,
        version: version ?? undefined,
        sent: encodeAmount(sent),
        retries: unlessZero(retries),
        stood: encodeAmount(stood),
        waited: encodeAmount(waited),
        latency: latency === emptySketch ? undefined : latency,
      }),
    ),
  );
}

/** Null, from before usage was counted, is none. */
export function decodeUsage(text: StoredUsage | null): Usage {
  if (text === null) return [];
  return (JSON.parse(text) as readonly StoredEntry[]).map(({ model, purpose, version, ...entry }) =>
    makeUsageEntry(
      { model, purpose, version: version ?? null },
      {
        sent: decodeAmount(entry.sent),
        retries: entry.retries ?? 0,
        stood: decodeAmount(entry.stood),
        waited: decodeAmount(entry.waited),
        latency: entry.latency ?? emptySketch,
      },
    ),
  );
}

function encodeAmount(amount: Amount): StoredAmount | undefined {
  if (amount === noAmount) return undefined;
  return {
    queries: unlessZero(amount.queries),
    prompt: unlessZero(amount.promptTokens),
    completion: unlessZero(amount.completionTokens),
    cached: unlessZero(amount.cachedPromptTokens),
    without_usage: unlessZero(amount.withoutUsage),
    cut_off: unlessZero(amount.cutOff),
    refused: unlessZero(amount.refused),
    cost_micros: amount.cost === null ? null : amount.cost === 0n ? undefined : formatCostMicros(amount.cost),
  };
}

function unlessZero(count: number): number | undefined {
  return count === 0 ? undefined : count;
}

function decodeAmount(stored: StoredAmount | undefined): Amount {
  if (stored === undefined) return noAmount;
  const cost = stored.cost_micros;
  return {
    queries: stored.queries ?? 0,
    promptTokens: stored.prompt ?? 0,
    completionTokens: stored.completion ?? 0,
    cachedPromptTokens: stored.cached ?? 0,
    withoutUsage: stored.without_usage ?? 0,
    cutOff: stored.cut_off ?? 0,
    refused: stored.refused ?? 0,
    cost: cost === undefined ? 0n : cost === null ? null : parseCostMicros(cost),
  };
}
