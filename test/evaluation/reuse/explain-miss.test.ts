import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '../../../contracts/json.ts';
import { findDifferences } from '../../../evaluation/reuse/explain-difference.ts';
import {
  type Comparable,
  explainMiss,
  type MissInput,
  reasonCategories,
} from '../../../evaluation/reuse/explain-miss.ts';

const solverFingerprint: JsonObject = {
  schema: 1,
  template_engine: 1,
  task: { key: 'qa', type: 'benchmark_task' },
  dataset: { version: 'sha256:aa' },
  solver: { type: 'single_turn_solver', input_builder: { type: 'generic', template: 'Say {{ sample.q }}' } },
  model: { task: 'chat_completion', generation: { temperature: 0 } },
  run_config: { num_samples: null, seed: 0 },
};
const resultFingerprint: JsonObject = {
  schema: 1,
  template_engine: 1,
  solver_key: 'sha256:1',
  scorers: [{ type: 'string_equals', value: 'a' }],
  actions: { rules: [] },
};

const earlier = (runId: string, changes: Partial<Comparable> = {}): Comparable => ({
  taskResultId: `task-${runId}`,
  runId,
  status: 'completed',
  policy: 'reuse',
  solverFingerprint,
  resultFingerprint,
  ...changes,
});

const explainWhole = (changes: Partial<MissInput>) =>
  explainMiss({ policy: 'reuse', solverFingerprint, resultFingerprint, earlier: [], rejections: [], ...changes });
const explain = (changes: Partial<MissInput>) => explainWhole(changes).reasons;

const withSolver = (changes: JsonObject): JsonObject => ({ ...solverFingerprint, ...changes });
const withScorers = (...scorers: JsonValue[]): JsonObject => ({ ...resultFingerprint, scorers });
const rejection = (because: 'age' | 'errors' | 'damaged', runId = 'old') => ({
  result: { taskResultId: `task-${runId}`, runId },
  because,
});

