import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideReuse } from '../../../evaluation/reuse/decide-reuse.ts';
import {
  isWithinErrorLimit,
  judgeStoredResult,
  parseAge,
  type StoredResult,
} from '../../../evaluation/reuse/usability.ts';

const solvedAt = '2026-01-01T00:00:00.000Z';
const nowMs = Date.parse(solvedAt) + 1_000;

function makeStored(samples: StoredResult['samples'], changes: Partial<StoredResult> = {}): StoredResult {
  return { taskResultId: 'stored', samples, solvedAt, ...changes };
}

describe('the table of failed samples (format 19.2)', () => {
  const rows = [
    {
      failed: 'all within the limit',
      solverErrors: 1,
      errors: 2,
      limit: 2,
      equalResultKey: 'full',
      equalSolverKey: 'partial',
    },
    {
      failed: 'those of stage solver within, all of them not',
      solverErrors: 1,
      errors: 3,
      limit: 2,
      equalResultKey: 'partial',
      equalSolverKey: 'partial',
    },
    {
      failed: 'those of stage solver above',
      solverErrors: 3,
      errors: 3,
      limit: 2,
      equalResultKey: 'none',
      equalSolverKey: 'none',
    },
  ] as const;

  test.each(rows)(
    '$failed: $equalResultKey, or $equalSolverKey',
    async ({ solverErrors, errors, limit, ...expected }) => {
      const result = makeStored({ total: 10, solverErrors, errors });
      const bounds = { maxSampleErrors: limit, maxAgeMs: undefined, nowMs };
      const undamaged = async () => 'none' as const;
      const withResultKey = await decideReuse('reuse', { current: result, solved: [result] }, bounds, undamaged);
      const withSolverKey = await decideReuse('reuse', { current: undefined, solved: [result] }, bounds, undamaged);
      expect(withResultKey.verdict).toBe(expected.equalResultKey);
      expect(withSolverKey.verdict).toBe(expected.equalSolverKey);
    },
  );
});

describe('the error limit', () => {
  test.each([
    [0, 10, 0, true],
    [1, 10, 0, false],
    [3, 10, 3, true],
    [4, 10, 3, false],
    [1, 100, 1, true],
    [2, 100, 1, false],
    [1, 100, 0.01, true],
    [1, 99, 0.01, false],
    [0, 0, 0.5, true],
    [10, 10, 0.99, false],
    [29, 100, 0.29, true],
    [58, 100, 0.58, true],
    [1, 3, 0.333, false],
  ])('%i of %i under %d: %s', (errors, total, limit, expected) => {
    expect(isWithinErrorLimit(errors, total, limit)).toBe(expected);
  });

  test('as a share of whole percent is exact for any number of samples', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 99 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.integer({ min: -2, max: 2 }),
        (percent, total, shift) => {
          const errors = Math.max(0, Math.floor((percent * total) / 100) + shift);
          expect(isWithinErrorLimit(errors, total, percent / 100)).toBe(errors * 100 <= percent * total);
        },
      ),
      {
        numRuns: 2_000,
        examples: [
          [29, 100, 0],
          [57, 100, 0],
          [7, 100, 0],
        ],
      },
    );
  });
});

describe('the age', () => {
  const good = { total: 10, solverErrors: 0, errors: 0 };
  const judge = (maxAgeMs: number | undefined, result = makeStored(good)) =>
    judgeStoredResult(result, 'none', { maxSampleErrors: 0, maxAgeMs, nowMs });

  test('may be reached and not exceeded', () => {
    expect(judge(1_000)).toEqual({ stands: 'all' });
    expect(judge(999)).toEqual({ stands: 'nothing', because: 'age' });
    expect(judge(undefined)).toEqual({ stands: 'all' });
  });

  test('of a result that never noted when it was solved is too high for any bound', () => {
    expect(judge(1e12, makeStored(good, { solvedAt: null }))).toEqual({ stands: 'nothing', because: 'age' });
    expect(judge(undefined, makeStored(good, { solvedAt: null }))).toEqual({ stands: 'all' });
  });

  test.each([
    ['1s', 1_000],
    ['90m', 5_400_000],
    ['36h', 129_600_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
  ])('%s is %i ms', (text, milliseconds) => {
    expect(parseAge(text)).toBe(milliseconds);
  });
});

describe('damage', () => {
  const bounds = { maxSampleErrors: 0, maxAgeMs: undefined, nowMs };

  test('of scores leaves the outputs, damage of outputs leaves nothing', () => {
    const result = makeStored({ total: 10, solverErrors: 0, errors: 0 });
    expect(judgeStoredResult(result, 'scores', bounds)).toEqual({ stands: 'outputs', because: 'damaged' });
    expect(judgeStoredResult(result, 'outputs', bounds)).toEqual({ stands: 'nothing', because: 'damaged' });
  });
});
