import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cachePolicies } from '../../../contracts/cache-policy.ts';
import { type Candidates, type Decision, decideReuse } from '../../../evaluation/reuse/decide-reuse.ts';
import type { Damage, ReuseBounds, StoredResult } from '../../../evaluation/reuse/usability.ts';

interface Stored extends StoredResult {
  readonly damage: Damage;
}

const nowMs = Date.parse('2026-06-01T12:00:00.000Z');
const day = 86_400_000;

const damages = ['none', 'scores', 'outputs'] as const;
const stored: fc.Arbitrary<Stored> = fc
  .record({
    taskResultId: fc.uuid(),
    total: fc.integer({ min: 1, max: 20 }),
    solverErrors: fc.integer({ min: 0, max: 4 }),
    scoreErrors: fc.integer({ min: 0, max: 4 }),
    ageMs: fc.oneof(
      fc.integer({ min: 0, max: 3 }).map((days) => days * day),
      fc.integer({ min: 0, max: 3 * day }),
    ),
    damage: fc.constantFrom(...damages),
  })
  .map(({ taskResultId, total, solverErrors, scoreErrors, ageMs, damage }) => ({
    taskResultId,
    samples: {
      total,
      solverErrors: Math.min(solverErrors, total),
      errors: Math.min(solverErrors + scoreErrors, total),
    },
    solvedAt: new Date(nowMs - ageMs).toISOString(),
    damage,
  }));

/** Newest first, as the index gives them; the current result may be among them or not. */
const candidates: fc.Arbitrary<Candidates<Stored>> = fc
  .record({ all: fc.array(stored, { maxLength: 5 }), currentIndex: fc.nat(6), isSolvedToo: fc.boolean() })
  .map(({ all, currentIndex, isSolvedToo }) => {
    const current = all[currentIndex];
    const solved = all.filter((result) => isSolvedToo || result !== current);
    return { current, solved: solved.toSorted((a, b) => (String(a.solvedAt) < String(b.solvedAt) ? 1 : -1)) };
  });

const bounds: fc.Arbitrary<ReuseBounds> = fc.record({
  maxSampleErrors: fc.oneof(
    fc.integer({ min: 0, max: 6 }),
    fc.integer({ min: 1, max: 99 }).map((percent) => percent / 100),
  ),
  maxAgeMs: fc.option(
    fc.integer({ min: 1, max: 3 }).map((days) => days * day),
    { nil: undefined },
  ),
  nowMs: fc.constant(nowMs),
});

describe('the decision about reuse', () => {
  test('is that of the rules, whatever is stored', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...cachePolicies), candidates, bounds, async (policy, stock, limits) => {
        const decision = await decideReuse(policy, stock, limits, async ({ damage }) => damage);
        const expected = policy === 'reuse' ? decideByRules(stock, limits) : { verdict: 'none' };
        expect(describeDecision(decision)).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each(['update', 'no-cache'] as const)('under %s looks at nothing', async (policy) => {
    await fc.assert(
      fc.asyncProperty(candidates, bounds, async (stock, limits) => {
        const decision = await decideReuse(policy, stock, limits, () => Promise.reject(new Error('asked')));
        expect(decision).toEqual({ verdict: 'none', rejections: [] });
      }),
    );
  });

  test('names every result that it passed over once, with the reason', async () => {
    await fc.assert(
      fc.asyncProperty(candidates, bounds, async (stock, limits) => {
        const { rejections } = await decideReuse('reuse', stock, limits, async ({ damage }) => damage);
        const ids = rejections.map(({ result }) => result.taskResultId);
        expect(new Set(ids).size).toBe(ids.length);
        for (const { result, because } of rejections) {
          if (because === 'age') expect(ageOf(result)).toBeGreaterThan(limits.maxAgeMs ?? Number.POSITIVE_INFINITY);
          if (because === 'damaged') expect(result.damage).not.toBe('none');
          if (because === 'errors') expect(isWithin(result.samples.errors, result.samples.total, limits)).toBe(false);
        }
      }),
    );
  });

  test('never gets worse by a higher error limit, a higher age or less damage', async () => {
    const rank = { none: 0, partial: 1, full: 2 } as const;
    await fc.assert(
      fc.asyncProperty(candidates, bounds, async (stock, limits) => {
        const strict = await decideReuse('reuse', stock, limits, async ({ damage }) => damage);
        const { maxAgeMs } = limits;
        const looser: ReuseBounds[] = [
          { ...limits, maxSampleErrors: Math.max(limits.maxSampleErrors * 2, 20) },
          { ...limits, maxAgeMs: maxAgeMs === undefined ? undefined : maxAgeMs * 2 },
        ];
        for (const loose of looser) {
          const { verdict } = await decideReuse('reuse', stock, loose, async ({ damage }) => damage);
          expect(rank[verdict]).toBeGreaterThanOrEqual(rank[strict.verdict]);
        }
        const { verdict } = await decideReuse('reuse', stock, limits, async () => 'none');
        expect(rank[verdict]).toBeGreaterThanOrEqual(rank[strict.verdict]);
      }),
    );
  });

  test('looks at blobs only of what age and errors allow', async () => {
    await fc.assert(
      fc.asyncProperty(candidates, bounds, async (stock, limits) => {
        const asked: Stored[] = [];
        await decideReuse('reuse', stock, limits, async (result) => {
          asked.push(result);
          return result.damage;
        });
        for (const result of asked) {
          expect(ageOf(result)).toBeLessThanOrEqual(limits.maxAgeMs ?? Number.POSITIVE_INFINITY);
          expect(isWithin(result.samples.solverErrors, result.samples.total, limits)).toBe(true);
        }
      }),
    );
  });
});

/** The rules of the format read off one by one, without any of the code under test. */
function decideByRules({ current, solved }: Candidates<Stored>, limits: ReuseBounds) {
  const isYoung = (result: Stored) => limits.maxAgeMs === undefined || ageOf(result) <= limits.maxAgeMs;
  const outputsStand = (result: Stored) =>
    isYoung(result) &&
    result.damage !== 'outputs' &&
    isWithin(result.samples.solverErrors, result.samples.total, limits);
  const allStands = (result: Stored) =>
    outputsStand(result) && result.damage === 'none' && isWithin(result.samples.errors, result.samples.total, limits);
  if (current !== undefined && allStands(current)) return { verdict: 'full', source: current.taskResultId };
  const source = solved.find(outputsStand);
  return source === undefined ? { verdict: 'none' } : { verdict: 'partial', source: source.taskResultId };
}

/** In whole percent, so that no rounding comes in. */
function isWithin(errors: number, total: number, { maxSampleErrors }: ReuseBounds): boolean {
  if (maxSampleErrors === 0 || maxSampleErrors >= 1) return errors <= maxSampleErrors;
  return errors * 100 <= Math.round(maxSampleErrors * 100) * total;
}

function ageOf({ solvedAt }: StoredResult): number {
  return nowMs - Date.parse(String(solvedAt));
}

function describeDecision(decision: Decision<Stored>) {
  return decision.verdict === 'none'
    ? { verdict: 'none' }
    : { verdict: decision.verdict, source: decision.source.taskResultId };
}
