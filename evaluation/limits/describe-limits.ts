import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { type Cost, formatCost, formatDollars } from '../usage/cost.ts';
import { optionOfLimit } from './limit-overrides.ts';
import {
  findReachedLimit,
  type LimitName,
  limitNames,
  type Spending,
  type SpendingLimits,
  toCost,
} from './spending-limits.ts';

/** A limit and what has been used of it, both of the same unit: queries, tokens, seconds. */
export interface LimitUse {
  readonly limit: number;
  readonly used: number;
}

/** What was spent of which limit, as documents show it. */
export interface LimitsDocument {
  readonly queries: LimitUse | null;
  /** Exact decimal numbers of US dollars. */
  readonly cost: { readonly limit: string; readonly used: string } | null;
  readonly tokens: LimitUse | null;
  readonly duration_s: LimitUse | null;
}

export function makeLimitsDocument(limits: SpendingLimits, spent: Spending): LimitsDocument {
  const { queries, cost, tokens, duration_s: durationS } = limits;
  return {
    queries: queries === undefined ? null : { limit: queries, used: spent.queries },
    cost: cost === undefined ? null : { limit: formatDollars(toCost(cost)), used: formatDollars(spent.cost) },
    tokens: tokens === undefined ? null : { limit: tokens, used: spent.tokens },
    duration_s: durationS === undefined ? null : { limit: durationS, used: Math.round(spent.workedMs) / 1_000 },
  };
}

/** `100 queries, $5`; `none` where there are none. */
export function describeLimits(limits: SpendingLimits | null): string {
  const texts = limitNames.flatMap((name) => {
    const value = limits?.[name];
    if (value === undefined) return [];
    if (name === 'cost') return [`$${formatDollars(toCost(value))}`];
    return [`${value} ${name === 'duration_s' ? 's' : name}`];
  });
  return texts.length === 0 ? 'none' : texts.join(', ');
}

/** `100 of 100 queries`, `$5.02 of $5`, `61 of 60 s`. */
export function describeUse(name: LimitName, limits: SpendingLimits, spent: Spending): string {
  const use = makeLimitsDocument(limits, spent)[name];
  if (use === null) return '';
  if (name === 'cost') return `$${use.used} of $${use.limit}`;
  return `${use.used} of ${use.limit} ${name === 'duration_s' ? 's' : name}`;
}

/** Why nothing more is sent for a run, with the line that goes on. */
export function makeLimitReachedError(
  runId: string,
  name: LimitName,
  { limits, spent }: { readonly limits: SpendingLimits; readonly spent: Spending },
): EvaluationError {
  return new EvaluationError(
    'limit-reached',
    `limits.${name} is reached: ${describeUse(name, limits, spent)} used, over all attempts of the run.`,
    { hint: `Everything finished is kept. Go on with a higher total: \`${makeResumeLine(runId, name, limits)}\`.` },
  );
}

/**
 * @throws {EvaluationError} `usage` where a run would end as soon as it went on: nothing can be sent within its limits.
 */
export function refuseUsedUp(
  runId: string,
  { limits, spent }: { readonly limits: SpendingLimits | null; readonly spent: Spending },
): void {
  const name = limits === null ? undefined : findReachedLimit(limits, spent);
  if (limits === null || name === undefined) return;
  throw new EvaluationError(
    'usage',
    `Run ${runId} cannot go on: limits.${name} is used up, ${describeUse(name, limits, spent)}.`,
    { hint: `It is a total over all attempts; give a higher one: \`${makeResumeLine(runId, name, limits)}\`.` },
  );
}

function makeResumeLine(runId: string, name: LimitName, limits: SpendingLimits): string {
  const doubled = 2 * (limits[name] ?? 1);
  const value = name === 'duration_s' ? `${Math.ceil(doubled)}s` : doubled;
  return `stet resume ${runId} ${optionOfLimit[name]} ${value}`;
}

/** What a plan expects to spend; null where that cannot be told. */
export interface ExpectedSpending {
  readonly queries: number | null;
  readonly cost: Cost | null;
  readonly tokens: number | null;
}

/** A sentence for each limit that a plan is expected to reach before it is done. */
export function describeLimitExcess(limits: SpendingLimits, expected: ExpectedSpending): readonly string[] {
  const { queries, cost, tokens } = limits;
  const excess: (readonly [LimitName, string])[] = [];
  if (queries !== undefined && expected.queries !== null && expected.queries > queries) {
    excess.push(['queries', `${expected.queries} queries are expected, and limits.queries is ${queries}`]);
  }
  if (cost !== undefined && expected.cost !== null && expected.cost > toCost(cost)) {
    const limit = formatDollars(toCost(cost));
    excess.push(['cost', `A cost of about ${formatCost(expected.cost)} is expected, and limits.cost is $${limit}`]);
  }
  if (tokens !== undefined && expected.tokens !== null && expected.tokens > tokens) {
    excess.push(['tokens', `About ${expected.tokens} tokens are expected, and limits.tokens is ${tokens}`]);
  }
  return excess.map(
    ([name, text]) => `${text}: the run would end before it is done; \`${optionOfLimit[name]}\` raises it.`,
  );
}
