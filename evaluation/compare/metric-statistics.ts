import { getMetricKind } from '../metrics/index.ts';
import { listFields } from '../metrics/list-fields.ts';
import type { MetricOutcome } from '../metrics/metric-kind.ts';
import { readField } from '../metrics/read-field.ts';
import type { CompleteMetric } from '../plan.ts';
import type { NamedValues } from './sample-scores.ts';
import { countKinds, type DrawnGroup, type Statistic } from './statistic.ts';

/** The scores of one sample in the two results; a side that is not there adds nothing to it. */
export interface SidedValues {
  readonly first?: NamedValues;
  readonly second?: NamedValues;
}

export interface MetricSpecs {
  readonly first: CompleteMetric;
  readonly second: CompleteMetric;
}

/** A value's name in the metric of either side. */
export interface ValueNames {
  readonly first: string;
  readonly second: string;
}

export interface MetricStatistic extends Statistic {
  /** What the metric is over all samples. */
  readonly whole: { readonly first: MetricOutcome; readonly second: MetricOutcome };
}

/** About how many additions one `add` of an accumulator is worth. */
const costOfAdding = 50;

/**
 * Differences of whatever a metric computes, by its own accumulators: samples with the same scores are added at once.
 *
 * @param groups - The samples, one group where they are paired.
 * @throws {EvaluationError} `metric-failed`.
 */
export function createMetricStatistic(
  specs: MetricSpecs,
  groups: readonly (readonly SidedValues[])[],
  names: readonly ValueNames[],
): MetricStatistic {
  const first = groups.map((samples) =>
    groupValues(
      samples.map((sample) => sample.first),
      specs.first,
    ),
  );
  const second = groups.map((samples) =>
    groupValues(
      samples.map((sample) => sample.second),
      specs.second,
    ),
  );
  const joint = groups.map((_, group) => joinKinds(first[group] as ValueGroup, second[group] as ValueGroup));
  const compute = (counts: readonly Uint32Array[]) => ({
    first: computeSide(
      specs.first,
      first,
      joint.map(({ firstOf }) => firstOf),
      counts,
    ),
    second: computeSide(
      specs.second,
      second,
      joint.map(({ secondOf }) => secondOf),
      counts,
    ),
  });
  return {
    groups: joint,
    size: names.length,
    cost: [...first, ...second].reduce(
      (sum, { kindCount }) => sum + costOfAdding * kindCount,
      joint.reduce((sum, { kindCount }) => sum + 2 * kindCount, 0),
    ),
    evaluate(counts, into) {
      const outcome = compute(counts);
      for (const [index, name] of names.entries()) {
        into[index] =
          readValue(specs.second, outcome.second, name.second) - readValue(specs.first, outcome.first, name.first);
      }
    },
    whole: compute(joint.map(countKinds)),
  };
}

/** The metric of one side, where samples of each joint kind occur so often. */
function computeSide(
  spec: CompleteMetric,
  groups: readonly ValueGroup[],
  kindsOf: readonly Uint32Array[],
  counts: readonly Uint32Array[],
): MetricOutcome {
  const accumulator = getMetricKind(spec.type).create(spec);
  for (const [group, { examples }] of groups.entries()) {
    const own = new Uint32Array(examples.length);
    addUp(own, kindsOf[group] as Uint32Array, counts[group] as Uint32Array);
    for (const [kind, values] of examples.entries()) {
      const times = own[kind] as number;
      if (times > 0 && values !== undefined) accumulator.add(values, '', times);
    }
  }
  return accumulator.finish();
}

function addUp(own: Uint32Array, kindsOf: Uint32Array, counts: Uint32Array): void {
  for (let joint = 0; joint < kindsOf.length; joint++) {
    const kind = kindsOf[joint] as number;
    own[kind] = (own[kind] as number) + (counts[joint] as number);
  }
}

/** NaN where there is none. Of a label that no sample has, the frequency is 0. */
function readValue({ type }: CompleteMetric, { values }: MetricOutcome, name: string): number {
  return values[name] ?? (type === 'frequency' && Object.keys(values).length > 0 ? 0 : Number.NaN);
}

interface ValueGroup extends DrawnGroup {
  /** Of each kind, the values of one that is of it. */
  readonly examples: readonly (NamedValues | undefined)[];
}

/** Samples are of one kind if the fields that the metric reads have the same values. */
function groupValues(samples: readonly (NamedValues | undefined)[], spec: CompleteMetric): ValueGroup {
  const fields = listFields(spec);
  const known = new Map<string, number>();
  const examples: (NamedValues | undefined)[] = [];
  const kinds = Uint32Array.from(samples, (values) => {
    const key = values === undefined ? '' : JSON.stringify(fields.map((field) => readField(values, field) ?? null));
    const kind = known.get(key) ?? known.size;
    if (kind === known.size) {
      known.set(key, kind);
      examples.push(values);
    }
    return kind;
  });
  return { kinds, kindCount: known.size, examples };
}

/** Kinds of both sides at once, with what each of them is on either side. */
function joinKinds(first: ValueGroup, second: ValueGroup) {
  const known = new Map<number, number>();
  const firstOf: number[] = [];
  const secondOf: number[] = [];
  const kinds = first.kinds.map((left, index) => {
    const right = second.kinds[index] as number;
    const key = left * second.kindCount + right;
    const kind = known.get(key) ?? known.size;
    if (kind === known.size) {
      known.set(key, kind);
      firstOf.push(left);
      secondOf.push(right);
    }
    return kind;
  });
  return { kinds, kindCount: known.size, firstOf: Uint32Array.from(firstOf), secondOf: Uint32Array.from(secondOf) };
}
