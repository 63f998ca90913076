import type { Cost } from './cost.ts';
import { addSketches, emptySketch, type LatencySketch, subtractSketches } from './latency-sketch.ts';

/** What a model is asked for. */
export const purposes = ['solver', 'judge'] as const;
export type Purpose = (typeof purposes)[number];

/** What some queries came to. */
export interface Amount {
  /** Retries apart; a query that left and brought no answer counts. */
  readonly queries: number;
  /** Cached ones included, whatever the service's own way to count. */
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cachedPromptTokens: number;
  /** Answers of which the service did not say how many tokens they took: those are not counted. */
  readonly withoutUsage: number;
  /** Answers that end because they had as many tokens as they may have. */
  readonly cutOff: number;
  /** Answers in which the service or the model declined to answer. */
  readonly refused: number;
  /** Null where the model has no price. */
  readonly cost: Cost | null;
}

/** What was asked of one model for one purpose, told apart by who paid for it. */
export interface UsageEntry {
  /** Key in the run file. */
  readonly model: string;
  readonly purpose: Purpose;
  /** Tells which model of another run file it is; null where it is not known. */
  readonly version: string | null;
  /** What left for this result. */
  readonly sent: Amount;
  /** How often a query was sent again. */
  readonly retries: number;
  /** What an earlier result had. */
  readonly stood: Amount;
  /** The same, of a run that was waited for. */
  readonly waited: Amount;
  /** From the send that was answered to its answer, of what was sent. */
  readonly latency: LatencySketch;
}

/** At most one entry per model and purpose, ordered by purpose (solver first), then model. */
export type Usage = readonly UsageEntry[];

export const noAmount: Amount = {
  queries: 0,
  promptTokens: 0,
  completionTokens: 0,
  cachedPromptTokens: 0,
  withoutUsage: 0,
  cutOff: 0,
  refused: 0,
  cost: 0n,
};

export function makeUsageEntry(
  named: Pick<UsageEntry, 'model' | 'purpose' | 'version'>,
  parts: Partial<Omit<UsageEntry, 'model' | 'purpose' | 'version'>> = {},
): UsageEntry {
  const { model, purpose, version } = named;
  const { sent = noAmount, retries = 0, stood = noAmount, waited = noAmount, latency = emptySketch } = parts;
  return { model, purpose, version, sent, retries, stood, waited, latency };
}

/** Adds up amounts; where one cost something that is not known, the sum does. */
export function addAmounts(one: Amount, other: Amount): Amount {
  if (one === noAmount) return other;
  if (other === noAmount) return one;
  return {
    queries: one.queries + other.queries,
    promptTokens: one.promptTokens + other.promptTokens,
    completionTokens: one.completionTokens + other.completionTokens,
    cachedPromptTokens: one.cachedPromptTokens + other.cachedPromptTokens,
    withoutUsage: one.withoutUsage + other.withoutUsage,
    cutOff: one.cutOff + other.cutOff,
    refused: one.refused + other.refused,
    cost: one.cost === null || other.cost === null ? null : one.cost + other.cost,
  };
}

/** Adds up usage, entry by entry; the order and the grouping do not matter. */
export function addUsage(...all: readonly Usage[]): Usage {
  const entries = all.flat();
  // What most samples have.
  if (entries.length < 2) return entries;
  const sums = new Map<string, UsageEntry>();
  for (const entry of entries) {
    const name = nameEntry(entry);
    const known = sums.get(name);
    sums.set(name, known === undefined ? entry : addEntries(known, entry));
  }
  return sortUsage([...sums.values()]);
}

/** What is left of usage without a part of it; never below zero. */
export function subtractUsage(whole: Usage, part: Usage): Usage {
  if (part.length === 0) return whole;
  const parts = new Map(part.map((entry) => [nameEntry(entry), entry]));
  return whole.flatMap((entry) => {
    const taken = parts.get(nameEntry(entry));
    const rest = taken === undefined ? entry : subtractEntries(entry, taken);
    return isEmptyEntry(rest) ? [] : [rest];
  });
}

/** The same work as it stands in another result: nothing of it was sent for that one. */
export function toStanding(usage: Usage, as: 'stood' | 'waited' = 'stood'): Usage {
  return usage.flatMap((entry) => {
    const { model, purpose, version } = entry;
    const all = addAmounts(addAmounts(entry.sent, entry.stood), entry.waited);
    return all.queries === 0 ? [] : [makeUsageEntry({ model, purpose, version }, { [as]: all })];
  });
}

/** Without what stands: what left for this result itself. */
export function onlySent(usage: Usage): Usage {
  return usage.flatMap((entry) => {
    const own = { ...entry, stood: noAmount, waited: noAmount };
    return isEmptyEntry(own) ? [] : [own];
  });
}

/** One amount of all entries together. */
export function sumUsage(usage: Usage, part: 'sent' | 'stood' | 'waited'): Amount {
  return usage.reduce((sum, entry) => addAmounts(sum, entry[part]), noAmount);
}

export function sortUsage(entries: readonly UsageEntry[]): Usage {
  return [...entries].sort(
    (one, other) =>
      purposes.indexOf(one.purpose) - purposes.indexOf(other.purpose) ||
      compareTexts(one.model, other.model) ||
      compareTexts(one.version ?? '', other.version ?? ''),
  );
}

function compareTexts(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function nameEntry({ model, purpose, version }: UsageEntry): string {
  return `${purpose} ${version ?? ''} ${model}`;
}

function addEntries(one: UsageEntry, other: UsageEntry): UsageEntry {
  return {
    ...one,
    sent: addAmounts(one.sent, other.sent),
    retries: one.retries + other.retries,
    stood: addAmounts(one.stood, other.stood),
    waited: addAmounts(one.waited, other.waited),
    latency: addSketches(one.latency, other.latency),
  };
}

function subtractEntries(one: UsageEntry, other: UsageEntry): UsageEntry {
  return {
    ...one,
    sent: subtractAmounts(one.sent, other.sent),
    retries: Math.max(0, one.retries - other.retries),
    stood: subtractAmounts(one.stood, other.stood),
    waited: subtractAmounts(one.waited, other.waited),
    latency: subtractSketches(one.latency, other.latency),
  };
}

function subtractAmounts(one: Amount, other: Amount): Amount {
  const cost = one.cost === null || other.cost === null ? null : one.cost - other.cost;
  return {
    queries: Math.max(0, one.queries - other.queries),
    promptTokens: Math.max(0, one.promptTokens - other.promptTokens),
    completionTokens: Math.max(0, one.completionTokens - other.completionTokens),
    cachedPromptTokens: Math.max(0, one.cachedPromptTokens - other.cachedPromptTokens),
    withoutUsage: Math.max(0, one.withoutUsage - other.withoutUsage),
    cutOff: Math.max(0, one.cutOff - other.cutOff),
    refused: Math.max(0, one.refused - other.refused),
    cost: cost !== null && cost < 0n ? 0n : cost,
  };
}

function isEmptyEntry({ sent, retries, stood, waited }: UsageEntry): boolean {
  return sent.queries === 0 && retries === 0 && stood.queries === 0 && waited.queries === 0;
}
