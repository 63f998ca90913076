import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CachePolicy } from '../../contracts/cache-policy.ts';
import type { Digest } from '../../contracts/digest.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { BlobReference } from '../../evaluation/plan.ts';
import { explainFinding, explainFindings } from '../../planning/explain-findings.ts';
import { type LookUpTask, lookUp } from '../../planning/look-up.ts';
import type { ResultIndex } from '../../storage/result-index.ts';
import type { OpenedStore } from '../storage/conformance/opened-store.ts';
import { digestOf, getTask, makeRun, makeSummary, makeTask, segmentOf } from '../storage/conformance/samples.ts';
import { openTemporaryStore } from '../storage/open-temporary-store.ts';

const task: LookUpTask = { solverKey: digestOf('solver'), resultKey: digestOf('result') };
const otherScoring: LookUpTask = { ...task, resultKey: digestOf('other result') };

interface Published {
  readonly solve: readonly BlobReference[];
  readonly score: readonly BlobReference[];
  readonly manifest: BlobReference;
  readonly metrics: BlobReference;
}

let opened: OpenedStore;
beforeEach(async () => {
  opened = await openTemporaryStore();
});
afterEach(() => opened.dispose());

const putText = (text: string) => opened.store.content.put(new TextEncoder().encode(text));

/** Computes a task result with two segments and publishes it; everything it names is really there. */
async function publish(
  id: string,
  options: {
    readonly resultKey?: Digest;
    readonly solverErrors?: number;
    readonly errors?: number;
    readonly policy?: CachePolicy;
  } = {},
): Promise<Published> {
  const { results, runs } = opened.store;
  const { resultKey = task.resultKey, solverErrors = 0, errors = solverErrors, policy = 'reuse' } = options;
  await runs.createRun(makeRun(`run-${id}`, { policy }), [makeTask(id, { resultKey, segmentCount: 2 })]);
  await results.recordRunning(id, { verdict: 'none', why: null, warnings: [] });
  const stages = { solve: [] as BlobReference[], score: [] as BlobReference[] };
  for (const stage of ['solve', 'score'] as const) {
    for (let index = 0; index < 2; index++) {
      const blob = await putText(`${stage} ${index} of ${id}`);
      await results.registerSegment(segmentOf(id, stage, index), {
        blob,
        samples: 5,
        errors: 0,
        queries: { sent: 5, retried: 0 },
      });
      stages[stage].push(blob);
    }
  }
  const manifest = await putText(`manifest of ${id}`);
  const metrics = await putText(`metrics of ${id}`);
  const samples = { total: 10, solverErrors, errors, excludedFromMetrics: 0 };
  await results.recordSummary(id, makeSummary(id, { manifest, metrics, samples }));
  await results.publish(id, null);
  return { ...stages, manifest, metrics };
}

async function find(
  wanted: LookUpTask = task,
  changes: { policy?: CachePolicy; limit?: number; maxAge?: string; nowMs?: number } = {},
) {
  const { policy = 'reuse', limit = 0, maxAge, nowMs = Date.now() } = changes;
  const plan = {
    limits: { max_sample_errors: limit, outage_patience_s: 1_800 },
    reuse: { answers: 'off', ...(maxAge === undefined ? {} : { max_age: maxAge }) },
  } as const;
  const [finding] = await lookUp(opened.store, plan, policy, [wanted], nowMs);
  if (finding === undefined) throw new Error('Every task has a finding.');
  const { decision, warnings } = finding;
  return {
    verdict: decision.verdict,
    source: decision.verdict === 'none' ? null : decision.source.taskResultId,
    warnings,
    finding,
  };
}

const blob = (blobs: readonly BlobReference[], index: number): Digest => {
  const reference = blobs[index];
  if (reference === undefined) throw new Error(`No segment ${index}.`);
  return reference.digest;
};

