import type { MetricResult } from '../metric-value.ts';

export interface FlatMetrics {
  readonly values: Readonly<Record<string, number | null>>;
  /** Why a value is null, under the same names. */
  readonly reasons: Readonly<Record<string, string>>;
}

interface Entry {
  readonly value: number | null;
  readonly reason: string | undefined;
  /** From the short name to the long one. */
  readonly names: readonly [string, string, string];
  level: 0 | 1 | 2;
}

/**
 * One name per value of a task result (format 10): the value's own; where two values clash all of them get the metric's key
 * in front; what still clashes the scorer's key as well.
 */
export function flattenMetricNames(results: readonly MetricResult[]): FlatMetrics {
  const entries = results.flatMap(listEntries);
  for (const entry of findClashes(entries)) entry.level = 1;
  // A value that had its own name to itself keeps it, also if a longer name of another one now equals it.
  for (const entry of findClashes(entries)) if (entry.level === 1) entry.level = 2;

  const values = new Map<string, number | null>();
  const reasons = new Map<string, string>();
  const taken = new Set(entries.filter(({ level }) => level === 0).map(({ names }) => names[0]));
  for (const { names, level, value, reason } of entries) {
    const name = level === 0 ? names[0] : makeUnique(names[level], taken);
    taken.add(name);
    values.set(name, value);
    if (reason !== undefined) reasons.set(name, reason);
  }
  return { values: Object.fromEntries(values), reasons: Object.fromEntries(reasons) };
}

function listEntries(result: MetricResult): Entry[] {
  return Object.entries(result.values).map(([name, value]) => ({
    value,
    reason: result.reasons?.[name],
    names: [name, `${result.metric_key}_${name}`, `${result.scorer_key}_${result.metric_key}_${name}`],
    level: 0,
  }));
}

function findClashes(entries: readonly Entry[]): Entry[] {
  const counts = new Map<string, number>();
  for (const { names, level } of entries) counts.set(names[level], (counts.get(names[level]) ?? 0) + 1);
  return entries.filter(({ names, level }) => (counts.get(names[level]) ?? 0) > 1);
}

/** Keys may hold underscores, so that even the longest names of two values can be equal; none may get lost. */
function makeUnique(name: string, taken: ReadonlySet<string>): string {
  let unique = name;
  for (let count = 2; taken.has(unique); count += 1) unique = `${name}_${count}`;
  return unique;
}