describe('explaining a miss', () => {
  test('has nothing to say where there is nothing to compare with', () => {
    expect(explain({})).toBeNull();
    expect(explain({ policy: 'update' })).toBeNull();
  });

  test('points at the field, with what it was and is', () => {
    const reasons = explain({
      earlier: [earlier('one')],
      resultFingerprint: withScorers({ type: 'string_equals', value: 'b' }),
    });
    expect(reasons).toEqual([
      {
        category: 'field',
        component: 'scorers',
        path: '/0/value',
        before: 'a',
        after: 'b',
        sentence: 'Scorer 1: value changed from "a" to "b".',
      },
    ]);
  });

  test('leaves out before or after where there was, or is, nothing', () => {
    const more = withScorers({ type: 'string_equals', value: 'a' }, { type: 'includes' });
    expect(explain({ earlier: [earlier('one')], resultFingerprint: more })).toEqual([
      {
        category: 'field',
        component: 'scorers',
        path: '/1',
        after: { type: 'includes' },
        sentence: 'Scorer 2 is new.',
      },
    ]);
    expect(explain({ earlier: [earlier('one', { resultFingerprint: more })] })).toEqual([
      {
        category: 'field',
        component: 'scorers',
        path: '/1',
        before: { type: 'includes' },
        sentence: 'Scorer 2 is gone.',
      },
    ]);
  });

  test.each([
    [{ dataset: { version: 'sha256:bb' } }, 'The rows of the dataset changed.'],
    [
      { model: { ...(solverFingerprint['model'] as JsonObject), module: 'x' } },
      'Model: the source of its module changed.',
    ],
    [{ model: { ...(solverFingerprint['model'] as JsonObject), recording: 'x' } }, 'Model: its recording changed.'],
    [{ run_config: { num_samples: 5, seed: 0 } }, 'run_config: num_samples changed from nothing to 5.'],
  ])('says it in one sentence: %j', (changes, sentence) => {
    expect(
      explain({ earlier: [earlier('one')], solverFingerprint: withSolver(changes) })?.map((reason) => reason.sentence),
    ).toEqual([sentence]);
  });

  test('keeps sentences short whatever the values are', () => {
    const reasons = explain({
      earlier: [earlier('one')],
      resultFingerprint: withScorers({ type: 'string_equals', value: 'x'.repeat(5_000) }),
    });
    expect(reasons?.[0]?.sentence.length).toBeLessThan(200);
    expect(reasons?.[0]?.after).toHaveLength(5_000);
  });

  test('reports a revision that is in both fingerprints once', () => {
    const newer = { template_engine: 2 };
    const reasons = explain({
      earlier: [earlier('one')],
      solverFingerprint: withSolver(newer),
      resultFingerprint: { ...resultFingerprint, ...newer, solver_key: 'sha256:2' },
    });
    expect(reasons).toHaveLength(1);
    expect(reasons?.[0]).toMatchObject({ component: 'template_engine', path: '', before: 1, after: 2 });
  });

  test('compares with the result that differs in the fewest components, not in the fewest fields', () => {
    const manyFields = earlier('many-fields', {
      solverFingerprint: withSolver({ run_config: { num_samples: 7, seed: 7, extra: 7 } }),
    });
    const twoComponents = earlier('two-components', {
      solverFingerprint: withSolver({
        dataset: { version: 'sha256:bb' },
        task: { key: 'other', type: 'benchmark_task' },
      }),
    });
    const reasons = explain({ earlier: [twoComponents, manyFields] });
    expect(new Set(reasons?.map(({ component }) => component))).toEqual(new Set(['run_config']));
    expect(reasons).toHaveLength(3);
  });

  test('of equally near results compares with the newest', () => {
    const at = (runId: string, seed: number) =>
      earlier(runId, { solverFingerprint: withSolver({ run_config: { num_samples: null, seed } }) });
    expect(explain({ earlier: [at('newest', 2), at('older', 3)] })).toMatchObject([{ before: 2, after: 0 }]);
  });

  test('of equally near results prefers that of the same specification, then the one with fewer differing fields', () => {
    const at = (runId: string, key: string, run_config: JsonObject) =>
      earlier(runId, { key, solverFingerprint: withSolver({ run_config }) });
    const one = at('one', 'mine', { num_samples: 1, seed: 1 });
    const two = at('two', 'other', { num_samples: null, seed: 2 });
    const three = at('three', 'other', { num_samples: 3, seed: 3 });
    expect(explainWhole({ key: 'mine', earlier: [three, two, one] }).comparedWith?.runId).toBe('one');
    expect(explainWhole({ key: 'none', earlier: [three, one, two] }).comparedWith?.runId).toBe('two');
  });

  test('says which failed samples, which age and which limit are in the way', () => {
    const result = {
      taskResultId: 'task',
      runId: 'old',
      samples: { total: 50, solverErrors: 3, errors: 3 },
      solvedAt: '2026-01-02T03:04:05.000Z',
    };
    const bounds = { maxSampleErrors: 0.01, maxAge: '7d' };
    const say = (because: 'errors' | 'age') =>
      explain({ earlier: [earlier('old')], rejections: [{ result, because }], bounds })?.map(
        ({ sentence }) => sentence,
      );
    expect(say('errors')).toEqual([
      'The result of run old has 3 failed samples of 50, more than limits.max_sample_errors (0.01) allows.',
    ]);
    expect(say('age')).toEqual([
      'The result of run old, solved 2026-01-02 03:04 UTC, is older than reuse.max_age (7d).',
    ]);
  });

  test('compares with failed, cancelled and no-cache results, too, and says so where everything is equal', () => {
    expect(explain({ earlier: [earlier('one', { status: 'failed' })] })).toMatchObject([
      { category: 'status', sentence: expect.stringMatching(/one.*failed/) },
    ]);
    expect(explain({ earlier: [earlier('one', { status: 'cancelled' })] })).toMatchObject([
      { category: 'status', sentence: expect.stringMatching(/cancelled/) },
    ]);
    expect(explain({ earlier: [earlier('one', { policy: 'no-cache' })] })).toMatchObject([
      { category: 'policy', sentence: expect.stringMatching(/no-cache/) },
    ]);
    const changed = withScorers({ type: 'string_equals', value: 'b' });
    expect(explain({ earlier: [earlier('one', { status: 'failed' })], resultFingerprint: changed })).toMatchObject([
      { category: 'field', component: 'scorers' },
    ]);
  });

  test.each(['update', 'no-cache'] as const)('under %s the policy is the reason', (policy) => {
    expect(explain({ policy, earlier: [earlier('one')] })).toEqual([
      { category: 'policy', sentence: expect.stringContaining(policy) },
    ]);
  });

  test.each(['age', 'errors', 'damaged'] as const)('names a result that could not stand: %s', (because) => {
    const reasons = explain({ earlier: [earlier('old')], rejections: [rejection(because)] });
    expect(reasons).toEqual([{ category: because, sentence: expect.stringContaining('old') }]);
  });

  test('keeps to the schema of keys when that changed', () => {
    const reasons = explain({
      earlier: [
        earlier('one', {
          solverFingerprint: withSolver({ schema: 0, gone: 1 }),
          resultFingerprint: { ...resultFingerprint, schema: 0 },
        }),
      ],
    });
    expect(reasons).toEqual([{ category: 'schema', sentence: expect.stringContaining('one') }]);
  });

  test('is never empty where there is something to compare with, and has a category and a sentence', () => {
    const fingerprint = fc.record({
      schema: fc.constantFrom(1, 2),
      run_config: fc.record({ seed: fc.nat(1) }),
      model: fc.constantFrom(null, { version: 'x' }),
    }) as fc.Arbitrary<JsonObject>;
    const result = fc
      .record({
        runId: fc.uuid(),
        status: fc.constantFrom('completed', 'failed', 'cancelled'),
        policy: fc.constantFrom('reuse', 'update', 'no-cache'),
        solverFingerprint: fingerprint,
        resultFingerprint: fingerprint,
      })
      .map((comparable) => earlier(comparable.runId, comparable as Partial<Comparable>));
    const rejections = fc.array(
      fc.constantFrom('age', 'errors', 'damaged').map((because) => rejection(because)),
      { maxLength: 2 },
    );
    fc.assert(
      fc.property(
        fc.constantFrom('reuse', 'update', 'no-cache'),
        fc.array(result, { maxLength: 4 }),
        rejections,
        fingerprint,
        fingerprint,
        (policy, results, rejected, solver, scoring) => {
          const { reasons } = explainMiss({
            policy,
            solverFingerprint: solver,
            resultFingerprint: scoring,
            earlier: results,
            rejections: rejected,
          });
          if (results.length + rejected.length === 0) expect(reasons).toBeNull();
          else expect(reasons?.length).toBeGreaterThan(0);
          for (const { category, sentence } of reasons ?? []) {
            expect(reasonCategories).toContain(category);
            expect(sentence).toMatch(/^\S.*\.$/);
          }
        },
      ),
    );
  });
});

