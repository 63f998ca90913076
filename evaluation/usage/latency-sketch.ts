/**
 * Durations by logarithmic buckets: bucket `i` counts those in (γ^(i-1), γ^i] milliseconds, bucket 0 those up to 1 ms. Two
 * sketches add up bucket by bucket, in any order, to the sketch of all durations together; a part can be taken out again.
 */
export type LatencySketch = Readonly<Record<string, number>>;

/**
 * How far a quantile of a sketch may lie from the exact one, as a share of that; durations up to a millisecond count as one.
 *
 * @see Masson, Rim, Lee (2019), DDSketch, https://doi.org/10.14778/3352063.3352135
 */
export const latencyRelativeError = 0.01;

const gamma = (1 + latencyRelativeError) / (1 - latencyRelativeError);
const logGamma = Math.log(gamma);

export const emptySketch: LatencySketch = {};

export function sketchLatencies(durationsMs: Iterable<number>): LatencySketch {
  const sketch: Record<string, number> = {};
  for (const durationMs of durationsMs) {
    const bucket = durationMs <= 1 ? 0 : Math.ceil(Math.log(durationMs) / logGamma);
    sketch[bucket] = (sketch[bucket] ?? 0) + 1;
  }
  return sketch;
}

export function addSketches(one: LatencySketch, other: LatencySketch): LatencySketch {
  const sum: Record<string, number> = { ...one };
  for (const [bucket, count] of Object.entries(other)) sum[bucket] = (sum[bucket] ?? 0) + count;
  return sum;
}

/** The sketch without the durations of another, which it includes. */
export function subtractSketches(one: LatencySketch, other: LatencySketch): LatencySketch {
  const rest = Object.entries(one).map(([bucket, count]) => [bucket, count - (other[bucket] ?? 0)] as const);
  return Object.fromEntries(rest.filter(([, count]) => count > 0));
}

export function countLatencies(sketch: LatencySketch): number {
  return Object.values(sketch).reduce((sum, count) => sum + count, 0);
}

/**
 * The smallest duration that at least a share of all do not exceed (nearest rank), in milliseconds, within
 * {@link latencyRelativeError}.
 *
 * @param share - 0 < share ≤ 1.
 * @returns undefined where the sketch is empty.
 */
export function findLatencyQuantile(sketch: LatencySketch, share: number): number | undefined {
  const buckets = Object.entries(sketch)
    .map(([bucket, count]) => ({ bucket: Number(bucket), count }))
    .sort((one, other) => one.bucket - other.bucket);
  const total = countLatencies(sketch);
  let missing = Math.ceil(share * total);
  for (const { bucket, count } of buckets) {
    missing -= count;
    if (missing <= 0) return bucket === 0 ? 1 : (2 * gamma ** bucket) / (gamma + 1);
  }
  return undefined;
}
