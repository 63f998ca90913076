import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { NumberReader } from '../metrics/number-reading.ts';
import { readField } from '../metrics/read-field.ts';
import type { CompleteMetric } from '../plan.ts';
import { findBiasCorrectedInterval } from './bias-corrected-interval.ts';
import { comparePairedProportions, compareUnpairedProportions, isBinary } from './compare-proportions.ts';
import { createPairedMean, createUnpairedMean } from './mean-statistics.ts';
import type { MetricDifference, NoDifference } from './metric-difference.ts';
import { createMetricStatistic, type SidedValues, type ValueNames } from './metric-statistics.ts';
import type { Pairing } from './pair-scores.ts';
import { type Resamples, resample } from './resample.ts';
import type { NamedValues, SampleScores } from './sample-scores.ts';
import type { Statistic } from './statistic.ts';
import { minPairs } from './stream/comparison.ts';

/** One side of a metric: who computes it from what. */
export interface MetricSide {
  readonly scorerKey: string;
  readonly spec: CompleteMetric;
}

/** A metric that both results have, and the values of it that are compared. */
export interface ComparedMetric {
  readonly first: MetricSide;
  readonly second: MetricSide;
  readonly values: readonly ValueNames[];
}

export interface ComparisonRequest {
  readonly first: SampleScores;
  readonly second: SampleScores;
  readonly pairing: Pairing;
  readonly isPaired: boolean;
  /** Two-sided level of the intervals, for example 0.95. */
  readonly confidence: number;
  readonly seed: number;
}

type Difference = MetricDifference | NoDifference;

/**
 * Differences second − first of metrics, each by the method that suits it, in the order of the metrics and their values.
 *
 * The unit is the sample: the scores of its trials are one score by then, and no method takes them for independent. A
 * sample counts where metrics count it; paired, where both results do.
 */
export function compareMetrics(request: ComparisonRequest, metrics: readonly ComparedMetric[]): Difference[][] {
  const prepared = metrics.map((metric) => prepare(request, metric));
  const statistics = prepared.flatMap((step) => ('statistic' in step ? [step.statistic] : []));
  const resamples = resample(statistics, request.seed);
  let next = 0;
  return prepared.map((step) => {
    if (!('statistic' in step)) return [...step.found];
    return step.conclude(resamples[next++] as Resamples);
  });
}

/** What is known at once, or what has to be resampled for it. */
type Step =
  | { readonly found: readonly Difference[] }
  | { readonly statistic: Statistic; conclude(resamples: Resamples): Difference[] };

function prepare(request: ComparisonRequest, metric: ComparedMetric): Step {
  const { first, second, values } = metric;
  const giveUp = (reason: string): Step => ({ found: values.map(() => ({ reason })) });
  const samples = listSamples(request, metric);
  if (samples.some((group) => group.length === 0)) return giveUp('no sample has a score to compare');
  if (first.spec.type === 'mean' && second.spec.type === 'mean') {
    const numbers = readNumbers(samples, first.spec.field, second.spec.field);
    return 'reason' in numbers ? giveUp(numbers.reason) : prepareMeans(request, numbers, values.length);
  }
  if ([first.spec.type, second.spec.type].some((type) => type === 'min' || type === 'max')) {
    return giveUp('it hangs on one sample, so no interval holds');
  }
  try {
    return prepareOther(request, metric, samples);
  } catch (error) {
    if (error instanceof EvaluationError && error.code === 'metric-failed') return giveUp(error.message);
    throw error;
  }
}

/** The samples that count in the metric: one group where they are paired, else one for each result. */
function listSamples(
  { first, second, pairing, isPaired }: ComparisonRequest,
  metric: ComparedMetric,
): readonly (readonly SidedValues[])[] {
  const [before, after] = [listValues(first, metric.first.scorerKey), listValues(second, metric.second.scorerKey)];
  if (isPaired) {
    return [
      pairing.pairs.flatMap(([place, other]) => {
        const [was, is] = [before(place), after(other)];
        return was === undefined || is === undefined ? [] : [{ first: was, second: is }];
      }),
    ];
  }
  const { pairs, onlyInFirst, onlyInSecond } = pairing;
  return [
    [...pairs.map(([place]) => place), ...onlyInFirst].flatMap((place) => toSide('first', before(place))),
    [...pairs.map(([, place]) => place), ...onlyInSecond].flatMap((place) => toSide('second', after(place))),
  ];
}