describe('a look-up', () => {
  test('finds a result with the same result key in full', async () => {
    await publish('one');
    expect(await find()).toMatchObject({ verdict: 'full', source: 'one', warnings: [] });
  });

  test('finds the solver outputs of one with another scoring section, of several the one solved last', async () => {
    await publish('older', { resultKey: digestOf('first') });
    await publish('newer', { resultKey: digestOf('second') });
    expect(await find(otherScoring)).toMatchObject({ verdict: 'partial', source: 'newer', warnings: [] });
  });

  test('finds nothing where nothing is stored', async () => {
    expect(await find()).toMatchObject({ verdict: 'none', warnings: [] });
  });

  test.each(['update', 'no-cache'] as const)('under %s never looks', async (policy) => {
    await publish('one');
    const untouchable = new Proxy(opened.store, {
      get() {
        throw new Error('The store was asked.');
      },
    });
    const plan = { limits: { max_sample_errors: 0, outage_patience_s: 1_800 }, reuse: { answers: 'off' } } as const;
    const findings = await lookUp(untouchable, plan, policy, [task, otherScoring], Date.now());
    expect(findings).toEqual([1, 2].map(() => ({ decision: { verdict: 'none', rejections: [] }, warnings: [] })));
  });

  test('never finds what ran under no-cache, and finds what ran under update', async () => {
    await publish('hidden', { policy: 'no-cache' });
    expect(await find()).toMatchObject({ verdict: 'none' });
    await publish('updated', { policy: 'update' });
    expect(await find()).toMatchObject({ verdict: 'full', source: 'updated' });
  });

  test.each(['failed', 'cancelled'] as const)(
    'never finds what %s, whatever had finished inside it',
    async (status) => {
      await opened.store.runs.createRun(makeRun('run-broken'), [makeTask('broken', { segmentCount: 2 })]);
      await opened.store.results.recordRunning('broken', { verdict: 'none', why: null, warnings: [] });
      for (const index of [0, 1]) {
        const stored = await putText(`solved ${index}`);
        await opened.store.results.registerSegment(segmentOf('broken', 'solve', index), {
          blob: stored,
          samples: 5,
          errors: 0,
          queries: { sent: 5, retried: 0 },
        });
      }
      await opened.store.results.recordEnd('broken', { status, error: null });
      expect(await find()).toMatchObject({ verdict: 'none', warnings: [] });
      expect(await find(otherScoring)).toMatchObject({ verdict: 'none', warnings: [] });
    },
  );

  test('answers for every specification, in their order', async () => {
    await publish('one');
    const unknown = { ...task, solverKey: digestOf('unknown'), resultKey: digestOf('unknown') };
    const plan = { limits: { max_sample_errors: 0, outage_patience_s: 1_800 }, reuse: { answers: 'off' } } as const;
    const findings = await lookUp(opened.store, plan, 'reuse', [unknown, otherScoring, task, task], Date.now());
    expect(findings.map(({ decision }) => decision.verdict)).toEqual(['none', 'partial', 'full', 'full']);
  });
});

describe('the present limits', () => {
  test('decide, not those of the run that stored the result', async () => {
    await publish('one', { solverErrors: 1, errors: 3 });
    expect(await find(task, { limit: 3 })).toMatchObject({ verdict: 'full' });
    expect(await find(task, { limit: 0.3 })).toMatchObject({ verdict: 'full' });
    expect(await find(task, { limit: 2 })).toMatchObject({ verdict: 'partial', source: 'one' });
    expect(await find(otherScoring, { limit: 2 })).toMatchObject({ verdict: 'partial' });
    expect(await find(task, { limit: 0 })).toMatchObject({ verdict: 'none' });
    expect(await find(otherScoring, { limit: 0 })).toMatchObject({ verdict: 'none', warnings: [] });
  });

  test('of age count from when the outputs were solved', async () => {
    await publish('one');
    const { solvedAt } = await getTask(opened.store, 'one');
    const solvedMs = Date.parse(solvedAt ?? '');
    expect(await find(task, { maxAge: '1h', nowMs: solvedMs + 3_600_000 })).toMatchObject({ verdict: 'full' });
    expect(await find(task, { maxAge: '1h', nowMs: solvedMs + 3_600_001 })).toMatchObject({ verdict: 'none' });
    expect(await find(otherScoring, { maxAge: '1h', nowMs: solvedMs + 3_600_001 })).toMatchObject({ verdict: 'none' });
  });
});

