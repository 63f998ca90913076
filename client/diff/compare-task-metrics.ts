import { findMetricOrigins, type MetricOrigin } from '../../evaluation/alerts/metric-names.ts';
import type { ComparedMetric, MetricSide } from '../../evaluation/compare/compare-metrics.ts';
import type { MetricDifference, NoDifference } from '../../evaluation/compare/metric-difference.ts';
import type { MetricResult } from '../../evaluation/metric-value.ts';
import { flattenMetricNames } from '../../evaluation/metrics/flatten-metric-names.ts';
import type { PlannedTaskSpecification } from '../../evaluation/plan.ts';
import type { TaskResultRecord } from '../../storage/result-index.ts';
import type { Store } from '../../storage/store.ts';
import type { MetricDiffDocument } from './diff-document.ts';

interface ResultSide {
  readonly record: TaskResultRecord;
  readonly task: PlannedTaskSpecification;
}

type Compare = (metrics: readonly ComparedMetric[]) => (MetricDifference | NoDifference)[][];

interface SideMetrics {
  readonly origins: ReadonlyMap<string, MetricOrigin>;
  readonly reasons: Readonly<Record<string, string>>;
  readonly find: (origin: MetricOrigin) => MetricSide | undefined;
}

/** Every value that either side has, in the order of the first; those of one metric are compared at once. */
export async function compareTaskMetrics(
  store: Store,
  sides: readonly [ResultSide, ResultSide],
  compare: Compare,
): Promise<MetricDiffDocument[]> {
  const [before, after] = [await readMetrics(store, sides[0]), await readMetrics(store, sides[1])];
  const values = [...new Set([...before.origins.keys(), ...after.origins.keys()])].map((name) => ({
    name,
    was: before.origins.get(name) ?? findLabel(before, after.origins.get(name)),
    is: after.origins.get(name) ?? findLabel(after, before.origins.get(name)),
  }));
  const metrics = new Map<string, { readonly metric: ComparedMetric; readonly names: readonly string[] }>();
  for (const { name, was, is } of values) {
    const first = was && before.find(was);
    const second = is && after.find(is);
    if (was === undefined || is === undefined || first === undefined || second === undefined) continue;
    const key = JSON.stringify([first.scorerKey, first.spec.key, second.scorerKey, second.spec.key]);
    const known = metrics.get(key) ?? { metric: { first, second, values: [] }, names: [] };
    const value = { first: was.valueName, second: is.valueName };
    metrics.set(key, {
      metric: { first, second, values: [...known.metric.values, value] },
      names: [...known.names, name],
    });
  }
  const all = [...metrics.values()];
  const found = compare(all.map(({ metric }) => metric));
  const differences = new Map(
    all.flatMap((entry, index) => entry.names.map((name, place) => [name, found[index]?.[place]] as const)),
  );
  return values.map(({ name, was, is }) => {
    const [first, second] = [was?.value ?? null, is?.value ?? null];
    const missing = findMissing({ name, was, is }, before, after);
    return { metric: name, first, second, ...describe(differences.get(name), missing) };
  });
}

/** A label that no sample of a result has is of its frequency all the same: with a share of 0. */
function findLabel(side: SideMetrics, other: MetricOrigin | undefined): MetricOrigin | undefined {
  const spec = other && side.find(other)?.spec;
  return other === undefined || spec?.type !== 'frequency' ? undefined : { ...other, value: 0 };
}

interface NamedOrigins {
  readonly name: string;
  readonly was: MetricOrigin | undefined;
  readonly is: MetricOrigin | undefined;
}

/** Why there is nothing to compare, where that shows in the values already. */
function findMissing({ name, was, is }: NamedOrigins, before: SideMetrics, after: SideMetrics): string | undefined {
  if (was === undefined) return 'only the second has it';
  if (is === undefined) return 'only the first has it';
  if (was.value === null) return before.reasons[name] ?? 'the first has no value';
  return is.value === null ? (after.reasons[name] ?? 'the second has no value') : undefined;
}

const noDifference = {
  difference: null,
  interval: null,
  p_value: null,
  p_adjusted: null,
  is_beyond_noise: null,
  method: null,
  interval_method: null,
  resamples: null,
  samples: null,
} as const;

/** `p_adjusted` and `is_beyond_noise` wait for the other comparisons. */
function describe(
  found: MetricDifference | NoDifference | undefined,
  missing: string | undefined,
): Omit<MetricDiffDocument, 'metric' | 'first' | 'second'> {
  if (missing !== undefined) return { ...noDifference, reason: missing };
  if (found === undefined) return { ...noDifference, reason: 'it is not the same metric' };
  if ('reason' in found) return { ...noDifference, reason: found.reason };
  return {
    ...noDifference,
    difference: found.estimate,
    interval: found.interval,
    p_value: found.pValue,
    method: found.method,
    interval_method: found.intervalMethod,
    resamples: found.resamples,
    samples: found.samples,
    reason: null,
  };
}

async function readMetrics(store: Store, { record, task }: ResultSide): Promise<SideMetrics> {
  const results =
    record.metrics === null
      ? []
      : (JSON.parse(
          new TextDecoder().decode(await store.content.get(record.metrics.digest)),
        ) as readonly MetricResult[]);
  const { definition } = task;
  return {
    origins: findMetricOrigins(results),
    reasons: flattenMetricNames(results).reasons,
    find({ scorerKey, metricKey }) {
      const scorer = definition.scorers.find(({ key }) => key === scorerKey);
      const spec = scorer?.metrics.find(({ key }) => key === metricKey);
      return spec === undefined ? undefined : { scorerKey, spec };
    },
  };
}
