import { getMetricKind } from '../../../evaluation/metrics/index.ts';
import type { MetricOutcome } from '../../../evaluation/metrics/metric-kind.ts';
import type { ScoreValue } from '../../../evaluation/score.ts';
import { type Metric, metricSchema } from '../../../evaluation/spec/metrics.ts';

/** What a metric, written as in a run file, makes of some scores; sample ids are `s0`, `s1` … */
export function runMetric(written: Metric, scores: readonly Readonly<Record<string, ScoreValue>>[]): MetricOutcome {
  const spec = { key: 'metric', ...metricSchema.parse(written) };
  const accumulator = getMetricKind(spec.type).create({ ...spec, key: spec.key ?? 'metric' });
  for (const [index, values] of scores.entries()) accumulator.add(values, `s${index}`);
  return accumulator.finish();
}
