import { createDrawCounts } from './draw-counts.ts';
import { findAccelerations } from './find-accelerations.ts';
import { createRandom } from './random.ts';
import { countKinds, type DrawnGroup, type Statistic } from './statistic.ts';

/** What resampling found about the values of one statistic. */
export interface Resamples {
  readonly estimates: Float64Array;
  /** Per value, what the draws gave. */
  readonly replicates: readonly Float64Array[];
  /** Per value; see {@link findAccelerations}. */
  readonly accelerations: Float64Array;
  /** Of the smaller group. */
  readonly units: number;
}

const maxResamples = 10_000;
const minResamples = 1_000;
/** Additions that one statistic may take in all: a second or two. */
const maxCost = 5e8;
/** With as many units of each kind, on average, drawing counts is quicker than drawing units. */
const unitsOfFewKinds = 16;

/**
 * Draws units with replacement, over and over. The draws of a statistic hang on the seed and its own units alone;
 * statistics that draw one by one from as many units get the same draws, which are made once.
 */
export function resample(statistics: readonly Statistic[], seed: number): Resamples[] {
  const states = statistics.map(createState);
  const one = states.filter(({ statistic }) => !hasFewKinds(statistic));
  for (const state of states) if (!one.includes(state)) drawCounts(state, seed);
  for (const alike of groupBySizes(one)) drawUnits(alike, seed);
  return states.map(({ statistic, estimates, replicates, base }) => ({
    estimates,
    replicates,
    accelerations: findAccelerations(statistic, base),
    units: Math.min(...statistic.groups.map(({ kinds }) => kinds.length)),
  }));
}

type State = ReturnType<typeof createState>;

function createState(statistic: Statistic) {
  const base = statistic.groups.map(countKinds);
  const estimates = new Float64Array(statistic.size);
  statistic.evaluate(base, estimates);
  const resamples = countResamples(statistic);
  return {
    statistic,
    base,
    estimates,
    resamples,
    replicates: Array.from({ length: statistic.size }, () => new Float64Array(resamples)),
    counts: statistic.groups.map(({ kindCount }) => new Uint32Array(kindCount)),
    values: new Float64Array(statistic.size),
  };
}

/** Fewer where there are very many samples or kinds, so that the time stays bounded. */
function countResamples(statistic: Statistic): number {
  const drawing = hasFewKinds(statistic) ? 0 : statistic.groups.reduce((sum, { kinds }) => sum + kinds.length, 0);
  return Math.round(Math.min(maxResamples, Math.max(minResamples, maxCost / (drawing + statistic.cost))));
}

function hasFewKinds({ groups }: Statistic): boolean {
  return groups.every(({ kinds, kindCount }) => kindCount * unitsOfFewKinds <= kinds.length);
}

function drawCounts({ statistic, base, resamples, counts, values, replicates }: State, seed: number): void {
  const random = createRandom(seed);
  const draws = base.map(createDrawCounts);
  for (let round = 0; round < resamples; round++) {
    for (const [group, draw] of draws.entries()) draw(counts[group] as Uint32Array, random);
    statistic.evaluate(counts, values);
    keep(values, replicates, round);
  }
}

function drawUnits(states: readonly State[], seed: number): void {
  const random = createRandom(seed);
  const drawn = states[0]?.statistic.groups.map(({ kinds }) => new Uint32Array(kinds.length)) ?? [];
  const most = Math.max(...states.map(({ resamples }) => resamples));
  for (let round = 0; round < most; round++) {
    for (const units of drawn) random.fill(units, units.length);
    for (const { statistic, resamples, counts, values, replicates } of states) {
      if (round >= resamples) continue;
      if (statistic.evaluateDrawn !== undefined) statistic.evaluateDrawn(drawn, values);
      else {
        for (const [group, { kinds }] of statistic.groups.entries()) {
          countDrawn(counts[group] as Uint32Array, kinds, drawn[group] as Uint32Array);
        }
        statistic.evaluate(counts, values);
      }
      keep(values, replicates, round);
    }
  }
}

function keep(values: Float64Array, replicates: readonly Float64Array[], round: number): void {
  for (let index = 0; index < values.length; index++) {
    (replicates[index] as Float64Array)[round] = values[index] as number;
  }
}

function countDrawn(counts: Uint32Array, kinds: DrawnGroup['kinds'], drawn: Uint32Array): void {
  counts.fill(0);
  for (let index = 0; index < drawn.length; index++) {
    const kind = kinds[drawn[index] as number] as number;
    counts[kind] = (counts[kind] as number) + 1;
  }
}

function groupBySizes(states: readonly State[]): Iterable<readonly State[]> {
  const groups = new Map<string, State[]>();
  for (const state of states) {
    const sizes = String(state.statistic.groups.map(({ kinds }) => kinds.length));
    groups.set(sizes, [...(groups.get(sizes) ?? []), state]);
  }
  return groups.values();
}
