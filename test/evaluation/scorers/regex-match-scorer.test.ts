import { describe, expect, test } from 'vitest';
import { createMatchEstimate } from '../../../evaluation/scorers/estimate-match.ts';
import { createGuardedMatch, MatchTimeout } from '../../../evaluation/scorers/guarded-match.ts';
import { prepareScorer, runScorer } from './run-scorer.ts';

describe('regex_match', () => {
  test('searches in the answer', async () => {
    expect(await runScorer({ type: 'regex_match', pattern: 'b(\\d)?(x)?' }, { answer: 'ab1' })).toEqual({
      values: { is_correct: true },
      metadata: { matched: 'b1', groups: ['1', null] },
    });
    expect(await runScorer({ type: 'regex_match', pattern: 'z' }, { answer: 'ab' })).toEqual({
      values: { is_correct: false },
      metadata: { matched: null, groups: [] },
    });
  });

  test('matches the whole answer where told, alternatives and all', async () => {
    const spec = { type: 'regex_match', pattern: 'a|ab', match: 'full' };
    expect((await runScorer(spec, { answer: 'ab' })).values).toEqual({ is_correct: true });
    expect((await runScorer(spec, { answer: 'abc' })).values).toEqual({ is_correct: false });
    expect((await runScorer(spec, { answer: 'ab\n' })).values).toEqual({ is_correct: false });
  });

  test('ignores case where told', async () => {
    const spec = { type: 'regex_match', pattern: 'YES' };
    expect((await runScorer(spec, { answer: 'yes' })).values).toEqual({ is_correct: false });
    expect((await runScorer({ ...spec, ignore_case: true }, { answer: 'yes' })).values).toEqual({ is_correct: true });
  });

  test.each([
    ['the group "answer"', '(\\w+) is (?<answer>\\d+)', 'it is 42', '42'],
    ['else group 1', 'is (\\d+)', 'it is 42', '42'],
    ['else the match', '\\d+', 'it is 42', '42'],
  ])('with a ground truth compares %s', async (_what, pattern, answer, truth) => {
    const spec = { type: 'regex_match', pattern, ground_truth: '{{ sample.truth }}' };
    expect((await runScorer(spec, { row: { truth }, answer })).values).toEqual({ is_correct: true });
    expect((await runScorer(spec, { row: { truth: `${truth}0` }, answer })).values).toEqual({ is_correct: false });
  });

  test.each(['(', 'a)(?:b', '\\q', '['])(
    'a pattern that can never work is found before anything runs: %s',
    (pattern) => {
      expect(() => prepareScorer({ type: 'regex_match', pattern, match: 'full' })).toThrow('regular expression');
    },
  );

  test('a match that takes over 1 s is a score error, and the next match is fine', async () => {
    const run = prepareScorer({ type: 'regex_match', pattern: '^(a+)+$' });
    await expect(run({ answer: `${'a'.repeat(60)}!` })).rejects.toMatchObject({
      code: 'scorer-failed',
      message: expect.stringContaining('sample s7'),
    });
    expect((await run({ answer: 'aaa' })).score.values).toEqual({ is_correct: true });
  });
});

describe('a guarded match', () => {
  test.each([
    ['(a+)+$', `${'a'.repeat(60)}b`],
    ['(a|a)*$', `${'a'.repeat(60)}b`],
    ['(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)x$', 'a'.repeat(2_000)],
    ['(?:a?){50}a{50}$', 'a'.repeat(49)],
    ['^(?=(a+))\\1*b', 'a'.repeat(30_000)],
  ])('gives up on %s', (pattern, text) => {
    const start = performance.now();
    try {
      createGuardedMatch(new RegExp(pattern, 'u'), 100)(text);
    } catch (error) {
      expect(error).toBeInstanceOf(MatchTimeout);
    }
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  test('finds under guard what it finds without', () => {
    for (const pattern of [/(\d+),(\d+)/u, /(?:(\d+),?)+/u, /x*/u]) {
      const text = `1,23,${'-'.repeat(3_000)}`;
      const found = createGuardedMatch(pattern, 1_000)(text);
      expect(found?.[0]).toBe(pattern.exec(text)?.[0]);
      expect(found?.index).toBe(pattern.exec(text)?.index);
    }
  });
});

describe('an estimate', () => {
  const estimate = (pattern: RegExp, text: string) => createMatchEstimate(pattern)(text);
  const answer = `${'So the answer is fifteen. '.repeat(40)}#### 1,512`;

  test.each([/####\s*(-?[\d,.]+)/u, /answer is:?\s*\(?([A-D])\)?/iu, /^\p{Lu}[\]*+\\]\*\{\+x?$/u, /\b(?:yes|no)\b/iu])(
    'is low for %s, which people write',
    (pattern) => {
      expect(estimate(pattern, answer)).toBeLessThan(5_000_000);
    },
  );

  test.each([/(a+)+/u, /(a*)*/u, /(?:a|b){2,}/u, /(a)\1/u, /(?<x>a)\k<x>/u])('has no bound for %s', (pattern) => {
    expect(estimate(pattern, 'a')).toBe(Number.POSITIVE_INFINITY);
  });

  test.each([/a*a*a*a*b/u, /\w*\w*[\w]*x/u, /.*.*.*x/u, /(?:A*)(?:a*)(?:a*)b/iu, /a{1,}a{1,}a{1,}b/u])(
    'is high for %s where the text has long runs of what is repeated, and low where it has not',
    (pattern) => {
      expect(estimate(pattern, 'a'.repeat(1_000))).toBeGreaterThan(1e12);
      expect(estimate(pattern, '-\n'.repeat(500))).toBeLessThan(5_000_000);
    },
  );
});
