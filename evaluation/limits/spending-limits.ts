import type { Limits } from '../spec/run-file.ts';
import { type Cost, readDollars } from '../usage/cost.ts';

/** What a run may spend at most, over all its attempts (format 17.1); what is left out has no limit. */
export interface SpendingLimits {
  /** Queries sent, retries and probes included. */
  readonly queries?: number;
  /** US dollars. */
  readonly cost?: number;
  /** Of prompts and completions. */
  readonly tokens?: number;
  /** Seconds in which the run is worked on. */
  readonly duration_s?: number;
}

export const limitNames = [
  'queries',
  'cost',
  'tokens',
  'duration_s',
] as const satisfies readonly (keyof SpendingLimits)[];
export type LimitName = (typeof limitNames)[number];

/** What a run has spent so far. */
export interface Spending {
  readonly queries: number;
  readonly tokens: number;
  readonly cost: Cost;
  readonly workedMs: number;
}

export const nothingSpent: Spending = { queries: 0, tokens: 0, cost: 0n, workedMs: 0 };

/** Those of a run file, or of options; null where there are none. */
export function pickSpendingLimits(limits: Partial<Limits>): SpendingLimits | null {
  const set = limitNames.flatMap((name) => {
    const value = limits[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return set.length === 0 ? null : Object.fromEntries(set);
}

/** Limits with others in place of those that these set, too. */
export function addLimits(limits: SpendingLimits | null, given: SpendingLimits | null): SpendingLimits | null {
  return limits === null && given === null ? null : { ...limits, ...given };
}

/** The first limit, in the order of their names, at or above which a run is. */
export function findReachedLimit(limits: SpendingLimits, spent: Spending): LimitName | undefined {
  return limitNames.find((name) => isReached(name, limits, spent));
}

function isReached(name: LimitName, limits: SpendingLimits, spent: Spending): boolean {
  switch (name) {
    case 'queries':
      return limits.queries !== undefined && spent.queries >= limits.queries;
    case 'cost':
      return limits.cost !== undefined && spent.cost >= toCost(limits.cost);
    case 'tokens':
      return limits.tokens !== undefined && spent.tokens >= limits.tokens;
    case 'duration_s':
      return limits.duration_s !== undefined && spent.workedMs >= 1_000 * limits.duration_s;
  }
}

/**
 * `limits.cost` exactly.
 *
 * @throws {RangeError} for more decimals than the schema lets through.
 */
export function toCost(dollars: number): Cost {
  const cost = readDollars(dollars);
  if (cost === undefined) throw new RangeError(`${dollars} dollars have more than twelve decimals.`);
  return cost;
}