describe('damage', () => {
  const warning = [expect.stringMatching(/task result one \(run run-one\).*lost or damaged/)];

  test('in form of a lost score segment leaves partial reuse', async () => {
    const { score } = await publish('one');
    await opened.removeBlob(blob(score, 1));
    expect(await find()).toMatchObject({ verdict: 'partial', source: 'one', warnings: warning });
  });

  test('in form of a lost solver output leaves nothing', async () => {
    const { solve } = await publish('one');
    await opened.removeBlob(blob(solve, 0));
    expect(await find()).toMatchObject({ verdict: 'none', warnings: warning });
    expect(await find(otherScoring)).toMatchObject({ verdict: 'none', warnings: warning });
  });

  test.each(['manifest', 'metrics'] as const)(
    'to the %s leaves partial reuse, whether lost or altered',
    async (piece) => {
      const published = await publish('one');
      await opened.damageBlob(published[piece].digest, new TextEncoder().encode('something else'));
      expect(await find()).toMatchObject({ verdict: 'partial', source: 'one', warnings: warning });
      await opened.removeBlob(published[piece].digest).catch(() => undefined); // damaged ones may have been put aside
      expect(await find()).toMatchObject({ verdict: 'partial', source: 'one', warnings: warning });
    },
  );

  test('to one solver segment is seen by its size', async () => {
    const { solve } = await publish('one');
    await opened.damageBlob(blob(solve, 1), new TextEncoder().encode('x'));
    expect(await find()).toMatchObject({ verdict: 'none', warnings: warning });
  });

  test('to the scores does not matter to somebody who needs only the outputs', async () => {
    const { score } = await publish('one');
    await opened.removeBlob(blob(score, 0));
    expect(await find(otherScoring)).toMatchObject({ verdict: 'partial', source: 'one', warnings: [] });
  });

  test('to the last solved result lets the one before stand', async () => {
    await publish('older', { resultKey: digestOf('first') });
    const { solve } = await publish('newer', { resultKey: digestOf('second') });
    await opened.removeBlob(blob(solve, 0));
    expect(await find(otherScoring)).toMatchObject({
      verdict: 'partial',
      source: 'older',
      warnings: [expect.stringContaining('newer')],
    });
  });

  test('warns once of a result that is looked at for both of its keys', async () => {
    const { solve } = await publish('one');
    await opened.removeBlob(blob(solve, 0));
    expect((await find()).warnings).toHaveLength(1);
  });
});

const makePlan = (policy: CachePolicy) =>
  ({
    cache_policy: policy,
    limits: { max_sample_errors: 0, outage_patience_s: 1_800 },
    reuse: { answers: 'off' },
  }) as const;

interface Explained {
  readonly solverKey?: Digest;
  readonly resultKey?: Digest;
  readonly solverFingerprint: JsonObject;
  readonly resultFingerprint: JsonObject;
}

const makeExplained = (fields: Explained) => ({
  key: 'specification',
  task_key: 'task',
  dataset: { key: 'rows', version: digestOf('rows'), manifest: digestOf('manifest'), count: 10, segment_count: 2 },
  solver_key: fields.solverKey ?? task.solverKey,
  result_key: fields.resultKey ?? task.resultKey,
  solver_fingerprint: fields.solverFingerprint,
  result_fingerprint: fields.resultFingerprint,
});