function listValues(scores: SampleScores, scorerKey: string): (place: number) => NamedValues | undefined {
  const values = scores.values.get(scorerKey) ?? [];
  return (place) => (scores.counts[place] === true ? values[place] : undefined);
}

function toSide(side: 'first' | 'second', values: NamedValues | undefined): SidedValues[] {
  return values === undefined ? [] : [side === 'first' ? { first: values } : { second: values }];
}

interface Numbers {
  readonly first: Float64Array;
  readonly second: Float64Array;
}

/** The numbers that two means are over; of a pair both, or none. */
function readNumbers(
  groups: readonly (readonly SidedValues[])[],
  firstField: string,
  secondField: string,
): Numbers | NoDifference {
  const reader = new NumberReader();
  const read = (values: NamedValues, field: string): number | undefined => {
    const value = readField(values, field);
    return value === undefined ? undefined : reader.read(value, '');
  };
  const first: number[] = [];
  const second: number[] = [];
  for (const sample of groups.flat()) {
    const was = sample.first && read(sample.first, firstField);
    const is = sample.second && read(sample.second, secondField);
    if (sample.first !== undefined && was === undefined) continue;
    if (sample.second !== undefined && is === undefined) continue;
    if (was !== undefined) first.push(was);
    if (is !== undefined) second.push(is);
  }
  if (reader.defect !== undefined) return { reason: 'not every score is a number' };
  if (first.length === 0 || second.length === 0) return { reason: 'no sample has a score to compare' };
  return { first: Float64Array.from(first), second: Float64Array.from(second) };
}

function prepareMeans(request: ComparisonRequest, { first, second }: Numbers, size: number): Step {
  const { isPaired, confidence } = request;
  if (isBinary(first) && isBinary(second)) {
    const compare = isPaired ? comparePairedProportions : compareUnpairedProportions;
    return { found: Array.from({ length: size }, () => compare(first, second, confidence)) };
  }
  const statistic = isPaired ? createPairedMean(first, second) : createUnpairedMean(first, second);
  return prepareResampled(request, statistic, () => undefined);
}

function prepareOther(
  request: ComparisonRequest,
  { first, second, values }: ComparedMetric,
  samples: readonly (readonly SidedValues[])[],
): Step {
  const statistic = createMetricStatistic({ first: first.spec, second: second.spec }, samples, values);
  const { whole } = statistic;
  return prepareResampled(request, statistic, (index) => {
    const names = values[index] as ValueNames;
    return whole.first.reasons?.[names.first] ?? whole.second.reasons?.[names.second];
  });
}

function prepareResampled(
  { isPaired, confidence }: ComparisonRequest,
  statistic: Statistic,
  findReason: (index: number) => string | undefined,
): Step {
  const sizes = statistic.groups.map(({ kinds }) => kinds.length);
  if (Math.min(...sizes) < minPairs) {
    const reason = `fewer than ${minPairs} samples to compare`;
    return { found: Array.from({ length: statistic.size }, () => ({ reason })) };
  }
  return {
    statistic,
    conclude: ({ estimates, replicates, accelerations, units }) =>
      replicates.map((all, index): Difference => {
        const estimate = estimates[index] as number;
        const reason = findReason(index);
        if (reason !== undefined || Number.isNaN(estimate)) return { reason: reason ?? 'there is no value' };
        const evidence = { estimate, replicates: all, acceleration: accelerations[index] as number, units };
        const found = findBiasCorrectedInterval(evidence, confidence);
        if (found === undefined) return { reason: 'it has no value for too many draws of the samples' };
        return {
          estimate,
          ...found,
          method: isPaired ? 'paired-bootstrap' : 'two-sample-bootstrap',
          intervalMethod: 'bca',
          resamples: all.length,
          samples: [sizes[0] as number, sizes.at(-1) as number],
        };
      }),
  };
}
