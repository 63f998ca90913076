import type { DrawnGroup, Statistic } from './statistic.ts';

/** Leaving out more than so many kinds one by one takes too long; then units are left out in lots. */
const maxKinds = 1_000;
const maxLots = 200;

/**
 * Per value, how much its standard error changes with the value itself, by the jackknife: leaving out one unit after the
 * other. The influences of two groups come together.
 *
 * @param base - Per group, how many units of each kind there are.
 * @see Efron (1987), Better bootstrap confidence intervals, https://doi.org/10.1080/01621459.1987.10478410
 */
export function findAccelerations(statistic: Statistic, base: readonly Uint32Array[]): Float64Array {
  const cubes = new Float64Array(statistic.size);
  const squares = new Float64Array(statistic.size);
  for (const [group, drawn] of statistic.groups.entries()) {
    const parts = leaveOut(statistic, base, group, drawn);
    for (let index = 0; index < statistic.size; index++) {
      const known = parts.filter(({ values }) => !Number.isNaN(values[index]));
      const count = known.reduce((sum, { times }) => sum + times, 0);
      const mean = known.reduce((sum, { times, values }) => sum + times * (values[index] as number), 0) / count;
      for (const { times, values } of known) {
        const influence = ((count - 1) * (mean - (values[index] as number))) / count;
        squares[index] = (squares[index] as number) + times * influence ** 2;
        cubes[index] = (cubes[index] as number) + times * influence ** 3;
      }
    }
  }
  return cubes.map((cube, index) => {
    const square = squares[index] as number;
    return square === 0 ? 0 : cube / (6 * square ** 1.5);
  });
}

interface Part {
  /** How often the same is left out. */
  readonly times: number;
  /** Of the statistic without it. */
  readonly values: Float64Array;
}

function leaveOut(statistic: Statistic, base: readonly Uint32Array[], group: number, drawn: DrawnGroup): Part[] {
  const left = base.map((counts) => counts.slice());
  const own = left[group] as Uint32Array;
  const parts: Part[] = [];
  for (const { times, kinds } of listLots(drawn, own)) {
    const values = new Float64Array(statistic.size);
    for (const kind of kinds) own[kind] = (own[kind] as number) - 1;
    statistic.evaluate(left, values);
    for (const kind of kinds) own[kind] = (own[kind] as number) + 1;
    parts.push({ times, values });
  }
  return parts;
}

/** What is left out together: every unit alone, those alike at once; or many units, dealt into lots. */
function* listLots({ kinds, kindCount }: DrawnGroup, counts: Uint32Array) {
  if (kindCount <= maxKinds) {
    for (let kind = 0; kind < kindCount; kind++) yield { times: counts[kind] as number, kinds: [kind] };
    return;
  }
  for (let lot = 0; lot < maxLots; lot++) {
    const dealt: number[] = [];
    for (let unit = lot; unit < kinds.length; unit += maxLots) dealt.push(kinds[unit] as number);
    yield { times: 1, kinds: dealt };
  }
}
