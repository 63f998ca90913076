import { NeumaierSum } from '../metrics/neumaier-sum.ts';
import type { Score, ScoreValue } from '../score.ts';
import type { ScoreAggregator } from '../spec/tasks.ts';

type Aggregate = (values: readonly ScoreValue[], k: number) => number | null;

/**
 * The sample score of one scorer from the scores of all its trials, in order (format 12.1). One trial equals no trials: its
 * score is the sample's. Of several, a numeric or boolean value `x` becomes what its aggregators say, without one `x.mean`;
 * text becomes nothing unless an aggregator names it.
 */
export function aggregateTrials(trials: readonly Score[], aggregators: readonly ScoreAggregator[] = []): Score {
  const [only, ...others] = trials;
  if (only !== undefined && others.length === 0) return only;
  const names = new Set(trials.flatMap(({ values }) => Object.keys(values)));
  const values: [string, number | null][] = [];
  for (const name of names) {
    const ofTrials = trials.map((trial) => (Object.hasOwn(trial.values, name) ? (trial.values[name] ?? null) : null));
    const declared = aggregators.filter(({ score_name }) => score_name === name);
    if (declared.length === 0) {
      if (!ofTrials.some((value) => typeof value === 'string'))
        values.push([`${name}.mean`, aggregates.mean(ofTrials, 1)]);
      continue;
    }
    for (const { aggregator } of declared) {
      const { function: kind, k = 1, score_name } = aggregator;
      values.push([score_name ?? `${name}.${kind.replace('k', String(k))}`, aggregates[kind](ofTrials, k)]);
    }
  }
  return { values: Object.fromEntries(values), metadata: {} };
}

/** Plug-in estimates: `k` may exceed the number of trials. A trial without a value says nothing about the others. */
const aggregates: Readonly<Record<ScoreAggregator['aggregator']['function'], Aggregate>> = {
  mean: (values) => ofNumbers(values, (numbers) => meanOf(numbers)),
  min: (values) => ofNumbers(values, (numbers) => numbers.reduce((least, value) => Math.min(least, value))),
  max: (values) => ofNumbers(values, (numbers) => numbers.reduce((most, value) => Math.max(most, value))),
  'pass@k': (values, k) => ofSuccesses(values, (share) => 1 - (1 - share) ** k),
  'pass^k': (values, k) => ofSuccesses(values, (share) => share ** k),
};

/** Null where there is no value, or one is text. */
function ofNumbers(
  values: readonly ScoreValue[],
  compute: (numbers: readonly number[]) => number | null,
): number | null {
  const there = values.filter((value) => value !== null);
  if (there.length === 0 || there.some((value) => typeof value === 'string')) return null;
  return compute(there.map(Number));
}

/** Null where a value is none of true, false, 1 and 0. */
function ofSuccesses(values: readonly ScoreValue[], compute: (share: number) => number): number | null {
  return ofNumbers(values, (numbers) =>
    numbers.every((value) => value === 0 || value === 1) ? compute(meanOf(numbers)) : null,
  );
}

function meanOf(values: readonly number[]): number {
  const sum = new NeumaierSum();
  for (const value of values) sum.add(value);
  return sum.value / values.length;
}
