import type { RunDocument } from '../../client/run-document.ts';
import { optionOfLimit } from '../../evaluation/limits/limit-overrides.ts';
import { limitNames } from '../../evaluation/limits/spending-limits.ts';
import { formatCost, scaleDecimal } from '../../evaluation/usage/cost.ts';
import { formatCount, formatDuration } from './format.ts';
import type { Style } from './style.ts';

type Limits = RunDocument['limits'];

/** `70 of 70 queries, $0.12 of $5`; empty where nothing is limited. */
export function describeLimitUse(limits: Limits, style: Style): string {
  if (!limits) return '';
  const { queries, cost, tokens, duration_s: duration } = limits;
  const paint = (use: { readonly limit: number | string; readonly used: number | string }, text: string) =>
    isUsedUp(use) ? style.attention(text) : text;
  return [
    ...(queries === null
      ? []
      : [paint(queries, `${formatCount(queries.used)} of ${formatCount(queries.limit)} queries`)]),
    ...(cost === null ? [] : [paint(cost, `${formatCost(scaleDecimal(cost.used, 12) ?? 0n)} of $${cost.limit}`)]),
    ...(tokens === null ? [] : [paint(tokens, `${formatCount(tokens.used)} of ${formatCount(tokens.limit)} tokens`)]),
    ...(duration === null
      ? []
      : [paint(duration, `${formatDuration(1_000 * duration.used)} of ${formatDuration(1_000 * duration.limit)}`)]),
  ].join(', ');
}

/** What was spent of which limit, in one line. */
export function renderLimits(limits: Limits, style: Style): string {
  const text = describeLimitUse(limits, style);
  return text === '' ? '' : `Used of its limits, over all attempts: ${text}.\n`;
}

/** Options with which a run that has reached a limit goes on: twice the total. None where it has reached none. */
export function suggestHigherLimits(limits: Limits): readonly string[] {
  if (!limits) return [];
  return limitNames.flatMap((name) => {
    const use = limits[name];
    if (use === null || !isUsedUp(use)) return [];
    const doubled = 2 * Number(use.limit);
    return [optionOfLimit[name], name === 'duration_s' ? `${Math.ceil(doubled)}s` : String(doubled)];
  });
}

function isUsedUp({ limit, used }: { readonly limit: number | string; readonly used: number | string }): boolean {
  return Number(used) >= Number(limit);
}
