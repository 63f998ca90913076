import type { MetricResult } from '../metric-value.ts';
import { flattenMetricNames } from '../metrics/flatten-metric-names.ts';
import { getMetricKind } from '../metrics/index.ts';
import type { CompleteDefinition } from '../plan.ts';

/** One value of a task result, by where it comes from. */
export interface MetricOrigin {
  readonly scorerKey: string;
  readonly metricKey: string;
  /** Its name among the metric's own values. */
  readonly valueName: string;
  readonly value: number | null;
}

/** Every value of a task result by its flat name (format 10). */
export function findMetricOrigins(results: readonly MetricResult[]): ReadonlyMap<string, MetricOrigin> {
  const origins: MetricOrigin[] = [];
  // In place of each value its number in the list: what the flat names then name is where a value comes from.
  const numbered = results.map((result) => ({
    ...result,
    values: Object.fromEntries(
      Object.entries(result.values).map(([valueName, value]) => {
        const { scorer_key: scorerKey, metric_key: metricKey } = result;
        return [valueName, origins.push({ scorerKey, metricKey, valueName, value }) - 1];
      }),
    ),
  }));
  return new Map(
    Object.entries(flattenMetricNames(numbered).values).flatMap(([name, index]) => {
      const origin = index === null ? undefined : origins[index];
      return origin === undefined ? [] : [[name, origin] as const];
    }),
  );
}

/** The flat names of a task's metrics before it has run; undefined where they hang on its scores. */
export function predictMetricNames({ scorers }: CompleteDefinition): readonly string[] | undefined {
  const specs = scorers.flatMap((scorer) => scorer.metrics.map((spec) => ({ scorer, spec })));
  if (specs.some(({ spec }) => spec.type === 'frequency' || spec.type === 'multiclass-classification'))
    return undefined;
  const results = specs.map(
    ({ scorer, spec }): MetricResult => ({
      metric_key: spec.key,
      metric_type: spec.type,
      scorer_key: scorer.key,
      scorer_purpose: scorer.purpose,
      ...getMetricKind(spec.type).create(spec).finish(),
    }),
  );
  return [...findMetricOrigins(results).keys()];
}
