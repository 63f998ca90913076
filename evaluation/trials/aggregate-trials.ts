import { NeumaierSum } from '../metrics/neumaier-sum.ts';
import type { Score, ScoreValue } from '../score.ts';

/**
 * The sample score of one scorer from the scores of all its trials, in order (format 12.1). One trial equals no trials: its
 * score is the sample's. Of several, each numeric or boolean value `x` becomes `x.mean`; text becomes nothing.
 */
export function aggregateTrials(trials: readonly Score[]): Score {
  const [only, ...others] = trials;
  if (only !== undefined && others.length === 0) return only;
  const names = new Set(trials.flatMap(({ values }) => Object.keys(values)));
  const values: [string, ScoreValue][] = [];
  for (const name of names) {
    const ofTrials = trials.map((trial) => (Object.hasOwn(trial.values, name) ? (trial.values[name] ?? null) : null));
    if (ofTrials.some((value) => typeof value === 'string')) continue;
    values.push([`${name}.mean`, meanOf(ofTrials.filter((value) => value !== null).map(Number))]);
  }
  return { values: Object.fromEntries(values), metadata: {} };
}

/** A trial without a value says nothing about the others: it is left out, and null stays only if all are. */
function meanOf(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sum = new NeumaierSum();
  for (const value of values) sum.add(value);
  return sum.value / values.length;
}
