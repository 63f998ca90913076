import type { ScoreValue } from '../score.ts';

/**
 * A named value of a score. Over several trials a score `x` exists as `x.mean` (format 12.1), so that name is meant where
 * `x` itself is not there. Missing and null are the same to a metric: `undefined`.
 */
export function readField(
  values: Readonly<Record<string, ScoreValue>>,
  field: string,
): Exclude<ScoreValue, null> | undefined {
  if (Object.hasOwn(values, field)) return values[field] ?? undefined;
  const aggregate = `${field}.mean`;
  return Object.hasOwn(values, aggregate) ? (values[aggregate] ?? undefined) : undefined;
}