/** The index, counting what it is asked. */
function countCalls(results: ResultIndex): { readonly results: ResultIndex; readonly calls: string[] } {
  const calls: string[] = [];
  const counting = new Proxy(results, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...given: readonly unknown[]) => {
        calls.push(String(name));
        return Reflect.apply(value, target, given) as unknown;
      };
    },
  });
  return { results: counting, calls };
}

describe('many specifications at once', () => {
  test('take as many questions to the index as one does', async () => {
    await publish('one');
    const limits = { limits: { max_sample_errors: 0, outage_patience_s: 1_800 }, reuse: { answers: 'off' } } as const;
    const count = async (keys: readonly LookUpTask[]) => {
      const { results, calls } = countCalls(opened.store.results);
      const findings = await lookUp({ ...opened.store, results }, limits, 'reuse', keys, Date.now());
      const tasks = keys.map(({ solverKey, resultKey }, index) =>
        makeExplained({
          solverKey,
          resultKey,
          solverFingerprint: { solver: 'one turn' },
          resultFingerprint: { scorers: [`scorer ${index}`] },
        }),
      );
      const explanations = await explainFindings(
        results,
        makePlan('reuse'),
        tasks.flatMap((explained, index) => {
          const finding = findings[index];
          return finding === undefined ? [] : [{ task: explained, finding }];
        }),
      );
      expect(findings.map(({ decision }) => decision.verdict)).toEqual(keys.map(() => 'partial'));
      expect(explanations.map(({ comparedWith }) => comparedWith?.taskResultId)).toEqual(keys.map(() => 'one'));
      return calls.toSorted();
    };
    const many = Array.from({ length: 40 }, (_, index) => ({ ...task, resultKey: digestOf(`scoring ${index}`) }));
    expect(await count(many)).toEqual(await count([otherScoring]));
  });
});

describe('the explanation of a finding', () => {
  const now = {
    solverFingerprint: { solver: 'one turn' },
    resultFingerprint: { scorers: ['exact'] },
    policy: 'reuse' as CachePolicy,
  };

  async function explain(
    finding: Awaited<ReturnType<typeof find>>['finding'],
    changes: Partial<Explained & { policy: CachePolicy }> = {},
  ) {
    const { policy, ...fields } = { ...now, ...changes };
    const plan = makePlan(policy);
    return explainFinding(opened.store.results, plan, makeExplained(fields), finding);
  }

  test('is empty for full reuse only, and null where nothing is stored', async () => {
    expect(await explain((await find()).finding)).toBeNull();
    await publish('one');
    expect(await explain((await find()).finding)).toEqual([]);
  });

  test('names the damage', async () => {
    const { score } = await publish('one');
    await opened.removeBlob(blob(score, 1));
    expect(await explain((await find()).finding)).toMatchObject([
      { category: 'damaged', sentence: expect.stringContaining('run-one') },
    ]);
  });

  test('names the errors and the age', async () => {
    await publish('one', { errors: 1 });
    expect(await explain((await find()).finding)).toMatchObject([{ category: 'errors' }]);
    const later = Date.now() + 86_400_000;
    expect(await explain((await find(task, { limit: 1, maxAge: '1h', nowMs: later })).finding)).toMatchObject([
      { category: 'age' },
    ]);
  });

  test('names the changed field of the scoring section', async () => {
    await publish('one');
    const { finding } = await find(otherScoring);
    const loose = { resultKey: otherScoring.resultKey, resultFingerprint: { scorers: ['loose'] } };
    expect(await explain(finding, loose)).toMatchObject([
      { category: 'field', component: 'scorers', path: '/0', before: 'exact', after: 'loose' },
    ]);
  });

  test('names the policy', async () => {
    await publish('one');
    const { finding } = await find(task, { policy: 'update' });
    expect(await explain(finding, { policy: 'update' })).toMatchObject([{ category: 'policy' }]);
  });
});