describe('differences of fingerprints', () => {
  const leaf = fc.oneof(fc.constantFrom<JsonValue>('a', 'b', 1, 0, true, null, '', {}, []));
  const key = fc.constantFrom('a', 'b', 'a/b', '~', 'x~1y', '0', 'constructor', '__proto__');
  const json: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 3 }).map(plain),
    ),
  })).value;
  const fingerprint = fc.dictionary(fc.constantFrom('scorers', 'model'), json).map(plain) as fc.Arbitrary<JsonObject>;

  test('are JSON pointers that lead to what was and what is', () => {
    fc.assert(
      fc.property(fingerprint, fingerprint, (before, after) => {
        for (const difference of findDifferences(before, after)) {
          // What is put into a list moves what comes behind it: there is nothing that was at its place.
          const { component, path, before: old, after: present } = difference;
          if (old !== undefined) expect(follow(before[component], path)).toEqual(old);
          if (present !== undefined) expect(follow(after[component], path)).toEqual(present);
          expect(JSON.stringify(difference.before)).not.toBe(JSON.stringify(difference.after));
        }
      }),
      { numRuns: 1_000, examples: [[{ model: {} }, { model: { constructor: 1 } }]] },
    );
  });

  test('are none of what is equal, in any order of keys, and some of everything else', () => {
    fc.assert(
      fc.property(fingerprint, fingerprint, (before, after) => {
        expect(findDifferences(before, reverseKeys(before) as JsonObject)).toEqual([]);
        expect(findDifferences(before, after).length === 0).toBe(canonical(before) === canonical(after));
      }),
      { numRuns: 1_000 },
    );
  });

  test('are the same from both sides', () => {
    fc.assert(
      fc.property(fingerprint, fingerprint, (before, after) => {
        const turned = findDifferences(after, before).map((difference) => ({
          ...difference,
          before: difference.after,
          after: difference.before,
        }));
        expect(findDifferences(before, after)).toEqual(turned);
      }),
    );
  });

  test('leave alone what stands before and behind an item that is put into a list, or taken out', () => {
    const [a, b, c] = [{ role: 'a' }, { role: 'b' }, { role: 'c' }];
    expect(findDifferences({ solver: [a, c] }, { solver: [a, b, c] })).toEqual([
      { component: 'solver', path: '/1', before: undefined, after: b },
    ]);
    expect(findDifferences({ solver: [a, b, c] }, { solver: [b, c] })).toEqual([
      { component: 'solver', path: '/0', before: a, after: undefined },
    ]);
  });

  test('find items by their keys, and say of their order that it changed', () => {
    const [a, b, c] = [
      { key: 'a', value: 1 },
      { key: 'b', value: 1 },
      { key: 'c', value: 1 },
    ];
    expect(findDifferences({ scorers: [a, b] }, { scorers: [c, a, { key: 'b', value: 2 }] })).toEqual([
      { component: 'scorers', path: '/0', before: undefined, after: c },
      { component: 'scorers', path: '/2/value', before: 1, after: 2 },
    ]);
    expect(findDifferences({ scorers: [a, b, c] }, { scorers: [c, a] })).toEqual([
      { component: 'scorers', path: '/1', before: b, after: undefined },
      { component: 'scorers', path: '', before: ['a', 'c'], after: ['c', 'a'], isOrder: true },
    ]);
  });

  test('give a thing of another kind whole', () => {
    const before = { type: 'string_equals', ground_truth: 'x' };
    const after = { type: 'includes', text: 'x' };
    expect(findDifferences({ scorers: [before] }, { scorers: [after] })).toEqual([
      { component: 'scorers', path: '/0', before, after },
    ]);
  });

  test('escape what a pointer cannot hold', () => {
    expect(findDifferences({ model: { 'a/b': { '~': 1 } } }, { model: { 'a/b': { '~': 2 } } })).toEqual([
      { component: 'model', path: '/a~1b/~0', before: 1, after: 2 },
    ]);
  });

  test('leave out the solver key, which only repeats the solver part', () => {
    expect(findDifferences({ solver_key: 'a' }, { solver_key: 'b' })).toEqual([]);
  });
});

/** Own reading of RFC 6901. */
function follow(value: JsonValue | undefined, pointer: string): JsonValue | undefined {
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<JsonValue | undefined>(
      (current, segment) =>
        typeof current === 'object' && current !== null && Object.hasOwn(current, segment)
          ? (current as JsonObject)[segment]
          : undefined,
      value,
    );
}

function reverseKeys(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((child: JsonValue) => reverseKeys(child));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, child]) => [key, reverseKeys(child ?? null)]),
  );
}

function canonical(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map((child: JsonValue) => canonical(child)).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, child]) => `${JSON.stringify(key)}:${canonical(child ?? null)}`).join()}}`;
}

/** fast-check makes mappings without a prototype; stored fingerprints come from JSON. */
function plain(value: unknown): JsonValue {
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}
