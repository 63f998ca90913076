import type { Overrides } from '../../contracts/overrides.ts';
import { type LimitName, limitNames, type SpendingLimits } from './spending-limits.ts';

/** Options of the command line that set a limit. */
export const optionOfLimit = {
  queries: '--max-queries',
  cost: '--max-cost',
  tokens: '--max-tokens',
  duration_s: '--max-duration',
} as const satisfies Record<LimitName, string>;

const overrideOfLimit = {
  queries: 'maxQueries',
  cost: 'maxCost',
  tokens: 'maxTokens',
  duration_s: 'maxDurationS',
} as const satisfies Record<LimitName, keyof Overrides>;

/** Limits that were given beside a run file, or for a run without one; null where none was. */
export function pickLimitOverrides(overrides: Overrides): SpendingLimits | null {
  const given = limitNames.flatMap((name) => {
    const value = overrides[overrideOfLimit[name]];
    return value === undefined ? [] : [[name, value] as const];
  });
  return given.length === 0 ? null : Object.fromEntries(given);
}
