import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../contracts/json.ts';
import { createRandomSubsample } from '../../../planning/datasets/subsample.ts';
import { createDatasetBench, makeInline } from './support/dataset-bench.ts';

const ids = fc.uniqueArray(fc.string(), { maxLength: 60 });
const count = fc.integer({ min: 1, max: 70 });
const seed = fc.nat();

function choose(shown: readonly string[], count: number, seed: number): string[] {
  const subsample = createRandomSubsample({ count, seed });
  for (const [position, id] of shown.entries()) subsample.visit(position, id);
  return [...subsample.getPositions()].map((position) => shown[position] ?? '');
}

function rank(id: string, seed: number): string {
  return createHash('sha256').update(`stet-subsample-1\n${seed}\n${id}`).digest('hex');
}

describe('random subsampling', () => {
  it.each([
    [0, 3, ['3', '5', '6']],
    [0, 5, ['3', '4', '5', '6', '9']],
    [1, 3, ['1', '3', '8']],
    [1, 5, ['1', '2', '3', '7', '8']],
  ])('takes of ids 0 to 9 with seed %i the published %i', async (seed, numSamples, expected) => {
    await using bench = await createDatasetBench();
    const unnamed: JsonObject[] = Array.from({ length: 10 }, (_, number) => ({ number }));
    const named = unnamed.map((row) => ({ ...row, sample_id: row['number'] ?? null }));
    for (const samples of [unnamed, named, [...named, { sample_id: null }].slice(0, 10)]) {
      const planned = await bench.plan(makeInline(samples), { numSamples, subsampling: 'random', seed });
      const chosen = await bench.readSamples(planned);
      expect(chosen.map(({ id }) => id)).toEqual(expected);
      expect(chosen.map(({ row }) => row['number'])).toEqual(expected.map(Number));
    }
  });

  it('ranks by position where the column fails in the very last row', async () => {
    await using bench = await createDatasetBench();
    const samples = Array.from({ length: 10 }, (_, number) => ({ sample_id: number === 9 ? null : `s${number}` }));
    const planned = await bench.plan(makeInline(samples), { numSamples: 3, subsampling: 'random', seed: 0 });
    expect((await bench.readSamples(planned)).map(({ id }) => id)).toEqual(['3', '5', '6']);
  });

  it('takes the lowest digests and keeps dataset order', () => {
    fc.assert(
      fc.property(ids, count, seed, (shown, count, seed) => {
        const lowest = new Set(
          [...shown].sort((left, right) => (rank(left, seed) < rank(right, seed) ? -1 : 1)).slice(0, count),
        );
        expect(choose(shown, count, seed)).toEqual(shown.filter((id) => lowest.has(id)));
      }),
    );
  });

  it('takes the same samples from a file in another order', () => {
    fc.assert(
      fc.property(
        ids.chain((shown) => fc.tuple(fc.constant(shown), fc.shuffledSubarray(shown, { minLength: shown.length }))),
        count,
        seed,
        ([shown, shuffled], count, seed) => {
          expect(new Set(choose(shuffled, count, seed))).toEqual(new Set(choose(shown, count, seed)));
        },
      ),
    );
  });

  it('contains every smaller sample of the same seed', () => {
    fc.assert(
      fc.property(ids, count, count, seed, (shown, one, other, seed) => {
        const larger = new Set(choose(shown, Math.max(one, other), seed));
        expect(choose(shown, Math.min(one, other), seed).every((id) => larger.has(id))).toBe(true);
      }),
    );
  });
});
